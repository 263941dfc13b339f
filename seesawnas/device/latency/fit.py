"""From measured networks to a latency model.

Coefficients are not negative and minimise the squared *relative* error. How well the model predicts
is seen by ten-fold cross-validation: every network is predicted by a model of others. The factor
that makes a prediction a bound is conformal: the quantile of measured / predicted over the networks
held out, at a rank that is right for a finite number of them. All networks serve both the fit and
the factor, each fold's the others (cross-conformal prediction, Vovk 2015): that the bound holds for
the stated share is a theorem if a model and its factor come from different networks, and what is
found in practice if they are shared like this.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from scipy.optimize import nnls
from scipy.stats import kendalltau

from seesawnas.arch import ArchSpec
from seesawnas.cost.counts import LANES, UNITS
from seesawnas.cost.latency import LatencyModel
from seesawnas.cost.lowering import Lowering
from seesawnas.device.latency.design import Floats, counted_names, counts_matrix
from seesawnas.device.latency.measurements import Setting
from seesawnas.errors import InvalidInput

FOLDS = 10
COVERAGE = 0.95
_DIGITS = 6
_ITERATIONS = 10_000


@dataclass(frozen=True, slots=True)
class LatencyFit:
    """A model, and how well it predicts networks that it was not fitted to.

    Attributes:
        model: Fitted to all networks.
        networks: They.
        measured: Microseconds of each.
        held_out: What a model of other networks predicts of each, in microseconds.
    """

    model: LatencyModel
    networks: tuple[ArchSpec, ...]
    measured: tuple[float, ...]
    held_out: tuple[float, ...]

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values; the keys are stable."""
        return {
            **self.model.to_mapping(),
            "measured": [
                {
                    "digest": spec.digest(),
                    "milliseconds": measured / 1000,
                    "held_out_prediction": predicted / 1000,
                }
                for spec, measured, predicted in zip(
                    self.networks, self.measured, self.held_out, strict=True
                )
            ],
        }


def fit_latency(
    milliseconds: Sequence[float],
    networks: Sequence[ArchSpec],
    setting: Setting,
    *,
    coverage: float = COVERAGE,
) -> LatencyFit:
    """Fit a model to networks and what each of them took.

    Raises:
        InvalidInput: If there are too few networks for the ``coverage``, or a time is not positive.
    """
    measured = 1000 * np.array(milliseconds, np.float64)
    if not (np.isfinite(measured).all() and (measured > 0).all()):
        raise InvalidInput("measured latencies must be positive numbers of milliseconds")
    least = least_networks(coverage)
    if len(networks) < least:
        raise InvalidInput(
            f"networks to fit to must be at least {least}, so that {coverage:.0%} of new ones "
            f"can be bounded, got {len(networks)}"
        )
    lowering = _lowering(networks, measured, setting.waste)
    counts = counts_matrix(networks, lowering)
    held_out = _held_out(counts, measured)
    errors = np.abs(held_out / measured - 1)
    names = counted_names(networks, lowering)
    coefficients = _coefficients(counts, measured)
    model = LatencyModel(
        device=setting.device_words,
        runtime=setting.runtime,
        runtime_version=setting.runtime_version,
        threads=setting.threads,
        batch=setting.batch,
        inputs=tuple(sorted({(spec.input.height, spec.input.width) for spec in networks})),
        waste=lowering.waste,
        lanes=lowering.lanes,
        space=setting.space,
        networks=len(networks),
        mape=_rounded(float(errors.mean())),
        within_10_percent=_rounded(float((errors <= 0.1).mean())),
        tau=_rounded(_tau(measured, held_out)),
        factor=_rounded(conformal_factor(measured / held_out, coverage)),
        coverage=coverage,
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        coefficients=tuple(
            (name, _rounded(float(value) * UNITS[name]))
            for name, value in zip(names, coefficients, strict=True)
        ),
    )
    return LatencyFit(model, tuple(networks), tuple(measured.tolist()), tuple(held_out.tolist()))


def _lowering(networks: Sequence[ArchSpec], measured: Floats, waste: float) -> Lowering:
    """With the lanes that predict networks held out best: the device's vector units tell by that.

    Others than the default must be better by a tenth. The same networks then judge the model, which
    makes its errors a little too small where another is chosen.
    """
    found: dict[Lowering, float] = {}
    for lowering in dict.fromkeys((Lowering(waste), *(Lowering(waste, n) for n in LANES))):
        held_out = _held_out(counts_matrix(networks, lowering), measured)
        found[lowering] = float(np.abs(held_out / measured - 1).mean())
    best = min(found, key=found.__getitem__)
    return best if found[best] < 0.9 * found[Lowering(waste)] else Lowering(waste)


def least_networks(coverage: float) -> int:
    """How many ratios it takes so that one of them bounds a new one with this probability."""
    return max(2 * FOLDS, math.ceil(coverage / (1 - coverage) - 1e-9))


def conformal_factor(ratios: Floats, coverage: float) -> float:
    """The ratio that a new one does not exceed with the probability ``coverage``.

    It is the one of rank ceil((n + 1) coverage), rounded up in its last digit.
    """
    rank = math.ceil((len(ratios) + 1) * coverage - 1e-9)
    found = float(np.sort(ratios)[min(rank, len(ratios)) - 1])
    return math.ceil(found * 10_000) / 10_000


def _coefficients(counts: Floats, measured: Floats) -> Floats:
    """Microseconds a count, none negative, by least squares of the relative error."""
    scale = counts.max(axis=0)
    scale[scale == 0] = 1.0
    found, _ = nnls(counts / scale / measured[:, None], np.ones(len(measured)), maxiter=_ITERATIONS)
    return np.asarray(found / scale, np.float64)


def _held_out(counts: Floats, measured: Floats) -> Floats:
    """What models of the other folds predict, in microseconds; a microsecond at least."""
    order = np.random.default_rng(0).permutation(len(measured))
    found = np.zeros(len(measured))
    for fold in np.array_split(order, FOLDS):
        others = np.setdiff1d(order, fold)
        found[fold] = counts[fold] @ _coefficients(counts[others], measured[others])
    return np.maximum(found, 1.0)


def _tau(measured: Floats, predicted: Floats) -> float:
    """Kendall's tau; 0 if one of them is constant."""
    found = float(kendalltau(measured, predicted).statistic)
    return found if math.isfinite(found) else 0.0


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
