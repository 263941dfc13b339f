"""``seesawnas ablate``: which design choices matter, how much, and with what certainty."""

from __future__ import annotations

import json as json_module
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.ablation.plan import AblationPlan
from seesawnas.cli.completion import complete_base
from seesawnas.cli.options import takes_options
from seesawnas.cli.views.output import console, print_json
from seesawnas.cli.views.output import screen as shown_screen
from seesawnas.io.files import write_atomically
from seesawnas.io.terminal import only_shown
from seesawnas.text import several

if TYPE_CHECKING:
    from seesawnas.study import StudyFile


@takes_options(AblationPlan)
def ablate(
    spec: Annotated[
        str | None,
        typer.Argument(
            metavar="SPEC",
            help="The base network: paper/NAME, a YAML file or STUDY:NUMBER; or a study file with "
            "the key base. Without it, --study is resumed.",
            autocompletion=complete_base,
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print the design, its networks and the estimated time; train nothing.",
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON on standard output.")
    ] = False,
    **given: Any,
) -> None:
    """Change one design choice of a network at a time, and report the effect of each choice.

    Every variant is trained with several seeds. Run the same command again to resume, or with more
    --seeds to add training runs; --study alone resumes a study, too.
    """
    plan = _plan(spec, given)
    if dry_run:
        _show_design(plan, json)
    else:
        _carry_out(plan, json)


def _plan(spec: str | None, given: Mapping[str, Any]) -> AblationPlan:
    from seesawnas.ablation import plan_of
    from seesawnas.errors import StudyError
    from seesawnas.study.library.files import started_study

    file = started_study(given) if spec is None else _study_file(spec)
    if file is None and spec is None:
        raise StudyError(
            "ablate must have a network, got none; give SPEC, such as paper/seesaw_share, a study "
            "file, or --study of a study to resume"
        )
    return plan_of(file, given if file else {"base": spec, **given})


def _study_file(spec: str) -> StudyFile | None:
    """The study file that ``spec`` names; None if it names a network.

    A search point's file has no base.
    """
    from seesawnas.errors import StudyError
    from seesawnas.io.catalog import STUDIES
    from seesawnas.study import StudyFile

    if STUDIES.find(spec) is not None:
        file = StudyFile.read(spec)
        if "base" not in file.values:
            raise StudyError(
                f"{spec}: must be an ablation study with the key base, got a search study; run: "
                f"seesawnas search {spec}"
            )
        return file
    if not Path(spec).is_file():
        return None
    file = StudyFile.read(spec)
    is_network = "base" not in file.values and bool({"stages", "stem", "head"} & set(file.values))
    return None if is_network else file


def _show_design(plan: AblationPlan, json: bool) -> None:
    from seesawnas.ablation import estimate, prepare_run
    from seesawnas.cli.views.ablation import design_values, show_design

    ready = prepare_run(plan)
    cost = estimate(plan, ready)
    if json:
        print_json(design_values(plan, ready.arms, cost), indent=None)
    else:
        show_design(console(), plan, ready, cost)


def _carry_out(plan: AblationPlan, json: bool) -> None:
    from seesawnas.ablation import opened
    from seesawnas.cli.views.ablation import show, watched
    from seesawnas.cli.views.progress import say, watch
    from seesawnas.study.record.distillation import about_teacher

    # SIGTERM stops it like Ctrl-C: nothing is lost.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    only_shown()
    screen = shown_screen()
    with opened(plan) as session:
        reason = watch(watched(session), screen)
        result = session.result()
        failed = session.failed()
        files = {"result": plan.folder / "result.json", "study": plan.folder / "study.yaml"}
        values = {
            **result.to_mapping(),
            "distillation": about_teacher(session.ready.teacher),
            "reason": reason or "interrupted",
            "failed": failed,
        }
        write_atomically(
            files["result"], json_module.dumps(values, indent=2) + "\n", within=plan.folder
        )
    shown = {name: str(path) for name, path in files.items()}
    if json:
        print_json({**values, "files": shown}, indent=None)
    else:
        show(console(), plan, result, failed, shown)
    if reason is None:
        done = sum(
            len(values) for values in {arm.digest: arm.values for arm in result.arms}.values()
        )
        say(
            screen,
            f"Stopped with {done} of {several(session.wanted, 'training run')} finished. Run the "
            "same command to resume.",
        )
        raise typer.Exit(130)
    if not any(arm.values for arm in result.arms):
        say(screen, "No training run is complete.")
        raise typer.Exit(1)
