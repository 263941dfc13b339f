"""Do training-free scores rank networks within a budget?

    python benchmarks/bench_training_free.py --measurements FILE.jsonl --data DIR --out FOLDER
        [--workers 2] [--minutes 5]

FILE is what ``benchmarks/train_panel.py`` writes, DIR the faces that it trained on. FOLDER gets
``scores.jsonl``, a line for each network, resolution, seed and score: it may be cut off anywhere,
and the same command goes on. Once it is complete ``results.json`` judges the scores by the rule of
studies/lfw_training_free, which was written down before any of them was computed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import kendalltau

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.score_panel import (
    BATCH,
    DECIDES,
    LARGE,
    RESOLUTIONS,
    SPACE,
    Lines,
    compute,
    jobs_left,
    read_lines,
)
from seesawnas.analysis.linear_model import Floats, OneHot, Posterior
from seesawnas.evaluation.training_free import TRAINING_FREE
from seesawnas.io.files import write_atomically
from seesawnas.space import load_space

DRAWS = 2000
FOLDS = PARTITIONS = 10
LEAST_GAIN = 0.03


@dataclass(frozen=True)
class Panel:
    """Networks that are ranked.

    Attributes:
        name: Of the panel.
        networks: Their numbers.
        lines: Their lines at 4x56, which have options and costs.
        truth: What a good ranking agrees with, (networks,).
        options: (networks, columns), as the linear model reads them.
    """

    name: str
    networks: list[int]
    lines: Lines
    truth: Floats
    options: Floats

    @classmethod
    def of(cls, name: str, lines: Lines, truth: Lines) -> Panel:
        """Of lines at 4x56 and, in the same order, of the lines that have the truth."""
        rows = OneHot(load_space(SPACE).decisions).rows([line["assignment"] for line in lines])
        aucs = np.array([line["extras"]["all"]["auc"] for line in truth])
        return cls(name, [line["network"] for line in lines], lines, aucs, rows)


@dataclass(frozen=True)
class Ranked:
    """How a way to rank did on a panel.

    Attributes:
        interval: Of tau, 95 % over draws of networks.
        over_ridge: Its tau minus that of the ridge regression, and the interval of the difference
            over the same draws.
        by_seed: Of a score: tau of each seed.
        between_seeds: Of a score: the mean tau of two seeds with one another.
        with_madds: Of a score: its tau with MAdds.
        with_params: Of a score: its tau with params.
        ridge_with: Of a score: tau of the ridge regression that has it as another feature.
    """

    way: str
    tau: float
    interval: tuple[float, float]
    over_ridge: float
    over_ridge_interval: tuple[float, float]
    by_seed: tuple[float, ...] = ()
    between_seeds: float | None = None
    with_madds: float | None = None
    with_params: float | None = None
    ridge_with: float | None = None


def tau(one: Floats, other: Floats) -> float:
    """Kendall's; 0 if all of one are equal."""
    return float(np.nan_to_num(kendalltau(one, other).statistic))


def out_of_fold(columns: Floats, truth: Floats) -> Floats:
    """What a linear model of the other folds says that a network's columns add, (networks,)."""
    rng = np.random.default_rng(0)
    found = np.zeros(len(truth))
    centred = columns - columns.mean(axis=0)
    for _ in range(PARTITIONS):
        for fold in np.array_split(rng.permutation(len(truth)), FOLDS):
            others = np.setdiff1d(np.arange(len(truth)), fold)
            weights = Posterior.of(columns[others], truth[others]).mean
            found[fold] += centred[fold] @ weights
    return found


def judge(panel: Panel, scores: dict[str, Floats]) -> list[Ranked]:
    """Costs, the ridge regression, and ``scores`` by name, each (seeds, networks)."""
    costs = {
        key: np.array([float(line[key]) for line in panel.lines]) for key in ("madds", "params")
    }
    ridge = out_of_fold(panel.options, panel.truth)
    rng = np.random.default_rng(0)
    draws = rng.integers(len(panel.truth), size=(DRAWS, len(panel.truth)))
    of_ridge = np.array([tau(ridge[some], panel.truth[some]) for some in draws])

    def rank(way: str, values: Floats, **more: Any) -> Ranked:
        taus = np.array([tau(values[some], panel.truth[some]) for some in draws])
        whole = tau(values, panel.truth)
        over = whole - tau(ridge, panel.truth)
        return Ranked(way, whole, _interval(taus), over, _interval(taus - of_ridge), **more)

    found = [rank(way, values) for way, values in {**costs, "ridge": ridge}.items()]
    for name, seeds in scores.items():
        mean = seeds.mean(axis=0)
        feature = (mean - mean.mean()) / mean.std()
        joined = out_of_fold(np.column_stack([panel.options, feature]), panel.truth)
        pairs = [tau(seeds[i], seeds[j]) for i in range(len(seeds)) for j in range(i)]
        found.append(
            rank(
                name,
                mean,
                by_seed=tuple(tau(one, panel.truth) for one in seeds),
                between_seeds=float(np.mean(pairs)) if pairs else None,
                with_madds=tau(mean, costs["madds"]),
                with_params=tau(mean, costs["params"]),
                ridge_with=tau(joined, panel.truth),
            )
        )
    return found


def _interval(values: Floats) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def passes(found: dict[str, list[Ranked]]) -> dict[str, dict[str, bool]]:
    """The two rules, by score."""
    of = {panel: {one.way: one for one in rows} for panel, rows in found.items()}
    panels = list(of.values())
    return {
        name: {
            "1 tau above MAdds, params and ridge, interval above 0": all(
                rows[name].tau > max(rows[way].tau for way in ("madds", "params", "ridge"))
                and rows[name].interval[0] > 0
                for rows in panels
            ),
            "2 ridge with it gains 0.03": all(
                (rows[name].ridge_with or 0.0) - rows["ridge"].tau >= LEAST_GAIN for rows in panels
            ),
        }
        for name in TRAINING_FREE
    }


def table(lines: Lines, networks: Sequence[int], resolution: int) -> dict[str, Floats]:
    """Scores by name, (seeds, networks)."""
    of = {
        (one["score"], one["seed"], one["network"]): one["value"]
        for one in lines
        if one["resolution"] == resolution
    }
    return {
        name: np.array(
            [[of[name, seed, n] for n in networks] for seed in RESOLUTIONS[resolution]],
            dtype=np.float64,
        )
        for name in TRAINING_FREE
    }


def report(measured: Lines, lines: Lines) -> dict[str, Any]:
    """What results.json says."""
    proxies = {line["network"]: line for line in measured if line["level"] == "4x56"}
    longer = {line["network"]: line for line in measured if line["level"] == "12x112"}
    few, rest = sorted(longer), sorted(set(proxies) - set(longer))
    reference = Panel.of("reference", [proxies[n] for n in few], [longer[n] for n in few])
    others = [proxies[n] for n in rest]
    panels = [reference, Panel.of("proxies", others, others)]
    found = {one.name: judge(one, table(lines, one.networks, DECIDES)) for one in panels}
    large = judge(reference, table(lines, few, LARGE))
    seconds = {
        f"{name} at {resolution}": float(
            np.mean(
                [
                    one["seconds"]
                    for one in lines
                    if (one["score"], one["resolution"]) == (name, resolution)
                ]
            )
        )
        for resolution in (DECIDES, LARGE)
        for name in TRAINING_FREE
    }
    return {
        "networks": {one.name: len(one.networks) for one in panels},
        "rules": passes(found),
        "panels": {name: [asdict(one) for one in rows] for name, rows in found.items()},
        "reference, scores at 112x112": [asdict(one) for one in large],
        "seconds": seconds,
    }


def main() -> None:
    arguments = _arguments()
    measured = read_lines(arguments.measurements)
    networks = sorted(
        (line for line in measured if (line["level"], line["seed"]) == ("4x56", 0)),
        key=lambda line: int(line["network"]),
    )
    few = {line["network"] for line in measured if line["level"] == "12x112"}
    path = arguments.out / "scores.jsonl"
    jobs = jobs_left(networks, few, arguments.data, path)
    if jobs and (left := compute(jobs, path, arguments.workers, arguments.minutes)):
        print(f"{left} of {len(jobs)} jobs left: the same command goes on")
        return
    found = report(measured, read_lines(path))
    mark = hashlib.sha256(arguments.measurements.read_bytes()).hexdigest()[:16]
    about = {"measurements": mark, "batch": BATCH, "seeds": RESOLUTIONS, "draws": DRAWS}
    text = json.dumps(_rounded({**about, **found}), indent=1)
    write_atomically(arguments.out / "results.json", text + "\n")
    _show(found)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return round(value, 4) if isinstance(value, float) else value


def _show(found: dict[str, Any]) -> None:
    large = {"reference, scores at 112x112": found["reference, scores at 112x112"]}
    for panel, rows in {**found["panels"], **large}.items():
        print(f"\n{panel}\n{'':10} {'tau':>6} {'95 %':>15} {'over ridge':>11} {'95 %':>15}", end="")
        print(f" {'with it':>8} {'seeds':>6} {'MAdds':>6} {'params':>6}")
        for row in rows:
            cells = [
                row[key] for key in ("ridge_with", "between_seeds", "with_madds", "with_params")
            ]
            shown = " ".join("" if one is None else f"{one:6.2f}" for one in cells)
            print(
                f"{row['way']:10} {row['tau']:6.3f} {_ends(row['interval']):>15} "
                f"{row['over_ridge']:+11.3f} {_ends(row['over_ridge_interval']):>15}  {shown}"
            )
    for name, rules in found["rules"].items():
        for rule, holds in rules.items():
            print(f"{name}: {'holds' if holds else 'fails'}: {rule}")
    for name, seconds in found["seconds"].items():
        print(f"{name}: {seconds:.2f} CPU s a network")


def _ends(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.2f} .. {interval[1]:.2f}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measurements", required=True, type=Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=5.0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
