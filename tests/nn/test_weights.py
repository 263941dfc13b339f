from __future__ import annotations

from pathlib import Path

import pytest
import torch

import seesawnas as sn
from seesawnas.errors import InvalidInput
from seesawnas.evaluation import open_model


def test_a_saved_network_loads_as_it_was(tmp_path: Path) -> None:
    network = sn.build(sn.load("paper/seesaw_share").at_resolution(32)).eval()
    folder = sn.save_model(network, tmp_path / "a" / "model")
    again, picture = sn.load_model(folder), torch.randn(2, 3, 32, 32)
    assert again.spec == network.spec
    assert torch.equal(again(picture), network(picture))
    assert open_model(folder).resolution == 32


def test_where_no_folder_can_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(InvalidInput, match=r"taken: must be a folder, got a file$"):
        sn.save_model(sn.build(sn.load("paper/seesaw_share")), tmp_path / "taken")
