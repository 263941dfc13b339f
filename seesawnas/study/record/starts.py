"""Every start of a study: when, by which command, with what settings, and what it did.

A start is written down before it runs anything, with the numbers of the trials that were not
finished then. What it did is what was finished before the next start, so that the work of a killed
start is recorded, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from optuna.trial import FrozenTrial, TrialState

from seesawnas.io.stored_json import stored_json

PREFIX = "run."
"""Attributes of a study that begin with this, and a number, are its starts."""
REPEATING = ("repeats", "repeat_top")
"""Settings of the repeats, which a start may do without a trial of the search."""
STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "stopped early",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}
"""The states of trials in words."""
_WORDS = {state: word for state, word in STATES.items() if state.is_finished()}

Made: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Start:
    """One start of a study.

    Attributes:
        made: What made it.
        plan: The plan in force; None if an earlier version did not say.
        trained: The numbers of the trials that it finished, by how they ended; None if that is not
            on record.
        repeats: How many repeats it finished.
        ended: Why it ended; None if it was killed, or still runs.
    """

    made: Made
    plan: dict[str, Any] | None
    trained: dict[str, list[int]] | None
    repeats: int
    ended: str | None

    @property
    def numbers(self) -> list[int]:
        """The trials that it finished."""
        return sorted(number for some in (self.trained or {}).values() for number in some)

    def did(self) -> str:
        """What it did, in words."""
        if self.trained is None:
            return "no record of what it trained"
        parts = [f"{len(some)} {word}" for word, some in self.trained.items() if some]
        numbers = self.numbers
        what = (
            f"{_several(len(numbers), 'trial')} ({spans(numbers)}): {', '.join(parts)}"
            if numbers
            else ""
        )
        again = _several(self.repeats, "repeat") if self.repeats else ""
        trained = " and ".join(filter(None, (what, again)))
        return f"trained {trained}" if trained else "trained nothing"

    def to_mapping(self) -> dict[str, Any]:
        """JSON values: what made it, and ``plan``, ``trained``, ``repeats``, ``ended``, ``did``."""
        kept = {
            name: value
            for name, value in self.made.items()
            if name not in ("held", "ended", "plan")
        }
        return {
            **kept,
            "plan": self.plan,
            "trained": self.trained,
            "repeats": self.repeats,
            "ended": self.ended,
            "did": self.did(),
        }


def held(trials: Sequence[FrozenTrial], repeats: int) -> dict[str, Any]:
    """What a study holds when a start begins.

    That is how many trials, which of them are not finished, and how many repeats are done.
    """
    unfinished = [trial.number for trial in trials if not trial.state.is_finished()]
    return {"trials": len(trials), "unfinished": unfinished, "repeats": repeats}


def read_starts(
    attributes: Mapping[str, Any], trials: Sequence[FrozenTrial], repeats: int = 0
) -> list[Start]:
    """The starts of a study with these attributes and trials, the first first.

    ``repeats`` is how many repeats are done by now.
    """
    names = [name for name in attributes if name.startswith(PREFIX)]
    found = [
        _parsed(attributes[name]) for name in sorted(names, key=lambda name: (len(name), name))
    ]
    every = [made for made in found if isinstance(made, dict)]
    ends: list[Any] = [made.get("held") for made in every[1:]] + [held(trials, repeats)]
    states = {trial.number: trial.state for trial in trials}
    return [_start(made, end, states) for made, end in zip(every, ends, strict=False)]


def last_plan(starts: Sequence[Start]) -> dict[str, Any] | None:
    """What the last start was asked to do that says so; None if none does."""
    plans = [start.plan for start in starts if start.plan is not None]
    return dict(plans[-1]) if plans else None


def reproducible_settings(starts: Sequence[Start], finished: int) -> dict[str, Any] | None:
    """The settings that produced what a study holds.

    None if no start that trained anything says its plan.

    They are those of the last start that trained trials, or, for the repeats, of the last that
    trained repeats. A start that trained nothing has no say. ``time`` limits one start, not the
    study: if several trained, it is left out, and if nothing else ends the last of them that is
    over, its trials are as many as are ``finished``. ``seeds`` are the most.
    """
    did = [start for start in starts if start.plan is not None and (start.numbers or start.repeats)]
    searched = [start for start in did if start.numbers] or did
    if not searched or (last := searched[-1]).plan is None:
        return None
    plan = dict(last.plan)
    again = next((start for start in reversed(did) if start.repeats), None)
    if (
        again is not None
        and again.plan is not None
        and (did.index(again) > did.index(last) or not plan.get("repeats"))
    ):
        plan |= {name: again.plan[name] for name in REPEATING if name in again.plan}
    if "seeds" in plan:
        plan["seeds"] = max(
            start.plan["seeds"] for start in did if start.plan is not None and "seeds" in start.plan
        )
    before = last.made.get("held") or {}
    goes_on = len(before.get("unfinished") or ()) < int(before.get("trials") or 0)
    if goes_on and last.ended is not None and last.ended != INTERRUPTED and "time" in plan:
        del plan["time"]
        if "seeds" not in plan and not {"trials", "patience", "target"} & set(plan):
            plan["trials"] = finished
    return plan


INTERRUPTED = "interrupted"


def spans(numbers: Sequence[int]) -> str:
    """Numbers in words, such as ``0 to 11, 13``."""
    return ", ".join(
        f"{low}" if low == high else f"{low} to {high}" for low, high in _runs(numbers)
    )


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = last = None
    for number in sorted(numbers):
        if last is None or start is None or number != last + 1:
            if start is not None and last is not None:
                yield start, last
            start = number
        last = number
    if start is not None and last is not None:
        yield start, last


def _start(made: Made, end: Any, states: Mapping[int, TrialState]) -> Start:
    plan, ended = made.get("plan"), made.get("ended")
    first = made.get("held")
    return Start(
        made,
        plan if isinstance(plan, dict) else None,
        _trained(first, end, states),
        max(0, _number(end, "repeats") - _number(first, "repeats"))
        if isinstance(first, dict)
        else 0,
        str(ended) if ended is not None else None,
    )


def _trained(first: Any, end: Any, states: Mapping[int, TrialState]) -> dict[str, list[int]] | None:
    """The trials that were finished at ``end`` and not at ``first``, by state.

    None if either is not on record.
    """
    if not isinstance(first, dict) or not isinstance(end, dict):
        return None
    open_then, open_after = set(first.get("unfinished") or ()), set(end.get("unfinished") or ())
    begun = [*sorted(open_then), *range(_number(first, "trials"), _number(end, "trials"))]
    found: dict[str, list[int]] = {word: [] for word in _WORDS.values()}
    for number in begun:
        if number not in open_after and (word := _WORDS.get(states.get(number))) is not None:  # type: ignore[arg-type]
            found[word].append(number)
    return found


def _number(values: Any, name: str) -> int:
    value = values.get(name) if isinstance(values, dict) else None
    return value if isinstance(value, int) else 0


def _parsed(text: Any) -> Any:
    try:
        return stored_json(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _several(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
