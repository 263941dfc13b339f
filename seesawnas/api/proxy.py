"""The proxy training of a search's trial from Python: ``proxy``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from seesawnas.api.networks import Network, to_spec
from seesawnas.api.options import given, names_keywords, takes
from seesawnas.data import FaceData
from seesawnas.errors import StudyError
from seesawnas.nn.cpu import one_thread
from seesawnas.plan.documents import Place, plan_of_options
from seesawnas.plan.options import options_of
from seesawnas.space import to_mapping
from seesawnas.study import Measurement, Scores, TrialJob
from seesawnas.study.options import RunPlan, proxy_teacher_conflicts, subset_conflicts
from seesawnas.study.record.distillation import ProxyTeacher, proxy_teacher
from seesawnas.study.trial import load_proxy_faces, proxy_sizes, run_trial
from seesawnas.text import nearest, short
from seesawnas.train.feeds.teacher_plan import TeacherPlan

_TEACHER = tuple(one.key for one in options_of(TeacherPlan))
OPTIONS = ("identities", "epochs", "resolution", "pairs", "share", "recipe", "seed", *_TEACHER)


@names_keywords
@takes(RunPlan, OPTIONS)
def proxy(
    network: Network,
    *,
    data: str | Path | None = None,
    on_epoch: Callable[[int, Scores], object] | None = None,
    **options: Any,
) -> Measurement:
    """Train a network briefly and verify other identities, as a trial of ``seesawnas search`` does.

    ``sn.proxy("paper/seesaw_share", data="FACES").scores.auc``. The same options and seed give the
    scores that a trial of a search has: it trains on one thread, or on a GPU if there is one.

    Args:
        network: A network, a REF such as ``paper/seesaw_share``, a YAML file or ``STUDY:best``, or
            a mapping with the keys of a YAML file.
        data: Faces, as ``--data`` takes them, some of whose identities are held out; None for the
            small default faces.
        on_epoch: Called after each epoch with its number, from 1, and the scores after it. What it
            raises ends the training, such as ``optuna.TrialPruned``.
        **options: Options of ``seesawnas search`` by their names, None for the default. ``share``
            is the fraction of the training identities to train on, ``recipe`` a mapping of what
            differs from the default recipe of a proxy.

    Returns:
        The scores after each epoch (``curve``) and after the last (``scores``), the mean loss of
        each epoch, and the seconds that it took.

    Raises:
        InvalidInput: If an option or the faces cannot be used; a line for each fault.
        TrialError: If the training diverges.
    """
    plan = _plan(None if data is None else str(data), options)
    spec = to_spec(network)
    sizes = proxy_sizes("network", [(spec.input.height, spec.input.width)], plan.proxy.resolution)
    teacher = proxy_teacher(plan, plan.data, plan.identities, plan.seed)
    faces = load_proxy_faces(plan.data, sizes, seed=plan.seed, identities=plan.identities)
    if teacher is not None:
        faces = _taught(teacher, faces)
    count = 0
    with one_thread():
        for step in run_trial(TrialJob(0, to_mapping(spec), plan.proxy), faces):
            count += 1
            if on_epoch is not None:
                on_epoch(count, step.scores)
    assert isinstance(step, Measurement), "a trial ends with its measurement"
    return step


def _plan(data: str | None, options: dict[str, Any]) -> RunPlan:
    for name in options:
        if name not in OPTIONS:
            near = nearest(name, OPTIONS)
            hint = f"did you mean {near}?" if near else f"options are {', '.join(OPTIONS)}"
            raise StudyError(f"{short(name)} is not a known key; {hint}")
    values = given({"data": data, **options})
    return plan_of_options(RunPlan, values, _conflicts)


def _conflicts(plan: RunPlan, place: Place) -> Iterator[str]:
    yield from subset_conflicts(plan.identities, plan.data, place)
    yield from proxy_teacher_conflicts(plan, plan.data, place)


def _taught(teacher: ProxyTeacher, faces: FaceData) -> FaceData:
    """The faces with the teacher's embeddings."""
    teacher.open()
    embedding = teacher.embed(faces)
    while True:
        try:
            next(embedding)
        except StopIteration as end:
            found: FaceData = end.value
            return found
