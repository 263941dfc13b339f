"""Every method that is compared runs, and listens to the options."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from benchmarks.bench_smoothing import methods
from benchmarks.drawn import tau

RNG = random.Random(0)
OPTIONS: list[dict[str, Any]] = [
    {"width": RNG.choice([8, 16, 32]), "kind": RNG.choice(["a", "b"])} for _ in range(80)
]
WORTHS = np.array([one["width"] / 8 + (one["kind"] == "a") for one in OPTIONS])
NOISE = np.random.default_rng(0).standard_normal((2, 80))


@pytest.mark.parametrize("name", [name for name in methods() if name != "raw"])
def test_a_method_ranks_better_than_the_noisy_scores(name: str) -> None:
    scores, losses = WORTHS + 2 * NOISE[0], -WORTHS + NOISE[1]
    found = methods()[name](OPTIONS, scores, losses)
    assert tau(found, WORTHS) > tau(scores, WORTHS) + 0.02
