"""``seesawnas score`` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from seesawnas.evaluation.training_free import TRAINING_FREE
from seesawnas.space import load_point
from tests.cli.commands.test_build import SMALL
from tests.cli.running import Ran

ROW = ["network", "digest", "madds", "params", "input", "scores"]


@pytest.fixture(autouse=True)
def small(folder: Path) -> None:
    """Two networks, and people in ``faces``."""
    Path("one.yaml").write_text(SMALL)
    other = yaml.safe_load(SMALL)
    other["stages"][0]["depth"] = 2
    Path("other.yaml").write_text(yaml.safe_dump(other))


def scored(*arguments: str) -> Ran:
    return Ran("score", *arguments, "--data", "faces", "--batch", "8", "--resolution", "32")


def test_json_has_a_row_a_network_with_costs_and_scores() -> None:
    values = scored("one.yaml", "other.yaml", "--json").json
    assert list(values) == ["data", "batch", "seed", "networks"]
    assert [list(row) for row in values["networks"]] == [ROW, ROW]
    one, other = values["networks"]
    assert one["madds"] < other["madds"]
    assert one["input"] == [32, 32]
    assert one["digest"] == load_point("one.yaml").spec.digest()
    assert list(one["scores"]) == list(TRAINING_FREE)
    assert all(isinstance(value, float) for value in one["scores"].values())


def test_a_network_s_scores_depend_on_the_seed_and_not_on_the_others() -> None:
    both = scored("one.yaml", "other.yaml", "--json").json["networks"]
    assert scored("other.yaml", "--json").json["networks"] == both[1:]
    assert scored("other.yaml", "--seed", "1", "--json").json["networks"] != both[1:]


def test_the_table_has_a_column_a_score() -> None:
    ran = scored("one.yaml")
    assert ran.code == 0
    assert all(score.title in ran.out for score in TRAINING_FREE.values())
    assert "one.yaml" in ran.out


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (("one.yaml", "--batch", "1000"), "1000"),
        (("one.yaml", "--batch", "3"), "3"),
        (("nowhere.yaml",), "nowhere.yaml"),
        (("one.yaml", "--data", "nowhere"), "nowhere"),
    ],
)
def test_a_fault_is_one_line(arguments: tuple[str, ...], value: str) -> None:
    ran = Ran("score", *(() if "--data" in arguments else ("--data", "faces")), *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert value in ran.err
    assert len(ran.err.splitlines()) == 1
