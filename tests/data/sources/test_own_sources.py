"""Data sources of other packages: ``NAME:PLACE`` wherever faces are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from seesawnas.cli.app import app
from seesawnas.data import load_faces, open_source
from seesawnas.data.sources.synthetic import SyntheticSource
from seesawnas.errors import DataError
from tests.faces import write_folder
from tests.offers import Offer, offer

__all__ = ["offer"]
GROUP = "seesawnas.data_sources"
MODULE = """
from seesawnas.data import open_source
def open_files(place, *, least):
    return open_source(place, least=least)
def open_nothing(place, *, least):
    return [place]
def fail(place, *, least):
    raise ValueError("no\\nway")
"""


@pytest.fixture
def files(offer: Offer) -> None:
    names = {"files": "open_files", "nothing": "open_nothing", "fail": "fail"}
    points = {name: f"file_source:{own}" for name, own in names.items()}
    offer("pack", GROUP, {**points, "gone": "no_such_module:f"}, {"file_source": MODULE})


@pytest.mark.usefixtures("files")
def test_it_gives_the_same_faces_as_what_it_opens(tmp_path: Path) -> None:
    write_folder(tmp_path / "faces", people=12, each=3)
    path = str(tmp_path / "faces")
    assert open_source(f"files:{path}").payload(5) == open_source(path).payload(5)
    found, same = (load_faces(one, resolution=16) for one in (f"files:{path}", path))
    assert found.fingerprint == same.fingerprint
    assert np.array_equal(found.training.images, same.training.images)


@pytest.mark.usefixtures("files", "folder")
def test_commands_take_it() -> None:
    found = CliRunner().invoke(app, ["data", "info", "files:faces", "--json"])
    assert found.exit_code == 0
    assert '"images": 120' in found.stdout


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("files:/no/such", "files:/no/such: /no/such: there is no such folder"),
        ("nothing:x", "nothing:x: must be a seesawnas.data.OpenedSource, got list without labels"),
        ("fail:x", "fail:x: cannot be opened: ValueError: no way"),
        ("gone:x", "entry point seesawnas.data_sources: gone of pack: cannot be imported: "),
        ("other:x", "other:x: there is no such folder; data sources are synthetic:, files:"),
    ],
)
def test_what_cannot_be_opened_is_one_line(path: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        open_source(path)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


def test_a_folder_with_a_colon_in_its_name_is_still_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_folder(Path("a:faces"), people=2, each=2)
    assert len(open_source("a:faces")) == len(open_source(Path("a:faces"))) == 4
    write_folder(Path("own:faces"), people=2, each=2)
    assert len(open_source("own:faces")) == 4


def test_an_included_name_is_the_included_source(offer: Offer) -> None:
    offer("pack", GROUP, {"synthetic": "no_such_module:f"})
    with pytest.warns(UserWarning, match="synthetic of pack: is not used"):
        assert isinstance(open_source("synthetic:3x3"), SyntheticSource)
