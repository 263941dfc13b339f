"""What ships, what it counts to, and how it is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seesawnas.cost import Budget, cost
from seesawnas.errors import DocumentError, UnknownReference
from seesawnas.space import (
    FeasibleSet,
    load,
    load_point,
    load_space,
    shipped,
    to_mapping,
    write_yaml,
)
from tests.space.documents import document, stage

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden.json").read_text())
POINTS = sorted(GOLDEN["points"])
SPACES = sorted(GOLDEN["spaces"])


def test_the_golden_file_holds_all_that_ships() -> None:
    assert list(shipped("paper")) == POINTS
    assert list(shipped()) == SPACES


@pytest.mark.parametrize("ref", POINTS)
def test_a_published_network_counts_to_the_recorded_number(ref: str) -> None:
    golden, point = GOLDEN["points"][ref], load_point(ref)
    counted = cost(point.spec)
    assert (counted.params, counted.madds) == (golden["params"], golden["madds"])
    assert counted.activation_bytes == golden["activation_bytes"]
    assert len(point.spec.blocks) == golden["blocks"]
    assert point.counted == {"params": golden["params"], "madds": golden["madds"]}
    assert point.spec.name == ref


@pytest.mark.parametrize("ref", POINTS)
def test_a_published_network_says_where_it_stands(ref: str) -> None:
    assert load_point(ref).published.source


@pytest.mark.parametrize("ref", POINTS)
def test_a_published_networks_digest_stays_the_same_across_versions(ref: str) -> None:
    assert load(ref).digest() == GOLDEN["points"][ref]["digest"]


@pytest.mark.parametrize("ref", POINTS)
def test_a_published_count_agrees_or_an_erratum_says_why_not(ref: str) -> None:
    point = load_point(ref)
    said = point.published
    for name, printed in (("params", said.params), ("madds", said.madds), ("flops", said.flops)):
        if printed is not None and not printed.agrees(getattr(cost(point.spec), name)):
            assert any(name in erratum.explains for erratum in point.errata), name
        for erratum in point.errata:
            explained = erratum.explains.get(name)
            assert explained is None or (
                printed is not None and abs(explained / printed.value - 1) < 0.01
            ), name


def test_share_and_shuffle_are_two_networks_of_one_cost() -> None:
    share, shuffle = load("paper/seesaw_share"), load("paper/seesaw_shuffle")
    assert cost(share) == cost(shuffle)
    assert share != shuffle


@pytest.mark.parametrize("ref", SPACES)
def test_a_shipped_space_has_its_recorded_size_and_costs(ref: str) -> None:
    golden, feasible = GOLDEN["spaces"][ref], FeasibleSet(load_space(ref))
    assert feasible.size == feasible.count == golden["size"]
    assert (feasible.min_madds, feasible.max_madds) == (golden["min_madds"], golden["max_madds"])


@pytest.mark.parametrize(
    ("ref", "budget"),
    [(ref, budget) for ref in SPACES for budget in GOLDEN["spaces"][ref]["feasible"]],
)
def test_a_budget_admits_the_recorded_number_of_networks(ref: str, budget: str) -> None:
    feasible = FeasibleSet(load_space(ref), Budget.parse(budget))
    assert feasible.count == GOLDEN["spaces"][ref]["feasible"][budget]
    assert feasible.size == GOLDEN["spaces"][ref]["size"]


@pytest.mark.parametrize("ref", SPACES)
def test_a_seed_draws_the_same_networks_across_versions(ref: str) -> None:
    golden = GOLDEN["spaces"][ref]["sampled"]
    feasible = FeasibleSet(load_space(ref), Budget.parse(golden["budget"]))
    assert feasible.sample(len(golden["madds"]), golden["seed"]).madds.tolist() == golden["madds"]


def test_a_point_is_a_space_of_one_network() -> None:
    feasible = FeasibleSet(load_space("paper/seesaw_share"))
    assert feasible.count == feasible.size == 1
    assert list(feasible.specs(feasible.at([0]))) == [load("paper/seesaw_share")]


def write(path: Path, values: Any) -> Path:
    path.write_text(write_yaml(values), encoding="utf-8")
    return path


def test_a_users_own_file_comes_before_what_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "paper").mkdir()
    write(tmp_path / "paper" / "seesaw_share.yaml", document(stage(width=16), name="mine"))
    shipped_one = load("paper/seesaw_share")
    monkeypatch.chdir(tmp_path)
    assert load("paper/seesaw_share").name == "mine"
    assert load("paper/seesaw_share") != shipped_one
    assert load("paper/seesaw_shuffle").name == "paper/seesaw_shuffle"


def test_a_file_is_found_with_and_without_its_ending(tmp_path: Path) -> None:
    path = write(tmp_path / "net.yaml", document())
    assert load(path) == load(str(path)) == load(tmp_path / "net")


def test_a_point_without_a_name_is_called_after_its_file(tmp_path: Path) -> None:
    assert load(write(tmp_path / "net.yaml", document())).name == "net"
    assert load(write(tmp_path / "other.yaml", document(name="given"))).name == "given"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnknownReference):
        load(tmp_path)


def test_an_unknown_name_suggests_a_known_one() -> None:
    with pytest.raises(UnknownReference) as caught:
        load("paper/sesaw_shar")
    expected = (
        "paper/sesaw_shar: must be a YAML file or a shipped name; did you mean paper/seesaw_share?"
    )
    assert str(caught.value) == expected


def test_a_name_like_no_other_lists_what_ships() -> None:
    with pytest.raises(UnknownReference) as caught:
        load("qqq")
    assert all(ref in str(caught.value) for ref in (*SPACES, "`seesawnas paper`"))


@pytest.mark.parametrize("ref", ["", ".", "..", "/", "x" * 5000, "a\0b", "../seesaw", "paper"])
def test_a_ref_that_can_be_no_file_is_refused(ref: str) -> None:
    with pytest.raises(UnknownReference):
        load(ref)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: é".encode("latin-1"))
    with pytest.raises(DocumentError, match=r"latin.yaml: must be UTF-8 text$"):
        load(path)


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    path.write_text("#" * 3_000_000)
    with pytest.raises(
        DocumentError, match=r"huge.yaml: must be at most 256000 characters, got more$"
    ):
        load_space(path)


def test_a_space_is_refused_where_a_point_is_wanted() -> None:
    with pytest.raises(DocumentError) as caught:
        load("seesaw")
    (fault,) = caught.value.faults
    assert f"{len(load_space('seesaw').decisions) - 1} more" in fault
    assert all(
        f"`seesawnas {words}`" in fault for words in ("space seesaw", "sample --space seesaw")
    )


@pytest.mark.parametrize("ref", POINTS)
def test_a_published_network_written_and_read_back_is_the_same(ref: str, tmp_path: Path) -> None:
    spec = load(ref)
    again = load(write(tmp_path / "again.yaml", to_mapping(spec)))
    assert again == spec
    assert again.name == ref


@pytest.mark.parametrize("ref", POINTS[:5])
def test_a_mapping_is_loaded_as_its_file_is(ref: str) -> None:
    values = to_mapping(load(ref))
    before = json.dumps(values)
    assert load(values) == load(ref)
    assert load(values).name == ref
    assert load_space(values).choose({}) == load(ref)
    assert json.dumps(values) == before


def test_a_mapping_has_the_faults_of_its_file(tmp_path: Path) -> None:
    values = document(stage(kernl=3), stage(expansion=-2))
    path = tmp_path / "mine.yaml"
    path.write_text(write_yaml(values))
    faults = []
    for ref in (values, path):
        with pytest.raises(DocumentError) as caught:
            load_space(ref)
        faults.append(caught.value.faults)
    assert faults[0] == faults[1]
    assert len(faults[0]) == 2
    with pytest.raises(DocumentError, match=r"^mapping: must be a search point without choices"):
        load(document(stage(depth={"choice": [1, 2]})))


@pytest.mark.parametrize("values", [{}, {1: 2}, {"stages": 3}, {"stages": [{"depth": object()}]}])
def test_a_mapping_that_is_no_network_is_a_document_with_faults(values: dict[Any, Any]) -> None:
    with pytest.raises(DocumentError):
        load(values)
