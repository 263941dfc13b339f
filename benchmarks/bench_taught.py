"""Do proxies that learn from a teacher rank networks better?

    python benchmarks/bench_taught.py --measurements FILE.jsonl --taught FILE.jsonl
        [--level 4x56] [--out FILE.json]

FILE.jsonl are lines of ``benchmarks/train_panel.py`` or ``seesawnas fidelity``; ``--taught`` holds
the same networks at the same level with a teacher. The reference is the mean of all longer
trainings that every network has, each standardised over the networks. Reported are Kendall's tau of
both proxies with it and with each of its trainings, and the difference of the taus, with 95 %
bootstrap intervals over networks: both taus of a draw are of the same networks.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.drawn import Floats, interval, tau
from seesawnas.io.files import write_atomically

DRAWS = 2000


@dataclass(frozen=True)
class Compared:
    """Both proxies against one reference: taus, and how far the taught one is above."""

    reference: str
    plain: float
    plain_interval: tuple[float, float]
    taught: float
    taught_interval: tuple[float, float]
    gain: float
    gain_interval: tuple[float, float]


def scores(lines: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, float]]:
    """AUC of the drawn pairs after the last epoch: by level and seed, then by network.

    A network is known by its choices: its digest also depends on the size of the input.
    """
    found: dict[tuple[str, int], dict[str, float]] = {}
    for line in lines:
        reading = found.setdefault((line["level"], line["seed"]), {})
        network = json.dumps(line["assignment"], sort_keys=True)
        reading[network] = line["curve"][-1]["auc"]
    return found


def compare(name: str, plain: Floats, taught: Floats, truth: Floats) -> Compared:
    """``plain`` and ``taught`` against ``truth``, network by network."""
    rng = np.random.default_rng(0)
    draws = [rng.integers(len(truth), size=len(truth)) for _ in range(DRAWS)]
    taus = np.array([[tau(one[some], truth[some]) for one in (plain, taught)] for some in draws])
    first, second = tau(plain, truth), tau(taught, truth)
    return Compared(
        name,
        first,
        interval(taus[:, 0]),
        second,
        interval(taus[:, 1]),
        second - first,
        interval(taus[:, 1] - taus[:, 0]),
    )


def compare_all(
    known: dict[tuple[str, int], dict[str, float]], taught: dict[str, float], level: str
) -> list[Compared]:
    """Against the mean of the longer trainings, then against each.

    Args:
        known: Of trainings without a teacher; those of ``level`` have the seed 0.
        taught: With a teacher.
        level: Of the proxies.
    """
    networks = sorted(taught)
    plain = _column(known[level, 0], networks)
    longer = {
        f"{one} seed {seed}": _column(reading, networks)
        for (one, seed), reading in known.items()
        if _pixels(one) > _pixels(level) and reading.keys() >= taught.keys()
    }
    mean = np.mean([(one - one.mean()) / one.std() for one in longer.values()], axis=0)
    truths = {f"mean of {len(longer)} trainings": mean, **longer}
    values = _column(taught, networks)
    return [compare(name, plain, values, truth) for name, truth in truths.items()]


def _column(reading: dict[str, float], networks: list[str]) -> Floats:
    return np.array([reading[network] for network in networks])


def _pixels(level: str) -> int:
    epochs, side = level.split("x")
    return int(epochs) * int(side) ** 2


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measurements", type=Path, required=True)
    parser.add_argument("--taught", type=Path, required=True)
    parser.add_argument("--level", default="4x56")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    known, learnt = (
        scores([json.loads(line) for line in path.read_text().splitlines()])
        for path in (arguments.measurements, arguments.taught)
    )
    found = compare_all(known, learnt[arguments.level, 0], arguments.level)
    for one in found:
        low, high = one.gain_interval
        print(
            f"{one.reference:<24} plain {one.plain:.3f}  taught {one.taught:.3f}  "
            f"difference {one.gain:+.3f} ({low:+.3f} .. {high:+.3f})"
        )
    if arguments.out is not None:
        write_atomically(arguments.out, json.dumps([asdict(one) for one in found], indent=1) + "\n")


if __name__ == "__main__":
    main()
