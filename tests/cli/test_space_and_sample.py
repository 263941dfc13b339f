"""seesawnas space, seesawnas sample."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings

import seesawnas as sn
from seesawnas.space import to_mapping, to_point
from seesawnas.space.point import to_json
from tests.cli.running import SMALL_SPACE, Ran
from tests.strategies import arch_specs


@pytest.fixture
def space(tmp_path: Path) -> str:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL_SPACE)
    return str(path)


def test_json_counts_are_the_library_s(space: str) -> None:
    everything = sn.FeasibleSet(sn.load_space(space))
    limit = (everything.min_madds + everything.max_madds) // 2
    values = Ran("space", space, "--budget", str(limit), "--json").json
    assert values["size"] == everything.size
    assert values["feasible"] == sn.FeasibleSet(sn.load_space(space), sn.Budget(limit)).count
    assert 0 < values["feasible"] < values["size"]
    assert (values["min_madds"], values["max_madds"]) == (
        everything.min_madds,
        everything.max_madds,
    )
    assert values["budget"] == [0, limit]


def test_without_a_budget_everything_is_feasible(space: str) -> None:
    values = Ran("space", space, "--json").json
    assert values["feasible"] == values["size"]
    assert values["budget"] is None


def test_a_search_point_is_a_space_of_one_network() -> None:
    values = Ran("space", "paper/seesaw_share", "--json").json
    assert (values["size"], values["min_madds"], values["max_madds"]) == (
        1,
        145_762_816,
        145_762_816,
    )
    assert values["decisions"] == []


def test_the_table_lists_every_decision_with_its_options(space: str) -> None:
    out = Ran("space", space).out
    for decision in sn.load_space(space).decisions:
        assert decision.name in out
    assert "off, 4" in out
    assert "none, maxpool_conv" in out


def test_every_line_loads_as_a_search_point_that_costs_what_the_line_says(space: str) -> None:
    for line in Ran("sample", "--space", space, "-n", "60", "--json").lines:
        spec = to_point(line["spec"], "line").spec
        assert list(line) == ["spec", "digest", "madds", "params"]
        assert spec.digest() == line["digest"]
        assert (sn.cost(spec).madds, sn.cost(spec).params) == (line["madds"], line["params"])


def test_a_line_written_to_a_file_is_a_search_point(space: str, tmp_path: Path) -> None:
    line = Ran("sample", "--space", space, "-n", "1", "--json").lines[0]
    (tmp_path / "drawn.yaml").write_text(json.dumps(line["spec"]))
    values = Ran("build", str(tmp_path / "drawn.yaml"), "--json").json
    assert (values["name"], values["digest"]) == ("drawn", line["digest"])


def test_every_network_is_within_the_budget() -> None:
    lines = Ran("sample", "--budget", "140M..150M", "-n", "50", "--json").lines
    assert len(lines) == 50
    assert all(140_000_000 <= line["madds"] <= 150_000_000 for line in lines)


def test_a_short_set_under_several_limits_is_counted(space: str) -> None:
    everything = [
        line["params"] for line in Ran("sample", "--space", space, "-n", "400", "--json").lines
    ]
    limit = sorted(everything)[200]
    values = Ran("space", space, "--budget", f"10M, params<={limit}", "--json").json
    budget = sn.Budget.parse(f"10M, params<={limit}")
    assert values["feasible"] == sn.FeasibleSet(sn.load_space(space), budget).count
    assert 0 < values["feasible"] < values["within_madds"] == values["size"]
    assert values["acceptance"] is None
    assert values["budget"] == str(budget)
    assert values["limits"] == {"madds": [0, 10_000_000], "params": [0, limit]}
    assert (
        f"and params<={limit / 1000:.1f}"
        in Ran("space", space, "--budget", f"10M, params<={limit // 100}00").out
    )


def test_a_large_set_under_several_limits_is_estimated_and_says_so() -> None:
    words = ("--budget", "140M<=madds<=150M, params<=1.5M")
    values = Ran("space", "seesaw", *words, "--json").json
    assert values["feasible"] is None
    assert values["within_madds"] == 23_027_663_560
    found = values["acceptance"]
    assert found["rate"] == found["accepted"] / found["drawn"]
    assert found["rate_interval"][0] < found["rate"] < found["rate_interval"][1]
    assert (
        found["feasible_interval"][0] < found["feasible_estimate"] < found["feasible_interval"][1]
    )
    out = Ran("space", "seesaw", *words).out
    assert "within 140.00 M..150.00 M MAdds" in out
    assert f"{found['accepted']:,} of {found['drawn']:,} sampled" in out
    assert "about " in Ran("sample", *words, "-n", "1").out


def test_every_network_is_within_every_limit_in_any_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ("sample", "--budget", "140M..150M, params<=1M", "-n", "30", "--json")
    lines = Ran(*words).lines
    assert len(lines) == 30
    assert all(
        140_000_000 <= line["madds"] <= 150_000_000 and line["params"] <= 1_000_000
        for line in lines
    )
    monkeypatch.setattr(importlib.import_module("seesawnas.cli.commands.sample"), "BATCH", 7)
    assert [line["digest"] for line in Ran(*words).lines] == [line["digest"] for line in lines]


def test_the_same_seed_gives_the_same_lines_and_another_one_others(space: str) -> None:
    first, again, other = (
        Ran("sample", "--space", space, "-n", "20", "--seed", seed, "--json").out
        for seed in ("3", "3", "4")
    )
    assert first == again
    assert first != other


def test_lines_drawn_in_batches_are_those_drawn_at_once(
    space: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module("seesawnas.cli.commands.sample"), "BATCH", 7)
    lines = Ran("sample", "--space", space, "-n", "20", "--seed", "3", "--json").lines
    feasible = sn.FeasibleSet(sn.load_space(space))
    assert [line["digest"] for line in lines] == [
        spec.digest() for spec in feasible.specs(feasible.sample(20, 3))
    ]


def test_a_table_of_any_number_draws_the_rows_that_it_shows(space: str) -> None:
    ran = Ran("sample", "--space", space, "-n", str(10**12))
    assert ran.code == 0
    assert "999,999,999,980 more networks not shown" in ran.out


def test_the_table_shows_the_first_rows_and_says_so(space: str) -> None:
    ran = Ran("sample", "--space", space, "-n", "50")
    assert ran.code == 0
    assert "30 more networks not shown" in ran.out
    assert Ran("sample", "--space", space, "-n", "1", "--json").lines[0]["digest"] in ran.out


@given(spec=arch_specs())
@settings(max_examples=60, deadline=None)
def test_the_fast_text_is_the_mapping_s_json(spec: sn.ArchSpec) -> None:
    assert to_json(spec) == json.dumps(to_mapping(spec.renamed("")))
    assert to_point(json.loads(to_json(spec)), "text").spec == spec
