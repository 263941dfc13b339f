"""``seesawnas search``: an Optuna study of proxy-trained networks under a hard budget."""

from __future__ import annotations

import json as json_module
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.completion import complete_study_file
from seesawnas.cli.options import takes_options
from seesawnas.cli.views.output import console, print_json, screen
from seesawnas.errors import InvalidInput, SeesawnasError
from seesawnas.io.files import write_atomically
from seesawnas.io.terminal import only_shown
from seesawnas.search.plan import SearchPlan
from seesawnas.text import several

if TYPE_CHECKING:
    from seesawnas.arch import ArchSpec
    from seesawnas.cli.commands.confirm import Confirmed
    from seesawnas.cost.latency import MeasureLatency
    from seesawnas.report.study.outcome import Outcome
    from seesawnas.study import ResultRow


@takes_options(SearchPlan)
def search(
    study_file: Annotated[
        str | None,
        typer.Argument(
            metavar="STUDY_FILE",
            help="A study file: your own or a shipped one, such as studies/search_150m.yaml. "
            "Options override its values.",
            autocompletion=complete_study_file,
            show_default=False,
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on standard output.")
    ] = False,
    latency_command: Annotated[
        str | None,
        typer.Option(
            "--latency-command",
            metavar="COMMAND",
            help="Measures the best networks on the device of the budget's latency model, as "
            "--command of `seesawnas latency` does. Default: they are measured if the model is of "
            "this machine.",
            show_default=False,
        ),
    ] = None,
    **given: Any,
) -> None:
    """Search for networks within a hard MAdds budget, with short proxy trainings.

    The trainings are trials of an Optuna study. Give --budget or a study file. Run the same command
    again to resume after Ctrl-C or a crash, or give --study alone: the study keeps its settings.
    """
    _carry_out(_plan(study_file, given), json, latency_command)


def _plan(study_file: str | None, given: dict[str, Any]) -> SearchPlan:
    from seesawnas.errors import StudyError
    from seesawnas.search import StudyFile, plan_of
    from seesawnas.study.library.files import started_study

    if study_file is not None:
        return plan_of(StudyFile.read(study_file), given)
    if "budget" in given:
        return plan_of(None, given)
    if (started := started_study(given)) is None:
        raise StudyError(
            "search must have a budget, got none; give --budget, such as 150M, a study file, or "
            "--study of a study to resume"
        )
    return plan_of(started, given)


@dataclass(frozen=True, slots=True)
class _Searched:
    """A study that was carried on.

    Attributes:
        plan: What it was asked to do.
        outcome: What it holds.
        reason: Why it ended; None if it was interrupted.
        values: Its summary and ``files``, as JSON values.
        leading: Its networks in the order to train them again.
    """

    plan: SearchPlan
    outcome: Outcome
    reason: str | None
    values: dict[str, Any]
    leading: Sequence[ResultRow]


def _carry_out(plan: SearchPlan, json: bool, latency_command: str | None) -> None:
    from seesawnas.cli.views.progress import say
    from seesawnas.cli.views.search import show_next
    from seesawnas.search.leaders import check_leaders

    # SIGTERM stops it like Ctrl-C: nothing is lost.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    only_shown()
    shown, started = screen(), time.monotonic()
    _check_rivals(plan)
    check_leaders(plan)
    timer, notes = _timer(plan, latency_command)
    say(shown, *notes)
    last = searched = _search(plan, timer, json)
    values, confirmed, stopped = searched.values, None, None
    if searched.reason is not None:
        try:
            last = _leaders(searched, timer, json, started)
        except (SeesawnasError, KeyboardInterrupt) as error:
            stopped = error  # after what the search found
    if last is not searched:
        values = {**values, "leaders": last.values}
    if not json:
        going_on = next((one for one in (last, searched) if one.outcome.best is not None), None)
        if going_on is not None:
            show_next(console(), going_on.plan)
        cautions = dict.fromkeys([*searched.values["cautions"], *last.values["cautions"]])
        say(console(), *(f"Caution: {line}" for line in cautions))
    if stopped is None and last.reason is not None:
        try:
            confirmed = _confirm(last, json, started)
        except (SeesawnasError, KeyboardInterrupt) as error:
            stopped = error
    if json:
        more = {} if confirmed is None else {"confirmation": confirmed.values}
        print_json({**values, **more}, indent=None)
    if isinstance(stopped, KeyboardInterrupt):
        say(shown, "Stopped. Run the same command to resume.")
        raise typer.Exit(130)
    if stopped is not None:
        raise stopped
    if confirmed is not None:
        confirmed.leave()
    _leave(last, "" if last is searched else f"{last.plan.study}: ")


def _leave(last: _Searched, study: str) -> None:
    """Leave with the exit code of the last study, which ``study`` names if it is not the search's.

    Raises:
        typer.Exit: If it was interrupted, or if no trial of it is complete.
    """
    from seesawnas.cli.views.progress import say

    if last.reason is None:
        done = _finished(last.plan, last.outcome)
        say(screen(), f"{study}Stopped with {done} finished. Run the same command to resume.")
        raise typer.Exit(130)
    if last.outcome.best is None:
        say(screen(), f"{study}{_without_one(last.outcome)}.")
        raise typer.Exit(1)


def _search(
    plan: SearchPlan, timer: MeasureLatency | None, json: bool, seconds: float | None = None
) -> _Searched:
    """Carry on the study of ``plan``, write its files, and print them but for ``json``.

    ``seconds`` is the time of this run; what the plan says if it is None.
    """
    from seesawnas.cli.views.compiling import compiling_shown
    from seesawnas.cli.views.progress import say, watch
    from seesawnas.cli.views.search import show, watched
    from seesawnas.report.study.outcome import outcome_of, summary_of
    from seesawnas.search import opened
    from seesawnas.study.record.distillation import about_teacher

    finalists = None if timer is None else _Finalists(timer)
    with compiling_shown(), opened(plan) as session:
        reason = watch(watched(session, finalists, seconds), screen())
        outcome = outcome_of(session.record, session.measured_again())
        settings = settings_of(_ran(plan, session.study.trained))
        summary = summary_of(
            outcome, study=plan.folder.name, settings=settings, reason=reason or "interrupted"
        )
        summary["cautions"] = list(session.ready.faces.cautions)
        if finalists is not None and finalists.fault is not None:
            summary["cautions"].append(f"the best were not measured: {finalists.fault}")
        summary["distillation"] = about_teacher(session.ready.teacher)
        if session.ready.priors:
            summary["priors"] = session.learnt()
        leading: Sequence[ResultRow] = outcome.ranking.leading
        smoothed = session.smoothed() if plan.repeats or plan.leaders else None
        if smoothed is not None:
            leading = smoothed.best_first(leading)
            summary["smoothed"] = smoothed.to_mapping()
        files = _write(plan, outcome, summary)
    if not json:
        show(console(), plan, outcome, files, summary.get("priors", ()))
        if smoothed is not None:
            say(console(), smoothed.words)
    return _Searched(plan, outcome, reason, {**summary, "files": files}, leading)


def _time_left(plan: SearchPlan, started: float, what: str) -> tuple[bool, float | None]:
    """Whether the run has time for ``what``, and how many seconds; None for no limit.

    ``started`` is the run's monotonic start.
    """
    from seesawnas.cli.views.progress import say

    if plan.seconds is None:
        return True, None
    left = plan.seconds - (time.monotonic() - started)
    if left <= 0:
        say(screen(), f"{what}  not begun: time limit reached; run the same command to resume")
    return left > 0, left


def _leaders(
    searched: _Searched, timer: MeasureLatency | None, json: bool, started: float
) -> _Searched:
    """Train the best networks for longer, in what is left of the run's time.

    Returns:
        Their study; ``searched`` if no leaders are asked for, or if there are none or no time.
    """
    from seesawnas.cli.views.progress import say
    from seesawnas.search.leaders import leaders_plan

    plan, outcome = searched.plan, searched.outcome
    if not plan.leaders or outcome.best is None:
        return searched
    is_time, left = _time_left(plan, started, "Leaders")
    if not is_time:
        return searched
    made = leaders_plan(plan, searched.leading)
    best = several(len(made.points or ()), "network")
    say(screen(), "", f"Leaders  the best {best}, {several(made.epochs, 'epoch')} each")
    return _search(made, timer, json, left)


def _check_rivals(plan: SearchPlan) -> None:
    """Find the networks of ``confirm`` before hours of search.

    Raises:
        InvalidInput: If one is not found, or has another input size than those of the search, or
            the same name as another; or if there are too many.
    """
    from seesawnas.ablation.arms import make_race
    from seesawnas.confirmation.plan import MOST_NETWORKS
    from seesawnas.errors import StudyError
    from seesawnas.io.catalog import split_trial
    from seesawnas.search.leaders import leaders_name
    from seesawnas.space import load_space
    from seesawnas.study import find_network
    from seesawnas.study.storage.open import study_folder

    candidates = leaders_name(plan) if plan.leaders else plan.study
    for ref in plan.confirm:
        study, trial = split_trial(ref) or ("", "")
        if trial == "best" and study_folder(study) == study_folder(candidates):
            raise StudyError(
                f"--confirm must have other networks than the search's own best, got {ref}"
            )
        size = find_network(ref, plan.storage).spec.input
        sizes = load_space(plan.space).input_sizes
        if (size.height, size.width) not in sizes:
            shown = ", ".join(f"{height}x{width}" for height, width in sizes)
            raise StudyError(
                f"--confirm {ref}: must have an input size of the search space, {shown}, got "
                f"{size.height}x{size.width}"
            )
    if len(plan.confirm) >= MOST_NETWORKS:
        raise StudyError(
            f"--confirm must have at most {MOST_NETWORKS - 1} REFs, got {len(plan.confirm)}"
        )
    if len(plan.confirm) > 1:
        make_race(plan.confirm, plan.storage)


def _confirm(searched: _Searched, json: bool, started: float) -> Confirmed | None:
    """Confirm the best network against those of ``confirm``, in what is left of the run's time.

    None if there are none but itself, or no time is left. ``started`` is the run's monotonic start.
    """
    from seesawnas.cli.commands.confirm import run_confirmation
    from seesawnas.cli.views.progress import say
    from seesawnas.confirmation.loading import after_search
    from seesawnas.study import find_network

    plan, outcome = searched.plan, searched.outcome
    if not plan.confirm or outcome.best is None:
        return None
    best, rivals = outcome.ranking.rows[0], []
    for ref in plan.confirm:
        if find_network(ref, plan.storage).spec.digest() == best.digest:
            say(screen(), "", f"Confirm  {ref} is the best network itself")
        else:
            rivals.append(ref)
    is_time, left = _time_left(plan, started, "Confirm") if rivals else (False, None)
    if not is_time:
        return None
    asked = after_search(plan, best.number, rivals, seconds=left)
    found = run_confirmation(asked)
    if not json:
        found.show(asked)
    return found


@dataclass(slots=True)
class _Finalists:
    """Measures networks, and keeps why it could not: the search's result does not hang on it."""

    timer: MeasureLatency
    fault: str | None = None

    def __call__(self, networks: Sequence[ArchSpec]) -> Sequence[float]:
        self.fault = None
        try:
            return self.timer(networks)
        except InvalidInput as error:
            self.fault = str(error)
            raise


def _timer(plan: SearchPlan, command: str | None) -> tuple[MeasureLatency | None, list[str]]:
    """What measures the best networks under a latency budget, and lines about the budget.

    Args:
        plan: Of the search.
        command: Runs models on the device of the budget's model; None for this machine.

    Raises:
        InvalidInput: If there is a command and no model, or if the command lacks a field.
    """
    model = plan.budget.model
    if model is None:
        if command is not None:
            raise InvalidInput(
                "--latency-command requires a latency model in --budget, got "
                f"{plan.budget.words}; such as latency<=6ms@latency.yaml"
            )
        return None, []
    from seesawnas.device.latency.measuring import NetworkTimer
    from seesawnas.device.latency.prepare import waste_caution
    from seesawnas.device.latency.runtimes import RUNTIMES, runtime_version

    caution = waste_caution(model)
    notes = [f"Caution: {caution}"] if caution else []
    why = f"this machine has no {model.runtime}"
    if model.runtime in RUNTIMES and (command is not None or runtime_version(model.runtime)):
        timer = NetworkTimer.open(
            model.runtime,
            threads=model.threads,
            batch=model.batch,
            command=command,
            option="--latency-command",
        )
        if command is None and model.runtime_version != timer.version:
            notes.append(
                f"Caution: the latency model is of {model.runtime} {model.runtime_version}, here "
                f"is {timer.version}; fit it anew with `seesawnas latency fit`"
            )
        if command is not None or timer.place == model.device:
            return timer, notes
        why = "this machine is another"
    notes.append(
        f"Latency  predicted for {model.device} ({model.runtime}), not measured: {why}; measure "
        "the best with --latency-command"
    )
    return None, notes


def _ran(plan: SearchPlan, trained: bool) -> SearchPlan:
    """The plan that produced the study: that of its study file if this start trained nothing."""
    from seesawnas.errors import InvalidInput
    from seesawnas.search import StudyFile, plan_of

    if trained:
        return plan
    try:
        return plan_of(StudyFile.read(str(plan.folder / "study.yaml")), {"study": plan.study})
    except InvalidInput:  # of another version, or what it names is gone
        return plan


def settings_of(plan: SearchPlan) -> dict[str, Any]:
    """The plan as the summary stores it; its keys are stable."""
    repeats = {"seeds": list(plan.repeat_seeds), "top": plan.repeat_top}
    return {**plan.summary(), "repeats": repeats, "workers": plan.engine.at_a_time}


def _write(plan: SearchPlan, outcome: Outcome, summary: dict[str, Any]) -> dict[str, str]:
    """Write the result files. Returns their paths by name."""
    from seesawnas.report.plots.pareto import pareto_html
    from seesawnas.report.study.outcome import best_yaml

    files = {"summary": plan.folder / "summary.json", "study": plan.folder / "study.yaml"}
    if outcome.best is not None:
        files |= {"best": plan.folder / "best.yaml", "plot": plan.folder / "pareto.html"}
        write_atomically(files["best"], best_yaml(outcome, plan.folder.name), within=plan.folder)
        ranking = outcome.ranking
        html = pareto_html(
            ranking.rows, title=plan.folder.name, budget=plan.budget, objectives=ranking.objectives
        )
        write_atomically(files["plot"], html, within=plan.folder)
    write_atomically(
        files["summary"], json_module.dumps(summary, indent=2) + "\n", within=plan.folder
    )
    return {name: str(path) for name, path in files.items()}


def _finished(plan: SearchPlan, outcome: Outcome) -> str:
    return (
        f"{outcome.finished} of {several(plan.rules.trials, 'trial')}"
        if plan.rules.trials
        else several(outcome.finished, "trial")
    )


def _without_one(outcome: Outcome) -> str:
    failed, stopped = len(outcome.failed), len(outcome.stopped)
    if outcome.missed:
        missed = several(len(outcome.missed), "network")
        return f"No network meets the latency limit: {missed} measured, each above it"
    if not stopped:
        why = (
            f"all {failed} failed"
            if failed
            else "the time limit was reached before the first trial finished"
        )
        return f"No trial is complete: {why}"
    return f"No trial is complete: {failed} failed, {stopped} were stopped early"
