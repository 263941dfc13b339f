"""Do training-free scores rank networks within a budget?

    python benchmarks/bench_training_free.py --measurements FILE.jsonl --data DIR --out FOLDER
        [--workers 2] [--minutes 5] [--judge]

FILE is what ``benchmarks/train_panel.py`` writes, DIR the faces that it trained on. FOLDER gets
``scores.jsonl``, a line for each network, resolution, seed and score: it may be cut off anywhere,
and the same command goes on. Once it is complete, or with ``--judge``,
``results.json`` judges the scores by the rule of studies/lfw_training_free, which was written down
before any of them was computed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.drawn import Floats, interval, tau
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
from seesawnas.analysis.linear_model import OneHot, Posterior
from seesawnas.evaluation.training_free import TRAINING_FREE
from seesawnas.io.files import write_atomically
from seesawnas.space import load_space

DRAWS = 2000
FOLDS = PARTITIONS = 10
LEAST_GAIN = 0.03
PANELS = 2


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
        return Ranked(way, whole, interval(taus), over, interval(taus - of_ridge), **more)

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


def verdicts(judged: Lines) -> dict[str, dict[str, str]]:
    """The two rules, by score: what one panel with all its seeds fails is failed."""
    of = [
        ({row["way"]: row for row in one["ranked"]}, one["seeds"] == len(RESOLUTIONS[DECIDES]))
        for one in judged
        if one["resolution"] == DECIDES
    ]
    found: dict[str, dict[str, str]] = {}
    for name in TRAINING_FREE:
        holds: dict[str, list[bool]] = {"1": [], "2": []}
        for rows, is_complete in of:
            if is_complete:
                one, ways = rows[name], ("madds", "params", "ridge")
                is_best = one["tau"] > max(rows[way]["tau"] for way in ways)
                holds["1"].append(is_best and one["interval"][0] > 0)
                holds["2"].append(one["ridge_with"] - rows["ridge"]["tau"] >= LEAST_GAIN)
        found[name] = {
            rule: "fails" if not all(parts) else "holds" if len(parts) == PANELS else "undecided"
            for rule, parts in holds.items()
        }
    return found


def table(lines: Lines, networks: Sequence[int], resolution: int) -> dict[str, Floats]:
    """Scores by name, (seeds, networks), of the seeds that all networks have."""
    of = {
        (one["score"], one["seed"], one["network"]): one["value"]
        for one in lines
        if one["resolution"] == resolution
    }
    seeds = [
        seed
        for seed in RESOLUTIONS[resolution]
        if all((name, seed, n) in of for name in TRAINING_FREE for n in networks)
    ]
    return {
        name: np.array([[of[name, seed, n] for n in networks] for seed in seeds], dtype=np.float64)
        for name in TRAINING_FREE
    }


def report(measured: Lines, lines: Lines) -> dict[str, Any]:
    """What results.json says: of every panel with the scores of a seed at least."""
    proxies = {line["network"]: line for line in measured if line["level"] == "4x56"}
    longer = {line["network"]: line for line in measured if line["level"] == "12x112"}
    few, rest = sorted(longer), sorted(set(proxies) - set(longer))
    others = [proxies[n] for n in rest]
    reference = Panel.of("reference", [proxies[n] for n in few], [longer[n] for n in few])
    panels = (
        (reference, DECIDES),
        (Panel.of("proxies", others, others), DECIDES),
        (reference, LARGE),
    )
    judged = []
    for panel, resolution in panels:
        scores = table(lines, panel.networks, resolution)
        seeds = len(next(iter(scores.values())))
        if seeds:
            about = {"panel": panel.name, "networks": len(panel.networks)}
            rows = [asdict(row) for row in judge(panel, scores)]
            judged.append({**about, "resolution": resolution, "seeds": seeds, "ranked": rows})
    return {"rules": verdicts(judged), "judged": judged, "seconds": _seconds(lines)}


def _seconds(lines: Lines) -> dict[str, float]:
    """CPU seconds of a network and seed, by score and resolution."""
    found: dict[str, list[float]] = {}
    for one in lines:
        found.setdefault(f"{one['score']} at {one['resolution']}", []).append(one["seconds"])
    return {name: float(np.mean(values)) for name, values in sorted(found.items())}


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
    if not arguments.judge and jobs:
        left = compute(jobs, path, arguments.workers, arguments.minutes)
        if left:
            print(f"{left} of {len(jobs)} jobs left: the same command goes on")
            return
    found = report(measured, read_lines(path))
    mark = hashlib.sha256(arguments.measurements.read_bytes()).hexdigest()[:16]
    about = {"measurements": mark, "batch": BATCH, "seeds": RESOLUTIONS, "draws": DRAWS}
    write_atomically(arguments.out / "results.json", _text({**about, **found}))
    _show(found)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return round(value, 4) if isinstance(value, float) else value


def _text(values: dict[str, Any]) -> str:
    """JSON with lists of numbers on one line each."""
    text = json.dumps(_rounded(values), indent=1)
    flat = re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
    return flat + "\n"


def _show(found: dict[str, Any]) -> None:
    for one in found["judged"]:
        title = "{panel}: {networks} networks, scores at {resolution}, {seeds} seeds".format(**one)
        print(f"\n{title}\n{'':10} {'tau':>6} {'95 %':>15} {'over ridge':>11} {'95 %':>15}", end="")
        print(f" {'with it':>8} {'seeds':>6} {'MAdds':>6} {'params':>6}")
        for row in one["ranked"]:
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
            print(f"{name}: rule {rule} {holds}")
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
    parser.add_argument("--judge", action="store_true", help="compute nothing more")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=5.0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
