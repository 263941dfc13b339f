"""Errors of the Python API name options as Python does, wherever they come from."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

import seesawnas as sn
from seesawnas.api.options import as_keywords, names_keywords
from seesawnas.errors import InvalidInput, RunError
from tests.run.trainings import pairs_file

NAMES = {"keep_head", "data", "stages", "set"}


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "x: must be a folder of seesawnas train for --keep-head: gone",
            "x: must be a folder of seesawnas train for keep_head: gone",
        ),
        ("--keep-head needs --data of fingerprint 1", "keep_head needs data of fingerprint 1"),
        ("--set: lr: is no key (--data)", "set: lr: is no key (data)"),
        ("give --landmarks", "give --landmarks"),
        ("--data-free is another option", "--data-free is another option"),
        ("a--data, ./--data: no such file", "a--data, ./--data: no such file"),
        (
            "keep them (seesawnas train --stages N), or give --stages",
            "keep them (seesawnas train --stages N), or give stages",
        ),
        ("as `seesawnas train --stages` does, --data", "as `seesawnas train --stages` does, data"),
        ("first --data\nsecond --data", "first data\nsecond data"),
        ("--set.learning-rate: must be", "set.learning_rate: must be"),
        ("--other.a-b: must be", "--other.a-b: must be"),
        (
            "train it (`seesawnas train runs/x --data FACES --stages 3`), or give --stages",
            "train it (`seesawnas train runs/x --data FACES --stages 3`), or give stages",
        ),
    ],
)
def test_an_option_is_named_by_its_keyword(message: str, shown: str) -> None:
    assert as_keywords(message, NAMES) == shown


def test_an_error_stays_what_it_is() -> None:
    raised = RunError("--data and --other and --third")

    @names_keywords
    def work(data: str, **options: Any) -> None:
        """Work."""
        raise raised

    with pytest.raises(RunError) as caught:
        work("a", other=1)
    assert caught.value is raised
    assert str(caught.value) == "data and other and --third"
    assert (work.__doc__, list(inspect.signature(work).parameters)) == (
        "Work.",
        ["data", "options"],
    )


def test_a_check_below_the_plan_names_the_keyword(folder: Path) -> None:
    network = sn.create("mobilefacenet", resolution=32)
    sn.save_model(network, folder / "model")
    asked: dict[str, Any] = {"data": "faces", "epochs": 1, "workers": 0, "device": "cpu"}
    with pytest.raises(RunError, match=r"for keep_head") as caught:
        sn.train(network.spec, **asked, init=folder / "model", keep_head=True)
    assert "--" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "requires normalise "),
        ({"normalise": "odd"}, "normalise must be one of"),
        ({"protocol": "odd"}, "protocol must be one of"),
    ],
)
def test_a_check_of_a_model_file_names_the_keyword(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    (tmp_path / "model.pt").touch()
    with pytest.raises(InvalidInput) as caught:
        sn.evaluate(tmp_path / "model.pt", pairs_file(tmp_path / "p" / "made.bin"), **options)
    assert words in str(caught.value)
    assert "--" not in str(caught.value)
