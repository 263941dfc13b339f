"""Replays samplers on networks that were trained before: best score so far against uniform random, at equal trials.

    python benchmarks/bench_samplers.py --measurements FILE.jsonl [--level 8x32] [--score auc] [--trials 60]
        [--replays 50] [--samplers tpe,evolution] [--out DIR]

FILE is a panel's measurements, as ``seesawnas fidelity`` writes them. A sampler proposes a network of the whole feasible
set; the trained network nearest to it that was not tried yet, by the number of options that differ (ties drawn), stands for
it. Random draws among the trained ones without replacement. A sampler is shown the score of the lowest seed. What is
reported is the best of those so far; its mean over the replays, the difference to as many replays of random (which
share nothing with them), and a 95 % bootstrap interval of that.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import plotly.graph_objects as go
from numpy.typing import NDArray
from optuna.storages import InMemoryStorage

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.cost import Budget
from seesawnas.files import write_atomically
from seesawnas.report.measurements import read_measurements
from seesawnas.search import Proposer
from seesawnas.space import FeasibleSet, load_space
from seesawnas.study import Measurement, Proposal, Scores, StudyRecord

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Trained networks: options, and the score that a sampler is shown."""

    feasible: FeasibleSet
    assignments: list[dict[str, Any]]
    scores: _Floats
    codes: NDArray[np.int64]

    @classmethod
    def of(cls, lines: Sequence[dict[str, Any]], feasible: FeasibleSet, level: str, score: str) -> Table:
        """The networks of ``level``, each at its lowest seed."""
        first: dict[str, dict[str, Any]] = {}
        for line in sorted((line for line in lines if line["level"] == level), key=lambda line: int(line["seed"])):
            first.setdefault(line["digest"], line)
        if not first:
            raise SystemExit(f"--level must be one that was measured, got {level}")
        if len(faces := {line.get("data", "") for line in first.values()}) > 1:
            raise SystemExit(f"--measurements must be of the same faces, got data {', '.join(sorted(faces))}")
        kept = sorted(first.values(), key=lambda line: int(line["network"]))
        assignments = [line["assignment"] for line in kept]
        scores = np.array([line["curve"][-1][score] or 0.0 for line in kept], dtype=np.float64)
        codes = np.array([[d.options.index(a[d.name]) for d in feasible.decisions] for a in assignments])
        return cls(feasible, assignments, scores, codes)

    def nearest(self, assignment: dict[str, Any], left: Sequence[int], rng: random.Random) -> int:
        """The untried network that differs in the fewest options."""
        code = np.array([d.options.index(assignment[d.name]) for d in self.feasible.decisions])
        distances = (self.codes[list(left)] != code).sum(axis=1)
        return left[rng.choice(np.flatnonzero(distances == distances.min()).tolist())]


def main() -> None:
    arguments = _arguments()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    lines = [line for path in arguments.measurements for line in read_measurements(path.read_text(), str(path))]
    feasible = FeasibleSet(load_space(arguments.space), Budget.parse(arguments.budget))
    table = Table.of(lines, feasible, arguments.level, arguments.score)
    trials = min(arguments.trials, len(table.scores))
    curves = {"uniform random": np.stack([_random(table, trials, seed) for seed in range(arguments.replays)])}
    for sampler in arguments.samplers.split(","):
        curves[sampler] = np.stack([_replay(table, sampler, trials, seed) for seed in range(arguments.replays)])
        print(f"{sampler}: {arguments.replays} replays", file=sys.stderr, flush=True)
    result = _result(table, curves, arguments)
    _print(result)
    if arguments.out is not None:
        write_atomically(arguments.out / "samplers.json", json.dumps(result, indent=1) + "\n")
        write_atomically(arguments.out / "samplers.html", _html(curves, arguments, len(table.scores)))


def _random(table: Table, trials: int, seed: int) -> _Floats:
    order = np.random.default_rng(seed).permutation(len(table.scores))[:trials]
    return np.asarray(np.maximum.accumulate(table.scores[order]))


def _replay(table: Table, sampler: str, trials: int, seed: int) -> _Floats:
    record = StudyRecord(InMemoryStorage(), "replay", table.feasible.decisions)
    proposer = Proposer(table.feasible, iter(()), seed, sampler=sampler)
    rng, left, found = random.Random(seed), list(range(len(table.scores))), []
    for _ in range(trials):
        proposal = proposer(record)
        assert proposal is not None
        chosen = table.nearest(dict(proposal.assignment), left, rng)
        left.remove(chosen)
        assignment = table.assignments[chosen]
        record.add(Proposal(table.feasible.space.choose(assignment), assignment))
        trial = record.next_waiting()
        assert trial is not None
        score = float(table.scores[chosen])
        record.complete(trial.number, Measurement((Scores(score, 0.0, score),), (0.0,), 0.0))
        found.append(score)
    return np.asarray(np.maximum.accumulate(found))


def _result(table: Table, curves: dict[str, _Floats], arguments: argparse.Namespace) -> dict[str, Any]:
    baseline = curves["uniform random"]
    places = sorted({place for place in (10, 20, 30, 40, 60, 80, 100, baseline.shape[1]) if place <= baseline.shape[1]})
    rows = []
    for name, curve in curves.items():
        for place in places:
            gain = curve[:, place - 1] - baseline[:, place - 1]
            low, high = _interval(gain)
            best = float(curve[:, place - 1].mean())
            rows.append(
                {"sampler": name, "trials": place, "best": best, "gain": float(gain.mean()), "low": low, "high": high}
            )
    about = {name: str(getattr(arguments, name)) for name in ("level", "score", "space", "budget", "replays")}
    return {**about, "networks": len(table.scores), "top": float(table.scores.max()), "rows": rows}


def _interval(values: _Floats) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = values[rng.integers(len(values), size=(2000, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def _print(result: dict[str, Any]) -> None:
    print(f"{result['networks']} networks at {result['level']}, best {result['score']} {result['top']:.4f}")
    print(f"{'sampler':16} {'trials':>6} {'best so far':>12} {'gain on random':>15} {'95 % interval':>20}")
    for row in result["rows"]:
        interval = f"{row['low']:+.4f} .. {row['high']:+.4f}"
        print(f"{row['sampler']:16} {row['trials']:6} {row['best']:12.4f} {row['gain']:+15.4f} {interval:>20}")


def _html(curves: dict[str, _Floats], arguments: argparse.Namespace, networks: int) -> str:
    figure = go.Figure()
    for (name, curve), colour in zip(curves.items(), ("#555555", *_COLOURS), strict=False):
        x = np.arange(1, curve.shape[1] + 1)
        low, high = np.array([_interval(curve[:, place]) for place in range(curve.shape[1])]).T
        band = {"x": np.concatenate([x, x[::-1]]), "y": np.concatenate([high, low[::-1]])}
        style = {"fill": "toself", "fillcolor": colour, "opacity": 0.15, "line": {"width": 0}}
        figure.add_trace(go.Scatter(**band, **style, legendgroup=name, showlegend=False, hoverinfo="skip"))
        figure.add_trace(go.Scatter(x=x, y=curve.mean(axis=0), name=name, legendgroup=name, line={"color": colour}))
    figure.update_layout(
        title=f"Samplers replayed on {networks} trained networks, {arguments.replays} replays each",
        xaxis_title="trials",
        yaxis_title=f"best {arguments.score} so far (mean, 95 % interval)",
        template="plotly_white",
    )
    html: str = figure.to_html(include_plotlyjs=True, full_html=True)
    return html


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measurements", required=True, type=Path, action="append")
    parser.add_argument("--space", default="seesaw")
    parser.add_argument("--budget", default="120M..150M")
    parser.add_argument("--level", default="8x32")
    parser.add_argument("--score", default="auc")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--replays", type=int, default=50)
    parser.add_argument("--samplers", default="random,tpe,nsga2,gp,evolution")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
