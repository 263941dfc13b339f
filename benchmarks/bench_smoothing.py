"""Does a model of the other trials rank the networks of a study better?

A replay on trained networks; nothing is trained. It may be cut off: with ``--out`` the same command
goes on with the sizes that are left.

    python benchmarks/bench_smoothing.py --measurements FILE.jsonl [--score auc] [--draws 200]
        [--method NAME] [--fresh FRESH.jsonl] [--out DIR]

FILE is what ``benchmarks/train_panel.py`` writes. A study of N trials has N networks of 4x56, drawn
without replacement: first among those that have references, then among the others, which only the
models see. Every weight, penalty and distance is chosen within the drawn study, from its 4x56
scores. Its networks with references are drawn again with replacement (the same for all methods),
and judged by

- tau: Kendall's, with the reference; as a difference to that of the raw scores of the same draw;
- regret: how far the reference of the network ranked first is below the best one's, in standard
  deviations of the networks, and in AUC at 12x112.

The reference is the consensus of the longer trainings: AUC on all pairs at 12x112 and at 8x56, each
the mean over its seeds, standardised and added. Those of seed 0 share the seed of the scores, which
favours the raw ones. ``longest`` is 12x112 alone.

Rules, written down before the first run. (An earlier look at 12x112 alone, with weights and models
chosen after it, is what suggested smoothing.)

1. The method is ``ridge``: benchmarks/smoothing_models.py with the options alone, half of what they
   leave unexplained kept; raw scores if it predicts no better than the mean. It ranks studies only
   if, by AUC, its mean gain of tau is at least 0.03 at 60, 100 and 150 trials, the 10 % quantile of
   its gain at 150 is above 0, its mean gain is not below 0 at 20 and at 30, its mean gain with
   ``longest`` is above 0 at 60, 100 and 150, and its mean regret at 60, 100 and 150 is at most 0.05
   standard deviations above that of raw.
2. The training loss summed over the epochs is another feature of it (``ridge, loss``) only if that
   is a gain of tau over ``ridge`` of at least 0.02 at 60, 100 and 150 trials, and the 10 % quantile
   of this gain at 150 is above 0.

The other methods are there to compare, and decide nothing.

With ``--fresh`` the networks that have references have the scores of that file, from another seed
at 4x56, which no reference shares and no one had looked at. What the first run suggested is judged
by these, by a rule written down before any of them was trained:

3. ``ridge, a quarter kept`` ranks studies only if it passes what rule 1 asks of ``ridge``. The
   forest and all others decide nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.drawn import tau
from benchmarks.smoothing_models import forest, gaussian_process, ridge
from seesawnas.analysis.smoothing import Smoothing
from seesawnas.io.files import write_atomically

_Floats = NDArray[np.float64]
_Places = NDArray[np.int64]
SIZES = (20, 30, 60, 100, 150)
_LARGE = (60, 100, 150)
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_NAMES = {"auc": "AUC", "accuracy": "accuracy"}
_SHOWN = ("ridge", "forest", "gaussian process", "ridge, loss", "raw + loss", "loss")


@dataclass(frozen=True)
class Panel:
    """Networks: options, scores and summed losses of the proxy; references, NaN where unknown."""

    options: list[dict[str, Any]]
    scores: _Floats
    losses: _Floats
    consensus: _Floats
    longest: _Floats

    @classmethod
    def of(
        cls, lines: list[dict[str, Any]], score: str, fresh: Sequence[dict[str, Any]] = ()
    ) -> Panel:
        """Of the lines of a panel; with ``fresh`` ones networks with references have their scores.

        Raises:
            SystemExit: A network with a reference has no fresh line, or another network has.
        """
        found = {(line["level"], line["seed"], line["network"]): line for line in lines}
        networks = sorted(n for level, seed, n in found if (level, seed) == ("4x56", 0))
        scored = {n: found["4x56", 0, n] for n in networks}
        judged = {n for level, _, n in found if level == "12x112"}
        for line in fresh:
            known = scored.get(line["network"], {}).get("assignment")
            if line["level"] != "4x56" or line["assignment"] != known:
                raise SystemExit(f"--fresh has a network that is not known: {line['network']}")
            scored[line["network"]] = line
        if fresh and (lacking := sorted(judged - {line["network"] for line in fresh})):
            raise SystemExit(f"--fresh must have all networks with references, lacks {lacking}")
        proxies = list(scored.values())

        def reference(level: str) -> _Floats:
            """The mean over the seeds that most networks have."""
            counts = Counter(seed for one, seed, _ in found if one == level)
            seeds = [seed for seed in sorted(counts) if counts[seed] == max(counts.values())]
            values = [
                [
                    line["extras"]["all"]["auc"] if (line := found.get((level, s, n))) else np.nan
                    for n in networks
                ]
                for s in seeds
            ]
            return np.asarray(np.mean(values, axis=0))

        longest, shorter = reference("12x112"), reference("8x56")
        return cls(
            [line["assignment"] for line in proxies],
            np.array([line["curve"][-1][score] for line in proxies]),
            np.array([sum(line["losses"]) for line in proxies]),
            _standard(longest) + _standard(shorter),
            longest,
        )


@dataclass(frozen=True)
class Draw:
    """A study, and those of its networks that are judged, by their places in it."""

    study: _Places
    judged: _Places


def _standard(values: _Floats) -> _Floats:
    return np.asarray((values - np.nanmean(values)) / np.nanstd(values))


def draws(panel: Panel, size: int, count: int) -> list[Draw]:
    """Studies of ``size`` trials."""
    known, unknown = (
        np.flatnonzero(~np.isnan(panel.consensus)),
        np.flatnonzero(np.isnan(panel.consensus)),
    )
    found = []
    for seed in range(count):
        rng = np.random.default_rng([size, seed])
        own = rng.permutation(known)[:size]
        study = np.concatenate([own, rng.permutation(unknown)[: size - len(own)]])
        found.append(Draw(study, rng.integers(len(own), size=len(own))))
    return found


Method = Callable[[list[dict[str, Any]], _Floats, _Floats], _Floats]


def _smoothed(found: Smoothing, raw: _Floats) -> _Floats:
    return found.values if found.r2 > 0 else raw


def methods() -> dict[str, Method]:
    """What is compared: the values to rank by, of options, scores and summed losses."""

    def own(share: float) -> Method:
        return lambda x, y, _: _smoothed(ridge(x, y, own=share), y)

    def both(y: _Floats, losses: _Floats) -> _Floats:
        return _standard(y) - _standard(losses)

    return {
        "raw": lambda _, y, __: y,
        "ridge": lambda x, y, _: _smoothed(ridge(x, y), y),
        "forest": lambda x, y, _: forest(x, y),
        "gaussian process": lambda x, y, _: _smoothed(gaussian_process(x, y), y),
        "ridge, loss": lambda x, y, losses: _smoothed(ridge(x, y, loss=losses), y),
        "forest, loss": lambda x, y, losses: forest(x, y, loss=losses),
        "gaussian process, loss": lambda x, y, losses: _smoothed(
            gaussian_process(x, y, loss=losses), y
        ),
        "loss": lambda _, __, losses: -losses,
        "raw + loss": lambda _, y, losses: both(y, losses),
        "ridge of raw + loss": lambda x, y, losses: _smoothed(
            ridge(x, both(y, losses)), both(y, losses)
        ),
        "ridge, nothing kept": own(0.0),
        "ridge, a quarter kept": own(0.25),
        "ridge, three quarters kept": own(0.75),
    }


@dataclass(frozen=True)
class Judged:
    """How a method did at a size; quantiles are over draws.

    Attributes:
        gain: Of tau, over raw. ``gain_10`` and ``gain_90`` are the ends of its 80 % interval,
            ``gain_2`` and ``gain_98`` of its 95 % interval.
        over_ridge: Of tau, over ``ridge``, and its 10 % quantile.
        gain_longest: Of tau, over raw, if the reference is 12x112 alone.
        regret: In standard deviations of the consensus.
        regret_auc: In AUC at 12x112.
    """

    method: str
    trials: int
    tau: float
    gain: float
    gain_2: float
    gain_10: float
    gain_90: float
    gain_98: float
    over_ridge: float
    over_ridge_10: float
    gain_longest: float
    regret: float
    regret_change: float
    regret_change_10: float
    regret_change_90: float
    regret_auc: float


def judge(panel: Panel, size: int, count: int, names: Collection[str]) -> list[Judged]:
    """The methods of these names on the same draws; ``raw`` and ``ridge`` are always among them."""
    every = draws(panel, size, count)
    taus: dict[str, _Floats] = {}
    longest, regrets, regrets_auc = dict[str, _Floats](), dict[str, _Floats](), dict[str, _Floats]()
    scale = float(np.nanstd(panel.consensus))
    for name, method in methods().items():
        if name not in names and name not in ("raw", "ridge"):
            continue
        found = []
        for draw in every:
            options = [panel.options[place] for place in draw.study]
            values = method(options, panel.scores[draw.study], panel.losses[draw.study])
            values = values[draw.judged]
            truth = panel.consensus[draw.study][draw.judged]
            long = panel.longest[draw.study][draw.judged]
            first = int(np.argmax(values))
            found.append(
                (
                    tau(values, truth),
                    tau(values, long),
                    (truth.max() - truth[first]) / scale,
                    long.max() - long[first],
                )
            )
        taus[name], longest[name], regrets[name], regrets_auc[name] = np.array(found).T
    return [
        Judged(
            method=name,
            trials=size,
            tau=float(taus[name].mean()),
            gain=float((gain := taus[name] - taus["raw"]).mean()),
            gain_2=_quantile(gain, 0.025),
            gain_10=_quantile(gain, 0.1),
            gain_90=_quantile(gain, 0.9),
            gain_98=_quantile(gain, 0.975),
            over_ridge=float((over := taus[name] - taus["ridge"]).mean()),
            over_ridge_10=_quantile(over, 0.1),
            gain_longest=float((longest[name] - longest["raw"]).mean()),
            regret=float(regrets[name].mean()),
            regret_change=float((change := regrets[name] - regrets["raw"]).mean()),
            regret_change_10=_quantile(change, 0.1),
            regret_change_90=_quantile(change, 0.9),
            regret_auc=float(regrets_auc[name].mean()),
        )
        for name in taus
    ]


def _quantile(values: _Floats, level: float) -> float:
    return float(np.quantile(values, level))


def verdicts(found: list[Judged], fresh: bool = False) -> dict[str, bool]:
    """The rules of the module's docstring, part by part; with fresh scores the third."""
    if fresh:
        return _ranks(found, "ridge, a quarter kept", "3")
    of = {(one.method, one.trials): one for one in found}
    loss = {n: of["ridge, loss", n] for n in SIZES}
    return _ranks(found, "ridge", "1") | {
        "2 gain over ridge >= 0.02 at 60, 100, 150": all(
            loss[n].over_ridge >= 0.02 for n in _LARGE
        ),
        "2 10 % quantile > 0 at 150": loss[150].over_ridge_10 > 0,
    }


def _ranks(found: list[Judged], method: str, rule: str) -> dict[str, bool]:
    of, raw = ({o.trials: o for o in found if o.method == name} for name in (method, "raw"))
    parts = {
        "gain >= 0.03 at 60, 100, 150": all(of[n].gain >= 0.03 for n in _LARGE),
        "10 % quantile > 0 at 150": of[150].gain_10 > 0,
        "no loss at 20, 30": all(of[n].gain >= 0 for n in (20, 30)),
        "gain > 0 with 12x112 alone": all(of[n].gain_longest > 0 for n in _LARGE),
        "regret at most 0.05 above raw": all(of[n].regret <= raw[n].regret + 0.05 for n in _LARGE),
    }
    return {f"{rule} {part}": holds for part, holds in parts.items()}


def page(found: list[Judged], score: str) -> str:
    """The gains of tau by trials, with 80 % intervals, as an HTML page."""
    figure = go.Figure()
    for place, name in enumerate(_SHOWN):
        line = [one for one in found if one.method == name]
        if not line:
            continue
        gains = np.array([one.gain for one in line])
        figure.add_scatter(
            x=[one.trials * (1 + 0.02 * (place - 2.5)) for one in line],
            y=gains,
            error_y={
                "array": np.array([one.gain_90 for one in line]) - gains,
                "arrayminus": gains - np.array([one.gain_10 for one in line]),
                "thickness": 1,
                "width": 3,
            },
            name=name,
            mode="lines+markers",
            line={"color": _COLOURS[place]},
        )
    figure.add_hline(y=0, line_width=1)
    figure.update_layout(
        title=f"Kendall's tau with the reference: gain over raw {_NAMES[score]}, 80 % intervals",
        xaxis={"title": "trials", "type": "log", "tickvals": SIZES},
        yaxis={"title": "gain of tau"},
        template="plotly_white",
    )
    html: str = figure.to_html(include_plotlyjs=True, full_html=True)
    return html


def main() -> None:
    arguments = _arguments()
    text = arguments.measurements.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    fresh = "" if arguments.fresh is None else arguments.fresh.read_text()
    again = [json.loads(line) for line in fresh.splitlines()]
    panel = Panel.of(lines, arguments.score, again)
    names = arguments.method or list(methods())
    about = {
        "measurements": hashlib.sha256(text.encode()).hexdigest()[:16],
        "score": arguments.score,
        "draws": arguments.draws,
        "methods": sorted({"raw", "ridge", *names}),
    }
    name = f"smoothing_{arguments.score}"
    if fresh:
        about["fresh"] = hashlib.sha256(fresh.encode()).hexdigest()[:16]
        name += "_fresh"
    path = None if arguments.out is None else arguments.out / f"{name}.json"
    found = [] if path is None else _kept(path, about)
    print(f"{'method':28} {'n':>4} {'tau':>6} {'gain':>7} {'80 %':>16} {'regret':>7} {'AUC':>7}")
    for size in SIZES:
        if not any(one.trials == size for one in found):
            found += judge(panel, size, arguments.draws, names)
        if path is not None:
            _keep(path, about, found)
        for one in found:
            if one.trials == size:
                interval = f"{one.gain_10:+.3f} .. {one.gain_90:+.3f}"
                print(
                    f"{one.method:28} {size:4} {one.tau:6.3f} {one.gain:+7.3f} {interval:>16} "
                    f"{one.regret:7.3f} {one.regret_auc:7.4f}",
                    flush=True,
                )
    rules = {} if arguments.method else verdicts(found, bool(fresh))
    for rule, holds in rules.items():
        print(f"{'holds' if holds else 'fails'}: {rule}")
    if path is not None:
        write_atomically(path.with_suffix(".html"), page(found, arguments.score))


def _kept(path: Path, about: dict[str, Any]) -> list[Judged]:
    """What an earlier run of the same replay has finished."""
    if not path.is_file():
        return []
    stored = json.loads(path.read_text())
    results = stored.pop("results")
    return [Judged(**one) for one in results] if stored == about else []


def _keep(path: Path, about: dict[str, Any], found: list[Judged]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = ",\n".join(f"  {json.dumps(_rounded(one))}" for one in found)
    write_atomically(path, f'{json.dumps(about, indent=1)[:-2]},\n "results": [\n{rows}\n ]\n}}\n')


def _rounded(one: Judged) -> dict[str, Any]:
    return {
        name: round(value, 5) if isinstance(value, float) else value
        for name, value in asdict(one).items()
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measurements", required=True, type=Path)
    parser.add_argument("--score", default="auc", choices=list(_NAMES))
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument(
        "--method", action="append", choices=list(methods()), help="only this; may be repeated"
    )
    parser.add_argument("--fresh", type=Path, help="lines of the judged networks, another seed")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
