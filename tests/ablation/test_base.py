"""The factors that only the base's own kinds have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from seesawnas.ablation import AblationPlan, plan_of
from seesawnas.ablation.arms import make_arms
from seesawnas.ablation.plan import BaseFactors
from seesawnas.arch import attribute
from seesawnas.arch import rules as rule
from seesawnas.errors import StudyError
from seesawnas.space import write_yaml
from seesawnas.study import StudyFile
from tests.space.kinds import CELL, Twin


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting(Twin):
    """A kind whose ``taps`` is another thing than a cell's."""

    kind: ClassVar[str] = "counting"

    taps: int = attribute(rule.positive, 1)


def network(kind: str, **options: Any) -> dict[str, Any]:
    return {
        "name": "own",
        "input": {"height": 16, "width": 16},
        "stem": {"width": 8},
        "stages": [{"kind": kind, "width": 8, "stride": 2, **options}],
        "head": {"width": 16, "embedding": 8},
    }


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(write_yaml(network(CELL)))
    Path("gone.yaml").write_text(write_yaml(network("no.such:Kind")))
    return tmp_path


def planned(**options: Any) -> AblationPlan:
    return plan_of(None, {"base": "own.yaml", **options})


def faults(**options: Any) -> list[str]:
    with pytest.raises(StudyError) as refused:
        planned(**options)
    return str(refused.value).splitlines()


@pytest.mark.parametrize(
    "options",
    [
        {"factors": "taps,window", "levels": "taps=both,last; window=1,3"},
        {"factors": ["taps", "window"], "levels": {"taps": ["both", "last"], "window": [1, 3]}},
        {"levels": "taps=last window=3"},
    ],
)
def test_the_attributes_of_the_bases_own_kinds_are_factors(options: dict[str, Any]) -> None:
    plan = planned(**options)
    assert plan.factors == ("taps", "window")
    assert [arm.name for arm in make_arms(plan).arms] == ["base", "taps=last", "window=3"]


def test_a_study_file_names_them_too() -> None:
    Path("study.yaml").write_text("base: own.yaml\nfactors: [taps]\nlevels: {taps: [last]}\n")
    plan = plan_of(StudyFile.read("study.yaml"), {})
    assert (plan.factors, plan.levels) == (("taps",), {"taps": ("last",)})


def test_a_level_is_read_by_the_rule_of_the_bases_kind() -> None:
    Path("own.yaml").write_text(write_yaml(network(f"{__name__}:Counting")))
    BaseFactors("own.yaml")()
    assert planned(levels="taps=2").levels == {"taps": ("2",)}
    Path("own.yaml").write_text(write_yaml(network(CELL)))
    assert planned(levels="taps=last").levels == {"taps": ("last",)}


def test_an_unknown_factor_is_told_with_those_of_the_base_and_all_else_that_is_wrong() -> None:
    one, two, three = faults(factors="taps,tabs", levels="window=5", seeds=0)
    assert one.startswith("--factors must be one of kind, activation, ")
    assert one.endswith(", taps, window, width, got tabs; did you mean taps?")
    assert two == "--levels window must be one of 1, 3, got 5"
    assert three == "--seeds must be from 1 to 1000, got 0"


def test_a_base_that_cannot_be_read_is_told_first() -> None:
    one, two = faults(base="gone.yaml", factors="ratio")
    assert one.startswith(
        "gone.yaml: stages.0.kind: must be a kind that can be imported: no.such:Kind"
    )
    assert two.startswith("--factors must be one of split, ")
    assert faults(base=None, factors="ratio")[0] == "--base must be text, got nothing"


def test_a_base_is_not_read_for_factors_that_every_network_may_have() -> None:
    assert planned(base="nowhere.yaml", factors="se,kind", levels="se=0").factors == ("se", "kind")
