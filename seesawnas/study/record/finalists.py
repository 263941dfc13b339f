"""Finalists: the best networks of a study under a latency budget, measured on the device.

A prediction is right for most networks and not for all. So before the best are ranked they are
measured, and one that takes longer than the budget allows is left out of the ranking, and named.
What was measured is an attribute of the study, beside its trials: these are finished, and are not
written any more.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.trial import FrozenTrial

from seesawnas.cost import LATENCY, Limit
from seesawnas.cost.latency import MeasureLatency
from seesawnas.errors import InvalidInput
from seesawnas.io.stored_json import stored_mapping
from seesawnas.study.record.proposal import trial_spec
from seesawnas.study.record.record import StudyRecord

FINALISTS = "finalists"
"""The study's attribute: the limit in microseconds, and what each network took, by digest."""
MOST_MEASURED = 3
"""Times as many networks as are wanted are measured, if that many miss the limit; more, by as many
at a time as are wanted, while none meets it."""


def measured_latencies(attributes: Mapping[str, Any]) -> dict[str, int]:
    """The microseconds that finalists took, by digest; none if none was measured."""
    return _read(attributes)[1]


def missed_limit(attributes: Mapping[str, Any]) -> dict[str, str]:
    """The finalists that took longer than the budget allows: why, by digest."""
    limit, found = _read(attributes)
    return {
        digest: f"measured at {LATENCY.format(took)}, above the limit of {LATENCY.format(limit)}"
        for digest, took in found.items()
        if took > limit
    }


def measure_finalists(
    record: StudyRecord,
    ranked: Sequence[FrozenTrial],
    limit: Limit,
    measure: MeasureLatency,
    wanted: int,
) -> None:
    """Measure the best networks until so many meet the limit, and store what they took.

    Those that were measured before are not measured again. If no network meets the limit, all are
    measured: one that was not would else be ranked before those that were.

    Args:
        record: The study.
        ranked: Its complete trials, best first.
        limit: On latency.
        measure: Measures networks.
        wanted: How many finalists there shall be.

    Raises:
        InvalidInput: If ``measure`` returns what is no latency.
    """
    if limit.high is None:
        return
    found = measured_latencies(record.study.user_attrs)
    specs = {str(trial.user_attrs["digest"]): trial for trial in ranked}
    most = MOST_MEASURED * wanted
    while True:
        within, missing = 0, list[str]()
        for digest in list(specs)[:most]:
            if digest in found:
                within += found[digest] <= limit.high
            else:
                missing.append(digest)
            if within + len(missing) == wanted:
                break
        if not missing and (within or most >= len(specs)):
            return
        if not missing:
            most += wanted
            continue
        times = list(measure([trial_spec(specs[digest]) for digest in missing]))
        if len(times) != len(missing) or not all(0 < t < math.inf for t in times):
            raise InvalidInput(
                f"measured latencies must be {len(missing)} positive numbers of milliseconds, got "
                f"{times}"
            )
        found |= {
            digest: math.ceil(1000 * took) for digest, took in zip(missing, times, strict=True)
        }
        record.check()
        values = {"limit": limit.high, "measured": found}
        record.study.set_user_attr(FINALISTS, json.dumps(values))


def _read(attributes: Mapping[str, Any]) -> tuple[int, dict[str, int]]:
    """The limit, and what was measured; another version's, or a damaged one, says nothing."""
    try:
        values = stored_mapping(attributes[FINALISTS])
        found = {str(name): int(took) for name, took in values["measured"].items()}
        return int(values["limit"]), found
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        return 0, {}
