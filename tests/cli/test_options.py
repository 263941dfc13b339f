"""Commands that take the options of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from seesawnas.ablation.plan import AblationPlan
from seesawnas.analysis.fidelity.plan import FidelityPlan
from seesawnas.cli.commands.ablate import ablate
from seesawnas.cli.commands.confirm import confirm
from seesawnas.cli.commands.fidelity import fidelity
from seesawnas.cli.commands.search import search
from seesawnas.cli.commands.train import train
from seesawnas.cli.options import takes_options
from seesawnas.confirmation.plan import ConfirmPlan
from seesawnas.plan.options import Number, Plan, Whole, option, options_of, text
from seesawnas.search.plan import SearchPlan
from seesawnas.study.options import ENDS
from seesawnas.train.full.plan import TrainPlan
from tests.cli.running import Ran


@dataclass(frozen=True, kw_only=True)
class Small(Plan):
    some_width: int | None = option(Whole(1, 9, optional=True), "N", ENDS, "A width.", default=None)
    share: float = option(Number(0, 1), "X", ENDS, "A share.", default=0.5)
    width_unit: str = option(
        text, "UNIT", ENDS, "Of widths.", default="px", former_key="unit_of_width"
    )
    note: str = option(text, default="")


def ran(*words: str) -> tuple[int, dict[str, Any]]:
    found: dict[str, Any] = {}
    app = typer.Typer()

    @app.command()
    @takes_options(Small)
    def command(
        name: Annotated[str, typer.Argument()],
        loud: Annotated[bool, typer.Option("--loud")] = False,
        **given: Any,
    ) -> None:
        """Do it."""
        found.update(name=name, loud=loud, given=given)

    return CliRunner().invoke(app, words).exit_code, found


def test_options_that_are_given_come_parsed_by_their_keys_beside_the_command_s_own() -> None:
    assert ran("x", "--some-width", "3", "--loud") == (
        0,
        {"name": "x", "loud": True, "given": {"some_width": 3}},
    )
    assert ran("x", "--share", "0.25")[1]["given"] == {"share": 0.25}


def test_an_option_is_still_taken_by_its_former_name_which_no_help_has() -> None:
    assert ran("x", "--unit-of-width", "mm")[1]["given"] == {"width_unit": "mm"}
    assert ran("x", "--unit-of-width", "mm", "--width-unit", "cm")[1]["given"] == {
        "width_unit": "cm"
    }
    for command in ("search", "ablate"):
        shown = Ran(command, "--help").out
        assert "--stall-timeout" in shown
        assert "--silence" not in shown
    fault = Ran("search", "--budget", "150M", "--silence", "soon")
    assert (fault.code, fault.err.partition(",")[0]) == (
        2,
        "--stall-timeout must be a time such as 2h",
    )


@pytest.mark.parametrize("words", [("--note", "n"), ("--some-width", "wide")])
def test_a_key_without_a_metavar_and_a_value_of_another_kind_are_refused(
    words: tuple[str, ...],
) -> None:
    assert ran("x", *words) == (2, {})


@pytest.mark.parametrize(
    ("command", "plan"),
    [
        (search, SearchPlan),
        (ablate, AblationPlan),
        (fidelity, FidelityPlan),
        (confirm, ConfirmPlan),
        (train, TrainPlan),
    ],
)
def test_a_command_has_the_options_that_its_plan_declares(command: Any, plan: type[Plan]) -> None:
    app = typer.Typer()
    app.command()(command)
    names = {
        word
        for one in typer.main.get_command(app).params
        if not getattr(one, "hidden", False)
        for word in one.opts
        if word.startswith("--")
    }
    own = {"--json", "--dry-run", "--install-completion", "--show-completion"}
    if plan is TrainPlan:
        own.add("--storage")  # of the study that its REF names
    if plan is SearchPlan:
        own.add("--latency-command")  # no study file may name a command to be run
    assert names - own == {one.flag for one in options_of(plan) if one.flag}
