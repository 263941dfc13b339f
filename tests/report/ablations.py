"""An ablation's result, made up: three factors, the first two crossed."""

from __future__ import annotations

import random
from itertools import product

from seesawnas.ablation.result import AblationResult, ArmResult, Effect, Interaction

FACTORS = (
    ("kind", ("share", "shuffle")),
    ("se", ("4", "0")),
    ("activation", ("swish", "relu", "<b>prelu</b>")),
)
SEEDS = (0, 1, 2, 3)


def made_up(study: str = "s") -> AblationResult:
    """A full design of 12 networks and 4 seeds; one factor helps, one harms, one cannot be told."""
    return AblationResult(
        study=study,
        base="paper/seesaw_share",
        metric="accuracy",
        design="full",
        factors=FACTORS,
        seeds=SEEDS,
        arms=tuple(_arms()),
        effects=(
            Effect(
                "kind",
                "shuffle",
                "share",
                24,
                0.0061,
                0.0033,
                0.0089,
                0.0004,
                0.002,
                "better",
                None,
                0.0,
                0.0,
            ),
            Effect(
                "se",
                "0",
                "4",
                24,
                -0.0112,
                -0.0150,
                -0.0074,
                1e-5,
                7e-5,
                "worse",
                None,
                -1.2e6,
                -310_000.0,
            ),
            Effect(
                "activation",
                "relu",
                "swish",
                16,
                -0.0008,
                -0.0041,
                0.0025,
                0.61,
                1.0,
                "not resolvable",
                140,
                0.0,
                0.0,
            ),
            Effect(
                "activation",
                "<b>prelu</b>",
                "swish",
                0,
                None,
                None,
                None,
                None,
                None,
                "not resolvable",
                None,
                0.0,
                9e3,
            ),
        ),
        interactions=(
            Interaction(
                ("kind", "se"),
                ("shuffle", "0"),
                12,
                0.004,
                -0.001,
                0.009,
                0.1,
                0.4,
                "not resolvable",
            ),
            Interaction(
                ("se", "activation"), ("0", "relu"), 8, -0.006, -0.010, -0.002, 0.006, 0.03, "worse"
            ),
        ),
    )


def _arms() -> list[ArmResult]:
    rng = random.Random(0)
    found: list[ArmResult] = []
    for levels in product(*(levels for _, levels in FACTORS)):
        named = tuple(zip((factor for factor, _ in FACTORS), levels, strict=True))
        middle = 0.80 + 0.006 * (levels[0] == "shuffle") - 0.011 * (levels[1] == "0")
        values = tuple((seed, middle + rng.gauss(0, 0.003)) for seed in SEEDS)
        found.append(
            ArmResult("/".join(levels), named, f"{len(found):016x}", 145_000_000, 1_370_000, values)
        )
    return found
