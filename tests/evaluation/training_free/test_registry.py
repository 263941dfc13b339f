"""The table of training-free scores, over every kind of block."""

from __future__ import annotations

import pytest
import torch

from seesawnas.arch import ArchSpec, body_of
from seesawnas.arch.layers import ACTIVATIONS, Act, Conv, Linear
from seesawnas.evaluation.training_free import TRAINING_FREE, draw_batch, training_free_scores
from seesawnas.evaluation.training_free.modules import activated, layer_weights
from seesawnas.nn import build
from seesawnas.space import load_point
from tests.faces import patterns
from tests.nn.specs import SEESAW


def scores(spec: ArchSpec, *, seed: int = 0) -> dict[str, float | None]:
    faces = patterns(12, 6, 40)
    found = spec.at_resolution(40)
    batch = draw_batch(faces, 8, mean=127.5, std=128.0, seed=0)
    return training_free_scores(found, batch, seed=seed)


def test_scores_are_seeded_and_leave_the_global_generator_alone() -> None:
    state = torch.get_rng_state()
    first = scores(SEESAW)
    assert torch.equal(torch.get_rng_state(), state)
    assert list(first) == list(TRAINING_FREE)
    assert scores(SEESAW) == first
    assert all(scores(SEESAW, seed=1)[name] != value for name, value in first.items())


REFS = (
    "dw_seesaw_v1_conv",
    "ghostfacenet_v1_1",
    "mixfacenet_xs",
    "mobilefacenet",
    "pocketnet_s128",
    "seesaw_share",
    "shufflefacenet_0_5x",
    "vargfacenet",
)


@pytest.mark.parametrize("name", REFS)
def test_every_layer_of_a_network_is_looked_at(name: str) -> None:
    spec = load_point(f"paper/{name}").spec.at_side(32)
    layers = [node.layer for _, block in spec.parts for node in body_of(block)]
    network = build(spec)
    assert len(layer_weights(network)) == sum(isinstance(one, Conv | Linear) for one in layers)
    acts = sum(isinstance(one, Act) and one.name in ACTIVATIONS for one in layers)
    assert len(list(activated(network))) == acts


def test_a_score_without_a_value_is_none() -> None:
    faces = patterns(12, 6, 40)
    batch = draw_batch(faces, 8, mean=127.5, std=128.0, seed=0)
    batch.images[1] = batch.images[0]
    found = training_free_scores(SEESAW.at_resolution(40), batch, seed=0, names=["naswot"])
    assert found == {"naswot": None}
