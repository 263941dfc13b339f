"""Whether networks that a latency model lets through are as fast as it says.

Networks that the model was not fitted to are drawn uniformly from a space below a latency, and from
the whole budget without the latency, and measured in the model's runtime as those of a fit are.

    python benchmarks/bench_latency_limit.py latency.yaml --limit 6ms [--space seesaw]
                                             [--budget 120M..150M] [--networks 60]
                                             [--measured FILE.jsonl] [--json]

Below the limit: the share that takes no longer than it. Of all drawn: how far predictions are off.
``--limit`` is by default the median bound of the networks of the budget. ``--measured`` keeps what
was measured, a batch at a time: the same command resumes from it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.drawn import tau
from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget, LatencyModel
from seesawnas.device.latency.measurements import Setting, measure_networks
from seesawnas.device.latency.measuring import NetworkTimer
from seesawnas.space import FeasibleSet, load_space

SEED = 12345


def main() -> None:
    arguments = _arguments()
    model = LatencyModel.read(arguments.model)
    timer = NetworkTimer.open(model.runtime, threads=model.threads, batch=model.batch)
    space = load_space(arguments.space)
    anyone = FeasibleSet(space, Budget.parse(arguments.budget))
    drawn = list(anyone.specs(anyone.sample(arguments.networks, SEED)))
    bounds = np.array([model.bound(model.predict(spec)) for spec in drawn]) / 1000
    limit = arguments.limit or f"{np.median(bounds):.1f}ms"
    budget = Budget.parse(f"{arguments.budget}, latency<={limit}@{arguments.model}")
    assert budget.latency is not None
    assert budget.latency.high is not None
    most = budget.latency.high / 1000
    feasible = FeasibleSet(space, budget)
    below = list(feasible.specs(feasible.sample(arguments.networks, SEED)))

    with tempfile.TemporaryDirectory() as folder:
        path = arguments.measured or Path(folder) / "measured.jsonl"
        measured = measure_all(timer, model, [*drawn, *below], path)
    predicted = np.array([model.predict(spec) / 1000 for spec in (*drawn, *below)])
    values = {
        "runtime": model.runtime,
        "device": model.device,
        "space": arguments.space,
        "budget": arguments.budget,
        "model": {"networks": model.networks, "mape": model.mape, "factor": model.factor},
        "of_the_budget": agreement(measured[: len(drawn)], predicted[: len(drawn)], model),
        "limit_ms": most,
        "share_of_the_budget_below": round(float((bounds <= most).mean()), 4),
        "below_the_limit": {
            **agreement(measured[len(drawn) :], predicted[len(drawn) :], model),
            "measured_below": float((measured[len(drawn) :] <= most).mean()),
            "slowest_ms": round(float(measured[len(drawn) :].max()), 3),
        },
    }
    print(json.dumps(values, indent=2) if arguments.json else words(values))


def measure_all(
    timer: NetworkTimer, model: LatencyModel, networks: Sequence[ArchSpec], path: Path
) -> NDArray[np.float64]:
    """Milliseconds of each, measured by the batches of a fit, which the file at ``path`` keeps."""
    setting = Setting.of(timer, model.space, model.waste)
    *_, times = measure_networks(networks, timer, path, setting)
    return np.array([times[spec.digest()] for spec in networks])


def agreement(
    measured: NDArray[np.float64], predicted: NDArray[np.float64], model: LatencyModel
) -> dict[str, float]:
    """How well predictions agree with what was measured, and how often the bound holds."""
    errors = np.abs(predicted / measured - 1)
    return {
        "networks": len(measured),
        "mape": round(float(errors.mean()), 4),
        "within_10_percent": round(float((errors <= 0.1).mean()), 4),
        "tau": round(tau(measured, predicted), 4),
        "within_bound": round(float((measured <= predicted * model.factor).mean()), 4),
        "fastest_ms": round(float(measured.min()), 3),
        "slowest_ms": round(float(measured.max()), 3),
    }


def words(values: dict[str, object]) -> str:
    """The figures, a line each."""
    return "\n".join(f"{name:26} {value}" for name, value in values.items())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--limit", help="such as 6ms")
    parser.add_argument("--space", default="seesaw")
    parser.add_argument("--budget", default="120M..150M")
    parser.add_argument("--networks", type=int, default=60)
    parser.add_argument(
        "--measured", type=Path, help="keeps what was measured, and resumes from it"
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
