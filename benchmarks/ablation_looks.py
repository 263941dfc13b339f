"""The effects of a finished ablation, tested as if its looks had been planned.

    python benchmarks/ablation_looks.py studies/paper_ablation/ablation_paper.json [--looks 5,8]

It reads the stored result of ``seesawnas ablate``, which has the figure of every training. Without
``--looks`` the looks are those that today's ablations derive from five seeds. Looks that are chosen
after the results are known prove nothing: this says how much verdicts depend on the test.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from seesawnas.ablation.analysis import PlannedLooks, analyse
from seesawnas.ablation.result import ArmResult, Effect
from seesawnas.analysis.group_sequential import Looks
from seesawnas.analysis.spending import declared_looks, derived_looks

FIRST = 5
"""The seeds of the shipped ablations."""


def effects_at(stored: dict[str, Any], looks: Looks) -> tuple[Effect, ...]:
    """The effects of a stored result at the last of ``looks`` that its seeds reach."""
    arms = [
        ArmResult(
            one["name"],
            tuple((factor, level) for factor, level in one["levels"]),
            one["digest"],
            one["madds"],
            one["params"],
            tuple((seed, value) for seed, value in one["values"]),
        )
        for one in stored["arms"]
    ]
    factors = tuple((factor, tuple(levels)) for factor, levels in stored["factors"])
    planned = PlannedLooks(looks, lambda _: stored["seeds"])
    effects, _ = analyse(arms, factors, stored["design"], planned=planned)
    return effects


def main() -> None:
    """Print a line for each effect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--looks", help="numbers of seeds, such as 5,8")
    given = parser.parse_args()
    numbers = [int(number) for number in (given.looks or "").split(",") if number]
    looks = declared_looks(numbers) if numbers else derived_looks(FIRST)
    print("looks", *(number for number, _ in looks))
    for one in effects_at(json.loads(given.file.read_text()), looks):
        p = "-" if one.p_holm is None else f"{one.p_holm:.3f}"
        words = f"{one.factor}: {one.level} instead of {one.base}"
        print(f"{words:36} {one.n} seeds  p {p}  {one.verdict}")


if __name__ == "__main__":
    main()
