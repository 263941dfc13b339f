"""The live view of a training run: a bar of its steps, a line per epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from seesawnas.cli.views.output import console, screen, table
from seesawnas.data.faces import FEW
from seesawnas.data.sources.singles import single_images
from seesawnas.text import escape_line, several
from seesawnas.train.full import (
    Completed,
    EpochDone,
    GenerationStarted,
    Interrupted,
    Resumed,
    RunEvent,
    Session,
    Stepped,
    TeacherEmbedded,
    TeacherEvent,
    TeacherNoted,
    TeacherReady,
    TrainPlan,
    Validated,
)
from seesawnas.train.full.best import BEST

_NAMED = 3


def announce(plan: TrainPlan, session: Session) -> Console:
    """Print what is trained.

    Returns:
        The screen for what follows, silent except in the first process.
    """
    shown, source = screen(quiet=session.team.rank > 0), session.source
    singles = single_images(source)
    height, width = plan.size
    processes = f", {session.team.size} processes" if session.team.size > 1 else ""
    others = several(singles, "other identity", "other identities")
    for title, what in (
        ("Network", f"{plan.spec.name or plan.spec.digest()} at {height}x{width}"),
        (
            "Faces",
            f"{source.description}: {several(len(source) - singles, 'image')} of "
            f"{several(len(source.names), 'identity', 'identities')}",
        ),
        *([("", f"one image each of {others}, for distillation alone")] if singles else []),
        (
            "Recipe",
            f"{plan.recipe.label}: {several(plan.recipe.epochs, 'epoch')}, batch "
            f"{plan.recipe.batch_size}{_changes(plan)}",
        ),
        *_start(plan, session),
        *_distillation(plan, session),
        ("Device", f"{session.device}, {plan.precision}{processes}"),
        ("Folder", str(plan.folder)),
    ):
        _say(shown, f"{title:8} {what}")
    # What was skipped when it was opened, if the source reports it.
    for note in getattr(source, "notes", ()):
        _say(shown, f"{'':8} {note}")
    if plan.identities is not None and plan.identities < FEW:
        _say(shown, f"{'':8} caution: with fewer than {FEW} identities a network learns little")
    return shown


def watch(session: Session, screen: Console, is_stopped: Callable[[], bool]) -> RunEvent | None:
    """Run the training and show it; its last event."""
    columns = (BarColumn(), TextColumn("{task.fields[note]}", markup=False), TimeElapsedColumn())
    last: RunEvent | None = None
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as bars:
        task = bars.add_task("", total=None, note="reading the first images")
        for last in session.run(is_stopped):
            match last:
                case Resumed(step, steps, notes):
                    for note in notes:
                        _say(screen, note)
                    _say(
                        screen,
                        f"Resumed after step {step:,} of {steps:,}" if step else "Started again",
                    )
                case GenerationStarted(number, generations):
                    _say(screen, f"Generation {number} of {generations}")
                case TeacherEmbedded(name, done, images):
                    note = f"embeddings of teacher {name}: {done:,} of {images:,} images"
                    bars.update(task, total=images, completed=done, note=note)
                    _say(screen, *teacher_lines(last))
                case TeacherNoted() | TeacherReady():
                    _say(screen, *teacher_lines(last))
                case Stepped(record, pace, left):
                    note = (
                        f"step {record.step:,}  loss {record.loss:.3f}  {pace:,.0f} images/s  "
                        f"{_time(left)} left"
                    )
                    bars.update(task, total=record.steps, completed=record.step, note=note)
                case Validated(step, scores):
                    _say(screen, f"step {step:,}  {'  '.join(_short(scores))}")
                case EpochDone():
                    _say_epoch(screen, last)
                case Interrupted(step):
                    _say(screen, f"Stopped after step {step:,}. Run the same command to resume.")
                case Completed(_, files, before=True):
                    _say(
                        screen,
                        "Already trained; "
                        f"{'evaluated on the new sets' if files else 'nothing to do'}.",
                    )
    return last


def _changes(plan: TrainPlan) -> str:
    """What the command line changes in the recipe beside what is always shown."""
    names = [*(["learning_rate"] if plan.learning_rate is not None else []), *plan.changes]
    shown = [name for name in names if name not in ("label", "epochs", "batch_size")]
    values = plan.recipe.to_mapping()
    return "".join(f", {name} {values.get(name, plan.changes.get(name))}" for name in shown)


def _start(plan: TrainPlan, session: Session) -> list[tuple[str, str]]:
    """Which weights it begins with, and how it was given more epochs."""
    frozen = f"; not trained: {', '.join(plan.freeze)}" if plan.freeze else ""
    head = " with its margin head" if plan.keep_head else ""
    initial = [] if plan.init is None else [("Weights", f"from {plan.init}{head}{frozen}")]
    extended = [
        f"from {several(one.epochs, 'epoch')} after step {one.step:,}"
        + (f": {' and '.join(one.jumps)}" if one.jumps else "")
        for one in session.extensions
    ]
    return [*initial, *(("Extended", what) for what in extended)]


def _distillation(plan: TrainPlan, session: Session) -> list[tuple[str, str]]:
    """Who teaches and how, as a line of the announcement; none without a teacher."""
    recipe = plan.recipe
    if not session.teachers:
        return []
    names = ", ".join(teacher.name for teacher in session.teachers)
    generations = f", {recipe.generations} generations" if recipe.generations > 1 else ""
    return [("Teacher", f"{names}: {recipe.distill}, weight {session.weight:g}{generations}")]


def teacher_lines(event: TeacherEvent) -> Iterator[str]:
    """The lines of what happens to a teacher's embeddings."""
    match event:
        case TeacherEmbedded(name, done, images):
            if done == images:
                yield f"Teacher {name} embedded {several(images, 'image')}"
        case TeacherNoted(name, line):
            yield f"Teacher {name}: {line}"
        case TeacherReady(name, notes):
            yield from (f"Teacher {name}: {note}" for note in notes)


def show_result(plan: TrainPlan, done: Completed) -> None:
    """The scores, and the files."""
    out = console()
    rows = [(name, *_scored(score)) for name, score in done.about["scores"].items()]
    if rows:
        out.print(table(("verified on", ">accuracy", ">AUC", ">pairs"), rows))
        for line in _cautions(done.about["scores"]):
            out.print(line, markup=False, soft_wrap=True)
    if best := done.about.get("best"):
        out.print(
            f"best: after step {best['step']:,} (epoch {best['epochs']:g}), AUC {best['auc']:.4f}, "
            f"accuracy {100 * best['accuracy']:.2f} %, in {plan.folder / BEST}",
            markup=False,
            soft_wrap=True,
        )
    for path in done.files:
        out.print(f"wrote {path}", soft_wrap=True)
    out.print(f"in Python: seesawnas.load_model({str(plan.folder)!r})", soft_wrap=True)


def _say_epoch(screen: Console, event: EpochDone) -> None:
    record = event.record
    words = [
        f"epoch {record.epoch:3d}/{record.epochs}  loss {record.loss:.4f}  learning rate "
        f"{record.learning_rate:.2g}"
    ]
    words += [f"{record.images / record.seconds:,.0f} images/s"] if record.seconds else []
    words += _short(event.scores)
    _say(screen, "  ".join(words))
    for line in _cautions(event.scores) if record.epoch == 1 else ():
        _say(screen, line)
    if event.unreadable and record.epoch == 1:
        places = ", ".join(event.unreadable[:_NAMED]) + (
            ", ..." if len(event.unreadable) > _NAMED else ""
        )
        _say(screen, f"unreadable images, skipped: {len(event.unreadable)} ({places})")


def _short(scores: Mapping[str, dict[str, Any]]) -> list[str]:
    return [
        f"{name} {score['accuracy']:.4f} (AUC {score['auc']:.4f})" for name, score in scores.items()
    ]


def _cautions(scores: Mapping[str, dict[str, Any]]) -> list[str]:
    return [f"{name}: {note}" for name, score in scores.items() for note in score.get("notes", ())]


def _scored(score: dict[str, Any]) -> tuple[str, str, str]:
    return (
        f"{100 * score['accuracy']:.2f} ± {100 * score['std']:.2f} %",
        f"{score['auc']:.4f}",
        f"{score['pairs']:,}",
    )


def _time(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    return (
        f"{seconds:.0f} s"
        if minutes < 2
        else f"{minutes:.0f} min"
        if hours < 2
        else f"{hours:.1f} h"
    )


def _say(screen: Console, *lines: str) -> None:
    for line in lines:
        screen.print(escape_line(line), soft_wrap=True)
