from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import seesawnas as sn
from seesawnas.errors import InvalidInput
from seesawnas.evaluation import open_model
from seesawnas.nn import is_trained
from seesawnas.report.network.build import write_bundle
from seesawnas.space import load_point


def test_a_saved_network_loads_as_it_was(tmp_path: Path) -> None:
    network = sn.build(sn.load("paper/seesaw_share").at_resolution(32)).eval()
    folder = sn.save_model(network, tmp_path / "a" / "model")
    again, image = sn.load_model(folder), torch.randn(2, 3, 32, 32)
    assert again.spec == network.spec
    assert torch.equal(again(image), network(image))
    assert open_model(folder).resolution == 32


def test_where_no_folder_can_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(InvalidInput, match=r"taken: must be a folder, got a file$"):
        sn.save_model(sn.build(sn.load("paper/seesaw_share")), tmp_path / "taken")


def test_random_weights_say_so_and_are_refused_unless_asked_for(tmp_path: Path) -> None:
    point = load_point("paper/mobilefacenet_m")
    write_bundle(point, tmp_path / "built", 0)
    trained = sn.save_model(sn.build(point.spec), tmp_path / "saved")
    random = sn.save_model(sn.build(point.spec), tmp_path / "random", trained=False)
    assert [is_trained(folder) for folder in (tmp_path / "built", trained, random)] == [
        False,
        True,
        False,
    ]
    for folder in (tmp_path / "built", random):
        with pytest.raises(InvalidInput, match="random") as refused:
            open_model(folder)
        assert "\n" not in str(refused.value)
        assert open_model(folder, untrained=True).height == 112
        with pytest.warns(UserWarning, match="random weights"):
            sn.load_model(folder)
        sn.load_model(folder, untrained=True)


@pytest.mark.parametrize(
    ("metadata", "with_model_json", "expected"),
    [
        # `build --out` of 0.1.
        (
            {"spec": "", "digest": "", "version": "0.1.0", "seed": "0"},
            False,
            False,
        ),
        # `train` of 0.1.
        (
            {"spec": "", "digest": "", "version": "0.1.0", "seed": "0", "recipe": "{}"},
            True,
            True,
        ),
        ({"spec": "", "digest": ""}, False, True),  # `save_model` of 0.1
        ({"trained": "false", "recipe": "{}"}, True, False),
        # `build` over what `train` left.
        (
            {"spec": "", "digest": "", "version": "0.1.0", "seed": "0"},
            True,
            False,
        ),
        (None, False, True),  # another tool's file
    ],
)
def test_weights_of_earlier_versions_are_told_apart(
    tmp_path: Path, metadata: dict[str, str] | None, with_model_json: bool, expected: bool
) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "model.safetensors", metadata=metadata)
    if with_model_json:
        (tmp_path / "model.json").write_text("{}")
    assert is_trained(tmp_path) is expected


def test_weights_that_are_no_numbers_or_not_the_network_s_are_one_line(tmp_path: Path) -> None:
    network = sn.build(sn.load("paper/mobilefacenet_m").at_resolution(32))
    folder = sn.save_model(network, tmp_path)
    whole = {name: value.contiguous() for name, value in network.state_dict().items()}
    name = next(name for name, value in whole.items() if value.ndim == 4)
    spoilt = {
        "must be finite": torch.full_like(whole[name], torch.nan),
        "must be torch.float32": whole[name].to(torch.int32),
        "size mismatch": whole[name].reshape(*[1] * 100, -1),
    }
    for words, value in spoilt.items():
        save_file({**whole, name: value}, folder / "model.safetensors")
        with pytest.raises(InvalidInput, match=words) as caught:
            sn.load_model(folder)
        assert "\n" not in str(caught.value)
    save_file({"a": torch.zeros(1)}, folder / "model.safetensors")
    with pytest.raises(InvalidInput, match=r"has \d+ bytes for [\d,]+ params"):
        sn.load_model(folder)
