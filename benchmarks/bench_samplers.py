"""Replays samplers on networks that were trained before.

Best score so far against uniform random, at equal trials.

    python benchmarks/bench_samplers.py --measurements FILE.jsonl [--level 4x56] [--score auc]
    [--trials 60]
        [--replays 50] [--samplers tpe,evolution] [--model] [--workers 2] [--out DIR]

FILE is a panel's measurements, as ``seesawnas fidelity`` writes them. A sampler proposes a network
of the whole feasible set; the trained network nearest to it that was not tried yet, by the number
of options that differ (ties drawn), stands for it. Random draws among the trained ones without
replacement. With ``--model`` a regression of the scores on the options answers for the proposed
network itself, with the noise that was found from network to network and from seed to seed; random
is then the uniform sampler.

Reported is the score that counts of the network with the best shown score so far: on the table they
are the same, of the model's the second has the noise of one training. Its mean over the replays,
the difference to as many replays of random (which share nothing with them), and a 95 % bootstrap
interval of that.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
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
from seesawnas.cost import Budget
from seesawnas.io.files import write_atomically
from seesawnas.search import NetworkProposer
from seesawnas.space import FeasibleSet, load_space

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_RANDOM = "uniform random"


def main() -> None:
    arguments = _arguments()
    lines = [
        line
        for path in arguments.measurements
        for line in read_measurements(path.read_text(), str(path))
    ]
    feasible = FeasibleSet(load_space(arguments.space), Budget.parse(arguments.budget))
    table = Table.of(lines, feasible, arguments.level, arguments.score)
    model = (
        Additive.of(table, arguments.seed_deviation or table.seed_deviation)
        if arguments.model
        else None
    )
    trials = arguments.trials if model else min(arguments.trials, len(table.shown))
    curves: dict[str, Floats] = {}
    with ProcessPoolExecutor(arguments.workers, get_context("spawn"), _quietly) as pool:
        for sampler in [_RANDOM, *arguments.samplers.split(",")]:
            replay = partial(_replay, table, model, sampler, trials)
            curves[sampler] = np.stack(list(pool.map(replay, range(arguments.replays))))
            print(f"{sampler}: {arguments.replays} replays", file=sys.stderr, flush=True)
    result = _result(table, model, curves, arguments)
    _print(result)
    if arguments.out is not None:
        name = "samplers_modelled" if model else "samplers"
        write_atomically(arguments.out / f"{name}.json", json.dumps(result, indent=1) + "\n")
        write_atomically(arguments.out / f"{name}.html", _html(curves, arguments, result))


def _quietly() -> None:
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def _replay(table: Table, model: Additive | None, sampler: str, trials: int, seed: int) -> Floats:
    if model is None and sampler == _RANDOM:
        among = Nearest(table, seed)
        return incumbents([among.draw()[1:] for _ in range(trials)])
    world: BuildResult = Nearest(table, seed) if model is None else model.world(seed)
    proposer = NetworkProposer(
        table.feasible, iter(()), seed, sampler="random" if sampler == _RANDOM else sampler
    )
    return incumbents(replay(world, table.feasible, proposer, trials))


def _result(
    table: Table, model: Additive | None, curves: dict[str, Floats], arguments: argparse.Namespace
) -> dict[str, Any]:
    baseline = curves[_RANDOM]
    places = sorted(
        {
            place
            for place in (10, 20, 30, 40, 60, 80, 100, baseline.shape[1])
            if place <= baseline.shape[1]
        }
    )
    rows = []
    for name, curve in curves.items():
        for place in places:
            low, high = difference(curve[:, place - 1], baseline[:, place - 1])
            best = float(curve[:, place - 1].mean())
            gain = best - float(baseline[:, place - 1].mean())
            rows.append(
                {
                    "sampler": name,
                    "trials": place,
                    "best": best,
                    "gain": gain,
                    "low": low,
                    "high": high,
                }
            )
    about = {
        name: str(getattr(arguments, name))
        for name in ("level", "score", "space", "budget", "replays")
    }
    kept = ("explained", "network_deviation", "seed_deviation")
    modelled = (
        None
        if model is None
        else {name: value for name, value in asdict(model).items() if name in kept}
    )
    return {
        **about,
        "networks": len(table.shown),
        "top": float(table.shown.max()),
        "model": modelled,
        "rows": rows,
    }


def difference(one: Floats, other: Floats) -> tuple[float, float]:
    """95 % interval of the difference of the means: the replays of both are drawn again."""
    rng = np.random.default_rng(0)
    drawn = [
        part[rng.integers(len(part), size=(2000, len(part)))].mean(axis=1) for part in (one, other)
    ]
    return interval(drawn[0] - drawn[1])


def _interval(values: Floats) -> tuple[float, float]:
    return difference(values, np.zeros(1))


def _print(result: dict[str, Any]) -> None:
    print(
        f"{result['networks']} networks at {result['level']}, best {result['score']} "
        f"{result['top']:.4f}"
    )
    if result["model"]:
        print(
            "model: " + ", ".join(f"{name} {value:.4f}" for name, value in result["model"].items())
        )
    print(
        f"{'sampler':16} {'trials':>6} {'best so far':>12} {'gain on random':>15} "
        f"{'95 % interval':>20}"
    )
    for row in result["rows"]:
        interval = f"{row['low']:+.4f} .. {row['high']:+.4f}"
        print(
            f"{row['sampler']:16} {row['trials']:6} {row['best']:12.4f} {row['gain']:+15.4f} "
            f"{interval:>20}"
        )


def _html(curves: dict[str, Floats], arguments: argparse.Namespace, result: dict[str, Any]) -> str:
    figure = go.Figure()
    for (name, curve), colour in zip(curves.items(), ("#555555", *_COLOURS), strict=False):
        x = np.arange(1, curve.shape[1] + 1)
        low, high = np.array([_interval(curve[:, place]) for place in range(curve.shape[1])]).T
        band = {"x": np.concatenate([x, x[::-1]]), "y": np.concatenate([high, low[::-1]])}
        style = {"fill": "toself", "fillcolor": colour, "opacity": 0.15, "line": {"width": 0}}
        figure.add_trace(
            go.Scatter(**band, **style, legendgroup=name, showlegend=False, hoverinfo="skip")
        )
        figure.add_trace(
            go.Scatter(
                x=x, y=curve.mean(axis=0), name=name, legendgroup=name, line={"color": colour}
            )
        )
    what = "a model of " if result["model"] else ""
    figure.update_layout(
        title=f"Samplers replayed on {what}{result['networks']} trained networks, "
        f"{arguments.replays} replays each",
        xaxis_title="trials",
        yaxis_title=f"best {arguments.score} so far (mean, 95 % interval)",
        template="plotly_white",
    )
    html: str = figure.to_html(include_plotlyjs=True, full_html=True)
    return html


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measurements", required=True, type=Path, action="append")
    parser.add_argument("--space", default="seesaw")
    parser.add_argument("--budget", default="120M..150M")
    parser.add_argument("--level", default="4x56")
    parser.add_argument("--score", default="auc")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--replays", type=int, default=50)
    parser.add_argument("--samplers", default="tpe,nsga2,gp,evolution")
    parser.add_argument("--model", action="store_true")
    parser.add_argument(
        "--seed-deviation", type=float, help="Of one training; default: found in the measurements."
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
