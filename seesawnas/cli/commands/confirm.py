"""``seesawnas confirm``: is a network better than others, and with what certainty."""

from __future__ import annotations

import json as json_module
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.completion import complete_base
from seesawnas.cli.options import takes_options
from seesawnas.cli.views.output import console, print_json
from seesawnas.cli.views.output import screen as shown_screen
from seesawnas.confirmation.plan import ConfirmPlan
from seesawnas.io.files import write_atomically
from seesawnas.io.terminal import only_shown
from seesawnas.text import several

if TYPE_CHECKING:
    from seesawnas.ablation import AblationResult
    from seesawnas.study import StudyFile


@takes_options(ConfirmPlan)
def confirm(
    refs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="REF",
            help="The candidate, then one or more networks to compare it with: paper/NAME, a YAML "
            "file, a trained network's folder, or a trial of a study (STUDY:NUMBER or "
            "STUDY:best); or a study file with the key networks. Without it, --study is resumed.",
            autocompletion=complete_base,
            show_default=False,
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON on standard output.")
    ] = False,
    **given: Any,
) -> None:
    """Train a network and its rivals seed by seed until it is known which is better.

    After every seed the paired differences are tested; a rival whose difference is resolved is not
    trained further. Run the same command again to resume, or with more --trainings to go on;
    --study alone resumes a study, too.
    """
    plan = _plan(refs, given)
    found = run_confirmation(plan)
    if json:
        print_json(found.values, indent=None)
    else:
        found.show(plan)
    found.leave()


def _plan(refs: list[str] | None, given: Mapping[str, Any]) -> ConfirmPlan:
    from seesawnas.confirmation import plan_of
    from seesawnas.errors import StudyError
    from seesawnas.study.library.files import started_study

    if not refs:
        if (started := started_study(given)) is None:
            raise StudyError(
                "confirm must have networks, got none; give two or more REFs, a study file, or "
                "--study of a study to resume"
            )
        return plan_of(started, given)
    file = _study_file(refs[0]) if len(refs) == 1 else None
    return plan_of(file, given if file else {"networks": refs, **given})


def _study_file(ref: str) -> StudyFile | None:
    """The study file that ``ref`` names; None if it is none, but perhaps a network.

    Raises:
        InvalidInput: If it is a study file of another kind.
    """
    from pathlib import Path

    from seesawnas.io.kinds import document_kind
    from seesawnas.study import StudyFile

    if not Path(ref).is_file():
        return None
    file = StudyFile.read(ref)
    is_study = "networks" in file.values or document_kind(file.values) in ("search", "ablation")
    return file if is_study else None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a run of a confirmation found.

    Attributes:
        result: Its result so far.
        values: The same as JSON values, with the failed trainings, the files and the reason.
        done: Trainings that are finished.
        reason: Why it ended; None if the user stopped it.
    """

    result: AblationResult
    values: dict[str, Any]
    done: int
    reason: str | None

    def show(self, plan: ConfirmPlan) -> None:
        """Print the result."""
        from seesawnas.cli.views.confirmation import show

        show(console(), plan, self.result, self.values["failed"], self.values["files"])

    def leave(self) -> None:
        """End the command if it was stopped or found nothing.

        Raises:
            Exit: With code 130 if it was stopped, 1 if no training is complete.
        """
        from seesawnas.cli.views.progress import say

        screen, runs = shown_screen(), several(self.done, "training run")
        if self.reason is None:
            say(screen, f"Stopped after {runs}. Run the same command to resume.")
            raise typer.Exit(130)
        if not any(arm.values for arm in self.result.arms):
            say(screen, "No training run is complete.")
            raise typer.Exit(1)


def run_confirmation(plan: ConfirmPlan) -> Confirmed:
    """Run a confirmation, show its progress, and write its result."""
    from seesawnas.cli.views.confirmation import watched
    from seesawnas.cli.views.progress import watch
    from seesawnas.confirmation import opened
    from seesawnas.study.record.distillation import about_teacher

    # SIGTERM stops it like Ctrl-C: nothing is lost.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    only_shown()
    with opened(plan) as session:
        reason = watch(watched(session), shown_screen())
        result, done = session.result(), session.record.finished
        ended = {
            "distillation": about_teacher(session.ready.teacher),
            "reason": reason or "interrupted",
            "failed": session.failed(),
        }
        values = {**result.to_mapping(), **ended}
        files = {"result": plan.folder / "result.json", "study": plan.folder / "study.yaml"}
        write_atomically(
            files["result"], json_module.dumps(values, indent=2) + "\n", within=plan.folder
        )
    shown = {name: str(path) for name, path in files.items()}
    return Confirmed(result, {**values, "files": shown}, done, reason)
