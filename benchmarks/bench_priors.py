"""Replays searches that learn from an earlier study beside searches that do not.

    python benchmarks/bench_priors.py [--replays 50] [--trials 40] [--table] [--out DIR]
        [--workers 1]

Every replay is on a model of trained networks (see ``bench_samplers.py --model``) or, with
``--table``, on the trained networks themselves, of which the nearest to a proposal stands for it.
No score is both learnt from and replayed:

half       learnt from 75 of the 150 networks at 4x56, replayed on the other 75, drawn again for
           every replay
reference  learnt from 40 networks after 12 epochs at 112x112, replayed on the other 110 after 4
           epochs at 56x56
budget     learnt from the trials of a search under a latency budget (studies/lfw_latency: other
           networks, another budget), replayed on the 150

negated    as half, the scores learnt from negated
shuffled   as half, the scores learnt from shuffled

Reported is the score that counts of the best network so far: of the search that learns, and of the
default search at as many trials and at all of ``--trials``, on the same model with the same noise;
the mean difference over the replays, and its 95 % bootstrap interval. With ``--table`` also that of
the networks in the prior's own order: what there is to gain for a search that would follow it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import plotly.graph_objects as go
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.drawn import Floats, interval
from benchmarks.sampler_tables import Additive, BuildResult, Nearest, Table, incumbents, replay
from seesawnas.analysis.fidelity.measurements import read_measurements
from seesawnas.analysis.linear_model import OneHot
from seesawnas.cost import Budget
from seesawnas.io.files import write_atomically
from seesawnas.search import NetworkProposer
from seesawnas.search.priors import Prior
from seesawnas.search.priors.table import read_table
from seesawnas.search.samplers import INFORMED_STARTUP, History, LinearThompson
from seesawnas.space import Assignment, FeasibleSet, load_space

ROOT = Path(__file__).parents[1] / "studies"
SEED_DEVIATION = 0.009
"""Of the AUC of one training at 8x56 (studies/lfw_proxies)."""
PLACES = (5, 10, 15, 20, 30, 40)
COLOURS = {"half": "#0072B2", "reference": "#009E73", "budget": "#CC79A7"} | {
    "negated": "#D55E00",
    "shuffled": "#E69F00",
}


@dataclass(frozen=True)
class Scenario:
    """What is learnt from, and the networks that are replayed."""

    prior: Prior
    table: Table

    def world(self, seed: int, on_table: bool) -> BuildResult:
        """The networks themselves, or a model of them."""
        if on_table:
            return Nearest(self.table, seed)
        return Additive.of(self.table, SEED_DEVIATION).world(seed)

    def in_order(self, trials: int) -> Floats:
        """The best score so far if the table's networks are tried in the prior's order."""
        options = OneHot(self.table.feasible.decisions)
        worth = options.rows(self.table.assignments) @ self.prior.column(options)
        ordered = self.table.shown[np.argsort(-worth, kind="stable")]
        return np.asarray(np.maximum.accumulate(ordered)[:trials])


@cache
def _feasible() -> FeasibleSet:
    return FeasibleSet(load_space("seesaw"), Budget.parse("120M..150M"))


@cache
def _table(level: str) -> Table:
    path = ROOT / "lfw_proxies" / "measurements.jsonl"
    lines = read_measurements(path.read_text(), str(path))
    return Table.of(lines, _feasible(), level, "auc")


def _half(seed: int, change: Callable[[Floats, np.random.Generator], Floats]) -> Scenario:
    rng, table = np.random.default_rng(seed), _table("4x56")
    order = rng.permutation(len(table.shown)).tolist()
    learnt, other = (table.part(order[first::2]) for first in (0, 1))
    scores = change(learnt.shown, rng)
    prior = Prior.learn("half", learnt.assignments, scores, _feasible().decisions)
    return Scenario(prior, other)


@cache
def _reference() -> Scenario:
    table, reference = _table("4x56"), _table("12x112")
    other = [n for n, one in enumerate(table.assignments) if one not in reference.assignments]
    assert len(other) == len(table.shown) - len(reference.shown)
    decisions = _feasible().decisions
    prior = Prior.learn("12x112", reference.assignments, reference.shown, decisions)
    return Scenario(prior, table.part(other))


@cache
def _budget() -> Scenario:
    decisions = _feasible().decisions
    path = ROOT / "lfw_latency" / "trials.csv"
    prior = Prior.learn("budget", *read_table(path, path.name, decisions, "auc"), decisions)
    return Scenario(prior, _table("4x56"))


SCENARIOS: Mapping[str, Callable[[int], Scenario]] = {
    "half": lambda seed: _half(seed, lambda scores, _: scores),
    "reference": lambda _: _reference(),
    "budget": lambda _: _budget(),
    "negated": lambda seed: _half(seed, lambda scores, _: -scores),
    "shuffled": lambda seed: _half(seed, lambda scores, rng: rng.permutation(scores)),
}
DEFAULT_OF = {"negated": "half", "shuffled": "half"}
"""Scenarios whose default search is that of another."""


def main() -> None:
    arguments = _arguments()
    names = arguments.scenarios.split(",")
    bases = dict.fromkeys(DEFAULT_OF.get(name, name) for name in names)
    wanted = [*((name, False) for name in bases), *((name, True) for name in names)]
    wanted.sort(key=lambda one: names.index(one[0]) if one[0] in names else 0)
    if arguments.table and arguments.trials > (few := len(_table("4x56").shown) // 2):
        raise SystemExit(f"--trials must be at most {few} with --table, got {arguments.trials}")
    kept = _kept(arguments.kept, arguments.table, arguments.trials)
    curves: dict[str, dict[str, Floats]] = {"default": {}, "learnt": {}}
    trust: dict[str, float] = {}
    ordered: dict[str, dict[int, float]] = {}
    with ProcessPoolExecutor(arguments.workers, get_context("spawn"), _quietly) as pool:
        for name, learns in wanted:
            missing = [
                seed for seed in range(arguments.replays) if (name, learns, seed) not in kept
            ]
            found = pool.map(
                partial(_replay, name, learns, arguments.trials, arguments.table), missing
            )
            for seed, (curve, end) in zip(missing, found, strict=True):
                kept[name, learns, seed] = curve.tolist(), end
                if arguments.kept is not None:
                    line = {"name": name, "learns": learns, "table": arguments.table, "seed": seed}
                    with arguments.kept.open("a") as file:
                        file.write(
                            json.dumps({**line, "trust": end, "curve": curve.tolist()}) + "\n"
                        )
            replays = [kept[name, learns, seed] for seed in range(arguments.replays)]
            all_of_it = np.array([curve for curve, _ in replays])
            curves["learnt" if learns else "default"][name] = all_of_it
            if learns:
                trust[name] = float(np.mean([end for _, end in replays]))
                _print(_rows(name, curves, arguments.trials), trust[name])
            if learns and arguments.table:
                ordered[name] = _ordered(name, arguments.replays, arguments.trials)
                print("  in the prior's order", json.dumps(ordered[name]), flush=True)
    if arguments.out is not None:
        rows = [row for name in trust for row in _rows(name, curves, arguments.trials)]
        result = {"replays": arguments.replays, "trust": trust, "rows": rows}
        if ordered:
            result["in_order"] = ordered
        called = "priors_on_table" if arguments.table else "priors"
        write_atomically(arguments.out / f"{called}.json", json.dumps(result, indent=1) + "\n")
        write_atomically(arguments.out / f"{called}.html", _html(curves, arguments.replays))


def _kept(
    path: Path | None, on_table: bool, trials: int
) -> dict[tuple[str, bool, int], tuple[list[float], float]]:
    """Replays of an interrupted run: the best so far after each trial, and the trust at the end."""
    if path is None or not path.is_file():
        return {}
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
    return {
        (one["name"], one["learns"], one["seed"]): (one["curve"], one["trust"])
        for one in lines
        if one.get("table") == on_table and len(one["curve"]) == trials
    }


def _quietly() -> None:
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def _replay(
    name: str, learns: bool, trials: int, on_table: bool, seed: int
) -> tuple[Floats, float]:
    """The best so far after each trial, and the trust after the last."""
    feasible, scenario = _feasible(), SCENARIOS[name](seed)
    sampler = LinearThompson(feasible, priors=[scenario.prior] if learns else [])
    startup = {"startup": INFORMED_STARTUP} if learns else {}
    watched = _Watched(sampler)
    proposer = NetworkProposer(feasible, (), seed, watched, **startup)
    found = replay(scenario.world(seed, on_table), feasible, proposer, trials)
    return incumbents(found), watched.trust


class _Watched:
    """A sampler whose last history is kept."""

    def __init__(self, sampler: LinearThompson) -> None:
        self._sampler, self._history = sampler, History(())

    def candidates(self, history: History, rng: random.Random) -> Iterator[Assignment]:
        self._history = history
        return self._sampler.candidates(history, rng)

    @property
    def trust(self) -> float:
        return sum(self._sampler.trust(self._history))


def _rows(name: str, curves: dict[str, dict[str, Floats]], trials: int) -> list[dict[str, Any]]:
    learnt, default = curves["learnt"][name], curves["default"][DEFAULT_OF.get(name, name)]
    rows = []
    for place in (place for place in PLACES if place <= trials):
        for other in dict.fromkeys((place, trials)):
            change = learnt[:, place - 1] - default[:, other - 1]
            low, high = _interval(change)
            rows.append(
                {
                    "scenario": name,
                    "trials": place,
                    "default_trials": other,
                    "learnt": float(learnt[:, place - 1].mean()),
                    "default": float(default[:, other - 1].mean()),
                    "gain": float(change.mean()),
                    "low": low,
                    "high": high,
                }
            )
    return rows


def _ordered(name: str, replays: int, trials: int) -> dict[int, float]:
    """By trials, the mean over the replays' tables."""
    found = np.mean([SCENARIOS[name](seed).in_order(trials) for seed in range(replays)], axis=0)
    return {place: round(float(found[place - 1]), 5) for place in PLACES if place <= trials}


def _interval(values: Floats) -> tuple[float, float]:
    """95 % interval of the mean: the replays are drawn again, each with its own default."""
    rng = np.random.default_rng(0)
    means = values[rng.integers(len(values), size=(2000, len(values)))].mean(axis=1)
    return interval(means)


def _print(rows: list[dict[str, Any]], trust: float) -> None:
    print(f"{rows[0]['scenario']}: trust {trust:.2f} at the end")
    for row in rows:
        print(
            f"  {row['trials']:3} trials {row['learnt']:.4f}, default at {row['default_trials']:3} "
            f"{row['default']:.4f}: {row['gain']:+.4f} ({row['low']:+.4f} .. {row['high']:+.4f})",
            flush=True,
        )


def _html(curves: dict[str, dict[str, Floats]], replays: int) -> str:
    figure = go.Figure()
    for name, learnt in curves["learnt"].items():
        gain = learnt - curves["default"][DEFAULT_OF.get(name, name)]
        x = np.arange(1, gain.shape[1] + 1)
        low, high = np.array([_interval(column) for column in gain.T]).T
        band = {"x": np.concatenate([x, x[::-1]]), "y": np.concatenate([high, low[::-1]])}
        style = {
            "fill": "toself",
            "fillcolor": COLOURS[name],
            "opacity": 0.12,
            "line": {"width": 0},
        }
        figure.add_trace(go.Scatter(**band, **style, showlegend=False, hoverinfo="skip"))
        line = {"color": COLOURS[name]}
        figure.add_trace(go.Scatter(x=x, y=gain.mean(axis=0), name=name, line=line))
    figure.add_hline(y=0, line={"color": "#555555", "dash": "dot"})
    figure.update_layout(
        title=f"Searches that learn from an earlier study, {replays} replays each",
        xaxis_title="trials",
        yaxis_title="AUC above the default search (mean, 95 % interval)",
        template="plotly_white",
    )
    html: str = figure.to_html(include_plotlyjs=True, full_html=True)
    return html


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--replays", type=int, default=50)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--kept", type=Path, help="Replays by the same code, to go on from.")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
