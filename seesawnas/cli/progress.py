"""The live view of a search: a bar for the study, a bar for each trial under way, a line for each that ended."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from seesawnas.cli.output import found
from seesawnas.search import Session
from seesawnas.study import (
    FINISHED,
    Began,
    DriverEvent,
    Ended,
    Failed,
    Finished,
    Lost,
    Progressed,
    Stopped,
    Trial,
    TrialState,
)
from seesawnas.units import format_quantity


def watch(session: Session, screen: Console) -> bool:
    """Run the search and show it on ``screen``. Returns whether the user stopped it with Ctrl-C."""
    _announce(session, screen)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as bars:
        view = _View(session, screen if not screen.is_terminal else bars.console, bars)
        try:
            with closing(session.run()) as events:
                for event in events:
                    view.show(event)
        except KeyboardInterrupt:
            return True
    return False


def _announce(session: Session, screen: Console) -> None:
    plan, recipe, faces = session.plan, session.plan.proxy.recipe, session.faces
    side = plan.proxy.resolution
    lines = [f"Space    {plan.space}: {found(session.feasible)} within {plan.budget.words}"]
    lines += [f"Faces    {faces.description}", *(f"         {note}" for note in faces.notes)]
    lines += ["         good for a first run; decide on faces of your own (--data)"] if faces.is_default else []
    lines += [f"Proxy    {recipe.epochs} epochs at {side}x{side}, {plan.workers} trials at a time"]
    lines += [f"Study    {plan.folder}{_before(session)}"]
    say(screen, *lines)


def say(screen: Console, *lines: str) -> None:
    """Print lines as they are: no markup, no colours, no wrapping."""
    for line in lines:
        screen.print(line, highlight=False, markup=False, soft_wrap=True)


def _before(session: Session) -> str:
    done = len(session.record.trials(*FINISHED))
    if not done and not session.recovered:
        return ""
    again = f", {session.recovered} interrupted ones go on" if session.recovered else ""
    return f": {done} trials finished before{again}"


@dataclass
class _View:
    """What is on the screen."""

    session: Session
    console: Console
    bars: Progress
    tasks: dict[int, TaskID] = field(default_factory=dict)
    trials: dict[int, Trial] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    ended: int = 0

    def __post_init__(self) -> None:
        plan = self.session.plan
        done = len(self.session.record.trials(*FINISHED))
        self.whole = self.bars.add_task("trials", total=plan.trials, completed=done, note=self._note(done))

    def show(self, event: DriverEvent) -> None:
        """Bring the screen up to date."""
        match event:
            case Began(trial):
                self.trials[trial.number] = trial
                note = f"{trial.user_attrs['digest']} {format_quantity(trial.user_attrs['madds'])}"
                epochs = self.session.plan.proxy.recipe.epochs
                self.tasks[trial.number] = self.bars.add_task(f"  {trial.number}", total=epochs, note=note)
            case Progressed(number, epoch):
                self.bars.update(self.tasks[number], completed=epoch.record.epoch)
                if epoch.note:
                    say(self.console, f"trial {number:3d}  {epoch.note}")
            case Stopped(number, epochs, scores):
                self._end(number, f"stopped early after epoch {epochs} at accuracy {scores.accuracy:.4f}")
            case Finished(number, found):
                scores = found.scores
                self._end(number, f"accuracy {scores.accuracy:.4f}  AUC {scores.auc:.4f}  {found.seconds:.0f} s")
            case Ended():
                pass
            case Failed(number, reason):
                self._end(number, f"failed: {reason}")
            case Lost(number, reason):
                self._end(number, f"lost: {reason}")

    def _end(self, number: int, what: str) -> None:
        self.ended += 1
        self.bars.remove_task(self.tasks.pop(number))
        done = len(self.session.record.trials(*FINISHED))
        self.bars.update(self.whole, completed=done, note=self._note(done))
        attrs = self.trials[number].user_attrs
        label = f"  {attrs['label']}" if attrs.get("label") else ""
        cost = f"{format_quantity(attrs['madds'])} MAdds"
        left = "" if self.bars.console.is_terminal else f"  [{self._note(done)}]"
        say(self.console, f"trial {number:3d}  {attrs['digest']}  {cost}  {what}{label}{left}")

    def _note(self, done: int) -> str:
        complete = self.session.record.trials(TrialState.COMPLETE)
        best = max((trial.values[0] for trial in complete), default=None)
        parts = [f"{done}/{self.session.plan.trials}"]
        parts += [f"best {best:.4f}"] if best is not None else []
        if self.ended and done < self.session.plan.trials:
            seconds = (time.monotonic() - self.started) / self.ended * (self.session.plan.trials - done)
            parts.append(f"about {seconds / 60:.0f} min left" if seconds >= 90 else f"about {seconds:.0f} s left")
        return ", ".join(parts)
