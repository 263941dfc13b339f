"""Every command that takes a network takes it by every form of REF, and refuses a bad one in the
same words.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seesawnas.ablation.arms import make_arms
from seesawnas.ablation.loading import plan_of
from seesawnas.cli.commands.train import _plan
from seesawnas.cost import Budget
from seesawnas.errors import InvalidInput
from seesawnas.nn import build, save_model
from seesawnas.report.network.comparison import compare
from seesawnas.search.points import chosen_points
from seesawnas.space import FeasibleSet, load, load_space, to_mapping, to_space, write_yaml
from seesawnas.study import drive, find_network
from tests.cli.running import Ran
from tests.study.fakes import FakeEngine, enough, record_in, small_set, uniform

FORMS = (
    "paper/seesaw_shuffle",
    "own.yaml",
    "own",
    "trained",
    "runs/trained/",
    "first:1",
    "runs/first:best",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file, two trained networks and a study in it."""
    folder = tmp_path_factory.mktemp("place")
    before = Path.cwd()
    os.chdir(folder)
    try:
        (folder / "own.yaml").write_text(write_yaml(to_mapping(load("paper/seesaw_share"))))
        small = small_set()
        largest = next(iter(small.specs(small.at([small.count - 1]))))
        (folder / "other.yaml").write_text(write_yaml({**to_mapping(largest), "name": "other"}))
        network = build(load("paper/seesaw_share"))
        save_model(network, folder / "trained")
        save_model(network, folder / "runs" / "trained")
        list(drive(record_in(Path("runs/first")), uniform(small_set()), FakeEngine(), enough(3)))
    finally:
        os.chdir(before)
    return folder


def by_build(ref: str) -> str:
    return str(Ran("build", ref, "--json").json["digest"])


def by_compare(ref: str) -> str:
    return compare([find_network("paper/seesaw_share"), find_network(ref)], ["a", "b"]).digests[1]


def by_train(ref: str) -> str:
    return _plan(ref, {"data": "faces"}).spec.digest()


def other(ref: str) -> str:
    """Another network of as large an input."""
    return "other.yaml" if ":" in ref else "paper/mobilefacenet"


def by_ablate(ref: str) -> str:
    return make_arms(plan_of(None, {"base": ref, "against": other(ref)})).arms[0].spec.digest()


def by_against(ref: str) -> str:
    return make_arms(plan_of(None, {"base": other(ref), "against": ref})).arms[1].spec.digest()


def by_points(ref: str) -> str:
    space = to_space(to_mapping(find_network(ref).spec), "space")
    (proposal,) = chosen_points([ref], FeasibleSet(space), Budget.parse("1G"))
    return proposal.spec.digest()


TAKERS = (by_build, by_compare, by_train, by_ablate, by_against, by_points)


@pytest.mark.parametrize("take", TAKERS)
@pytest.mark.parametrize("ref", FORMS)
def test_a_command_takes_a_network_by_every_form_of_ref(
    take: Callable[[str], str], ref: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    assert take(ref) == find_network(ref).spec.digest()


@pytest.mark.parametrize("ref", ["own", "trained", "runs/trained/"])
def test_the_forms_of_one_network_are_one_network(
    ref: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    assert find_network(ref).spec == load("own.yaml")
    assert replace(load_space(ref), source="own.yaml") == load_space("own.yaml")


@pytest.mark.parametrize("take", TAKERS)
@pytest.mark.parametrize(
    ("ref", "line"),
    [
        (
            "paper/seesaw_shar",
            "must be a YAML file or a shipped name; did you mean paper/seesaw_share?",
        ),
        ("search_150m", "must be a search space or point, got a search study file"),
        ("firts:best", "must be an existing study; did you mean first?"),
        ("first:7", "trial number must be less than 3, got 7"),
        ("empty", "must be a YAML file or a shipped name"),
    ],
)
def test_a_bad_ref_is_one_line_the_same_everywhere(
    take: Callable[[str], str], ref: str, line: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    (place / "empty").mkdir(exist_ok=True)
    if take is by_build:
        ran = Ran("build", ref)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
        assert line in ran.err
        return
    with pytest.raises(InvalidInput) as caught:
        take(ref)
    assert f"{ref.partition(':')[0]}" in str(caught.value)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_json_alone_names_the_network_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(
        json.dumps({"spec": to_mapping(load("paper/seesaw_share"))})
    )
    assert load(tmp_path) == load("paper/seesaw_share")
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(
        InvalidInput, match=r"model.json: must be JSON with the network under `spec`$"
    ):
        load(tmp_path)
