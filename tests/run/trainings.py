"""A small training in a folder."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Literal

from seesawnas.data import FaceSource
from seesawnas.train import Recipe
from seesawnas.train.full import Completed, Interrupted, RunEvent, Stepped, TrainPlan, opened
from tests.study.fakes import small_set
from tests.train.sources import MadeUpSource

RECIPE = Recipe(
    "short", epochs=3, batch_size=8, learning_rate=0.05, scale=16.0, margin_size=0.2, averaging=0.9
)


def small_plan(folder: Path, **more: Any) -> TrainPlan:
    feasible = small_set()
    spec = feasible.space.choose(next(feasible.at([feasible.count // 2]).assignments())).renamed(
        "small"
    )
    return TrainPlan(
        **{
            "spec": spec,
            "data": "made up",
            "recipe": RECIPE,
            "folder": folder,
            "workers": 0,
            "device": "cpu",
            **more,
        }
    )


def pairs_file(
    path: Path, answers: Sequence[bool] = (True, False) * 4, spoilt: Collection[int] = ()
) -> str:
    """A verification set of the made-up identities as a .bin.

    A pair an answer; the images of ``spoilt`` pairs are torn.
    """
    source = MadeUpSource()
    images = []
    for number, same in enumerate(answers):
        both = [source.payload(number), source.payload(number + 1 if same else number + 24)]
        images += [image[:50] for image in both] if number in spoilt else both
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps((images, list(answers))))
    return str(path)


OWN: Literal["own"] = "own"


def run(
    plan: TrainPlan,
    source: FaceSource | Literal["own"] | None = None,
    stop: Callable[[int], bool] = lambda step: False,
) -> list[RunEvent]:
    """All events; ``stop`` says after which step the user stops it.

    Without a ``source`` it trains on made-up people, with ``OWN`` on the faces that the plan names.
    """
    events: list[RunEvent] = []

    def is_stopped() -> bool:
        return isinstance(last := events[-1], Stepped) and stop(last.record.step)

    faces = None if source == OWN else source or MadeUpSource()
    with opened(plan, faces) as session:
        for event in session.run(is_stopped):
            events.append(event)
    return events


def result(events: list[RunEvent]) -> dict[str, Any]:
    assert isinstance(events[-1], Completed)
    return events[-1].about


def halted(events: list[RunEvent]) -> bool:
    return isinstance(events[-1], Interrupted)
