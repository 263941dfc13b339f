"""The live view of a study.

A bar for the whole, a bar for each running trial, a line for each that ended.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from seesawnas.cli.views.training import teacher_lines
from seesawnas.data import FaceData
from seesawnas.evaluation.metrics import METRICS
from seesawnas.search import Repeating, SearchEvent
from seesawnas.study import (
    FINISHED,
    Ended,
    EngineSettings,
    EpochFinished,
    Failed,
    Finished,
    Lost,
    Noted,
    Proxy,
    Scores,
    Stopped,
    StudyRecord,
    Trial,
    TrialStarted,
    TrialState,
)
from seesawnas.study.record.distillation import ProxyTeacher
from seesawnas.text import escape_line, several
from seesawnas.train.full import TeacherEmbedded, TeacherEvent, TeacherNoted, TeacherReady
from seesawnas.units import format_quantity


@dataclass(frozen=True, slots=True)
class ProgressView:
    """A session as the screen shows it.

    Attributes:
        lines: Printed first.
        wanted: Number of trials to reach.
        seconds: Time limit of this run.
        repeats: The repeats that may follow.
        repeats_line: Printed before the repeats.
    """

    record: StudyRecord
    run: Callable[[], Generator[SearchEvent]]
    recover: Callable[[], int]
    lines: Sequence[str]
    epochs: int
    wanted: int | None = None
    seconds: float | None = None
    word: str = "trial"
    repeats: StudyRecord | None = None
    repeats_line: str = ""


def watch(watched: ProgressView, screen: Console) -> str | None:
    """Run the session and show it on ``screen``.

    Returns:
        Why it ended; None if the user stopped it with Ctrl-C.
    """
    say(screen, *watched.lines)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as bars:
        view = _View(watched, screen if not screen.is_terminal else bars.console, bars)
        watched.record.on_outage(lambda line: say(view.console, line))
        try:
            with closing(watched.run()) as events:
                for event in events:
                    view.show(event)
        except KeyboardInterrupt:
            # A second Ctrl-C may have cut short what the first one began: nothing may stay behind
            # as running.
            with _uninterrupted():
                watched.recover()
            return None
    return view.reason


def study_lines(
    faces: FaceData,
    proxy: Proxy,
    engine: EngineSettings,
    where: str,
    teacher: ProxyTeacher | None = None,
) -> list[str]:
    """The lines before a study runs: its faces, its proxy, its teacher, its folder."""
    at_a_time = engine.at_a_time
    lines = [f"Faces    {faces.summary}", *(f"         {note}" for note in faces.notes)]
    lines += (
        ["         for a first run only; use your own faces for decisions (--data)"]
        if faces.is_default
        else []
    )
    lines += [f"         caution: {line}" for line in faces.cautions]
    trials = (
        "as many parallel trials as fit"
        if at_a_time is None
        else several(at_a_time, "parallel trial")
    )
    sizes, epochs = (
        ", ".join(f"{h}x{w}" for h, w in faces.sizes),
        several(proxy.recipe.epochs, "epoch"),
    )
    lines += [f"Proxy    {epochs} at {sizes}, {trials}"]
    lines += [] if teacher is None else [f"Teacher  {teacher.label}"]
    return [*lines, f"Study    {where}"]


def before(record: StudyRecord, recovered: int) -> str:
    """What the study has from earlier runs, in words; empty if it is new."""
    done = len(record.trials(*FINISHED))
    if not done and not recovered:
        return ""
    again = f", resuming {recovered} interrupted" if recovered else ""
    return f": {several(done, 'trial')} finished before{again}"


@contextmanager
def _uninterrupted() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def say(screen: Console, *lines: str) -> None:
    """Print lines as they are: no markup, no colours, no wrapping."""
    for line in lines:
        screen.print(escape_line(line), soft_wrap=True)


@dataclass
class _Phase:
    """The search, or the repeats: whose trials are shown, and how many there shall be."""

    record: StudyRecord
    word: str
    wanted: int | None
    seconds: float | None = None
    started: float = field(default_factory=time.monotonic)
    ended: int = 0

    @property
    def done(self) -> int:
        return self.record.finished

    def note(self) -> str:
        """How far it is, and what is left.

        That is of the trials by the pace so far, of the time by the clock.
        """
        parts = [f"{self.done}/{self.wanted}" if self.wanted else several(self.done, "trial")]
        complete = self.record.trials(TrialState.COMPLETE)
        best = max((trial.values[0] for trial in complete), default=None)
        parts += [f"best {best:.4f}"] if best is not None else []
        return ", ".join([*parts, *self._left()])

    def _left(self) -> Iterator[str]:
        if self.wanted and self.done >= self.wanted:
            return
        passed = time.monotonic() - self.started
        ends = []
        if self.wanted and self.ended:
            ends.append(passed / self.ended * (self.wanted - self.done))
        if self.seconds is not None:
            ends.append(max(0.0, self.seconds - passed))
        if ends:
            left = min(ends)
            yield f"about {left / 60:.0f} min left" if left >= 90 else f"about {left:.0f} s left"


@dataclass
class _View:
    """What is on the screen."""

    watched: ProgressView
    console: Console
    bars: Progress
    tasks: dict[int, TaskID] = field(default_factory=dict)
    trials: dict[int, Trial] = field(default_factory=dict)
    reason: str = ""
    teaching: TaskID | None = None

    def __post_init__(self) -> None:
        shown = self.watched
        self._begin(_Phase(shown.record, shown.word, shown.wanted, shown.seconds))

    def show(self, event: SearchEvent) -> None:
        """Bring the screen up to date."""
        match event:
            case TrialStarted(trial, resumed):
                self._add(trial, resumed)
            case EpochFinished(number, epoch):
                self.bars.update(self.tasks[number], completed=epoch.record.epoch)
                if epoch.note:
                    say(self.console, f"{self.phase.word} {number:3d}  {epoch.note}")
            case Stopped(number, epochs, scores):
                self._end(number, f"stopped early after epoch {epochs} at {self._scores(scores)}")
            case Finished(number, found):
                self._end(number, f"{self._scores(found.scores)}  {found.seconds:.0f} s")
            case Failed(number, reason):
                self._end(number, f"failed: {reason}")
            case Lost(number, reason):
                self._end(number, f"lost: {reason}")
            case Noted(line):
                say(self.console, line)
            case TeacherEmbedded() | TeacherNoted() | TeacherReady():
                self._teach(event)
            case Repeating(wanted):
                self._repeat(wanted)
            case Ended(reason):
                self.reason = reason
                say(self.console, f"Ended    {reason}")

    def _teach(self, event: TeacherEvent) -> None:
        if isinstance(event, TeacherEmbedded):
            if self.teaching is None:
                self.teaching = self.bars.add_task("teacher", total=event.images, note=event.name)
            self.bars.update(self.teaching, completed=event.done)
        elif isinstance(event, TeacherReady) and self.teaching is not None:
            self.bars.remove_task(self.teaching)
            self.teaching = None
        for line in teacher_lines(event):
            say(self.console, line)

    def _begin(self, phase: _Phase) -> None:
        self.phase = phase
        self.whole = self.bars.add_task(
            f"{phase.word}s", total=phase.wanted, completed=phase.done, note=phase.note()
        )

    def _repeat(self, wanted: int) -> None:
        assert self.watched.repeats is not None
        say(self.console, self.watched.repeats_line)
        self.trials.clear()
        self._begin(_Phase(self.watched.repeats, "repeat", wanted))

    def _add(self, trial: Trial, resumed: bool) -> None:
        number, attrs, step = trial.number, trial.user_attrs, trial.last_step
        self.trials[number] = trial
        note = f"{attrs['digest']} {format_quantity(attrs['madds'])}"
        done = (step or 0) if resumed else 0
        self.tasks[number] = self.bars.add_task(
            f"  {number}", total=self.watched.epochs, completed=done, note=note
        )
        if resumed:
            say(
                self.console,
                f"{self.phase.word} {number:3d}  {attrs['digest']}  resumed from its checkpoint",
            )

    def _scores(self, scores: Scores) -> str:
        """Accuracy and AUC, and the study's metric if it is another."""
        quality = self.watched.record.objectives.metric
        own = (
            ""
            if quality in ("accuracy", "auc")
            else f"{quality} {METRICS[quality].format(getattr(scores, quality) or 0.0)}  "
        )
        return f"{own}accuracy {scores.accuracy:.4f}  AUC {scores.auc:.4f}"

    def _end(self, number: int, what: str) -> None:
        self.phase.ended += 1
        self.bars.remove_task(self.tasks.pop(number))
        note = self.phase.note()
        self.bars.update(self.whole, completed=self.phase.done, note=note)
        attrs = self.trials[number].user_attrs
        words = [attrs["digest"], f"{format_quantity(attrs['madds'])} MAdds", what]
        words += [attrs[name] for name in ("variant", "label") if attrs.get(name)]
        words += [] if self.bars.console.is_terminal else [f"[{note}]"]
        say(self.console, f"{self.phase.word} {number:3d}  {'  '.join(words)}")
