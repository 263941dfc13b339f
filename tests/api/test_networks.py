"""``create`` and ``list_networks``: networks of papers as modules, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import seesawnas as sn
from seesawnas.errors import InvalidInput
from tests.study.library.studies import begin


def test_every_network_of_a_paper_is_listed_without_its_folder() -> None:
    assert tuple(f"paper/{name}" for name in sn.list_networks()) == sn.shipped("paper")
    assert sn.list_networks("seesaw_sh*") == (
        "seesaw_share",
        "seesaw_shuffle",
        "seesaw_shuffle_mobi",
    )
    assert sn.list_networks("nothing*") == ()


@pytest.mark.parametrize("name", ["mobilefacenet", "paper/mobilefacenet"])
def test_it_is_the_network_of_the_paper_in_training_mode(name: str) -> None:
    network = sn.create(name)
    assert network.spec == sn.load("paper/mobilefacenet")
    assert network.spec.name == "paper/mobilefacenet"
    assert network.training
    assert network(torch.zeros(2, 3, 112, 112)).shape == (2, network.spec.embedding_size)


def test_random_weights_follow_the_global_generator() -> None:
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(sn.create("seesaw_share", resolution=32).state_dict())
    first, again, other = (
        (state["head.embedding.weight"] for state in states)
        if ("head.embedding.weight" in states[0])
        else (next(iter(state.values())) for state in states)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_embedding_and_resolution_change_the_network_and_nothing_else() -> None:
    network = sn.create("mobilefacenet", embedding=64, resolution=56)
    assert (network.spec.embedding_size, network.spec.input.height) == (64, 56)
    assert network(torch.zeros(2, 3, 56, 56)).shape == (2, 64)
    plain = sn.load("paper/mobilefacenet").at_side(56)
    assert network.spec.blocks == plain.blocks
    assert sn.create("mobilefacenet", embedding=plain.embedding_size).spec == sn.load(
        "paper/mobilefacenet"
    )
    wide = sn.create("mobilefacenet_112x96", resolution=56).spec.input
    assert (wide.height, wide.width) == (56, 48)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "seesaw_shar"}, "must be an included network; did you mean seesaw_share?"),
        ({"name": "x"}, "must be an included network; networks are arcface_r100, "),
        ({"name": "seesaw_share", "embedding": 0}, "head.embedding: must be"),
        ({"name": "seesaw_share", "embedding": "many"}, "head.embedding: must be"),
        ({"name": "arcface_r100", "embedding": 64}, "head.embedding: must be an attribute"),
        ({"name": "seesaw_share", "resolution": 4}, "from 8 to 4096, got 4"),
        ({"name": "seesaw_share", "resolution": True}, "from 8 to 4096, got True"),
        ({"name": "seesaw_share", "pretrained": True}, "no trained weights are included"),
        ({"name": "seesaw_share", "pretrained": "/no/such"}, "must contain model.safetensors"),
    ],
)
def test_what_cannot_be_created_is_one_line(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        sn.create(**options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_of_a_folder_are_loaded_if_they_are_of_this_network(tmp_path: Path) -> None:
    own = sn.create("mobilefacenet", embedding=32, resolution=32)
    sn.save_model(own, tmp_path / "trained")
    found = sn.create("mobilefacenet", tmp_path / "trained", embedding=32, resolution=32)
    assert found.training
    assert all(torch.equal(a, b) for a, b in zip(own.parameters(), found.parameters(), strict=True))
    for options in ({}, {"embedding": 32}, {"resolution": 32}):
        with pytest.raises(InvalidInput, match="must contain weights of paper/mobilefacenet") as no:
            sn.create("mobilefacenet", str(tmp_path / "trained"), **options)
        assert "input 32x32, embedding 32" in str(no.value)


def test_a_trial_of_a_study_is_loaded_as_commands_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begin("first", None)
    best = sn.Study("first").best()
    assert sn.load("first:best") == best
    assert sn.load_point("first:0").spec.name == "first:0"
    with pytest.raises(InvalidInput, match=r"^nosuch: must be an existing study"):
        sn.load("nosuch:best")
