"""``seesawnas sample``: networks drawn uniformly within a budget."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from seesawnas.cli.completion import complete_ref
from seesawnas.cli.options import MAX_SEED, BudgetText, read_budget

if TYPE_CHECKING:
    from seesawnas.arch import ArchSpec
    from seesawnas.cost import LatencyModel
    from seesawnas.space import FeasibleSet

SHOWN = 20
BATCH = 20_000  # sampled at a time: memory does not grow with their number


def sample(
    space: Annotated[
        str,
        typer.Option(
            "--space",
            metavar="REF",
            help="A search space: seesaw, seesaw_wide or a YAML file.",
            autocompletion=complete_ref,
        ),
    ] = "seesaw",
    budget: BudgetText = None,
    number: Annotated[
        int,
        typer.Option("-n", "--number", metavar="N", min=1, max=10**15, help="Number of networks."),
    ] = 10,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="N",
            min=0,
            max=MAX_SEED,
            help="Random seed; the same seed gives the same networks.",
        ),
    ] = 0,
    json: Annotated[
        bool, typer.Option("--json", help="Print all networks, one JSON object per line.")
    ] = False,
) -> None:
    """Sample networks uniformly from all networks within a budget.

    With --json, each line is one network: its spec (which loads as a search point), digest, MAdds
    and params; in microseconds the latency that the budget's model predicts, if it has one.
    """
    from seesawnas.cli.views.compiling import compiling_shown
    from seesawnas.space import FeasibleSet, load_space

    limit = read_budget(budget) if budget is not None else None
    with compiling_shown():
        feasible = FeasibleSet(load_space(space), limit)
    if json:
        _print_lines(_draw(feasible, number, seed), limit.model if limit else None)
    else:
        _print_table(feasible, _draw(feasible, min(number, SHOWN), seed), number)


def _draw(feasible: FeasibleSet, number: int, seed: int) -> Iterator[ArchSpec]:
    """The networks of ``feasible.sample(number, seed)``, a batch at a time."""
    from itertools import islice
    from random import Random

    left = number
    for drawn in feasible.stream(Random(seed), min(BATCH, number)):
        yield from islice(feasible.specs(drawn), left)
        left -= len(drawn)
        if left <= 0:
            return


def _print_lines(specs: Iterator[ArchSpec], model: LatencyModel | None) -> None:
    from seesawnas.cost import cost
    from seesawnas.io.terminal import write_stdout
    from seesawnas.space.point import to_json

    for spec in specs:
        total = cost(spec)
        known = f'"digest": "{spec.digest()}", "madds": {total.madds}, "params": {total.params}'
        if model is not None:
            known += f', "latency": {model.predict(spec)}'
        write_stdout(f'{{"spec": {to_json(spec)}, {known}}}\n')


def _print_table(feasible: FeasibleSet, specs: Iterator[ArchSpec], number: int) -> None:
    from seesawnas.cli.views.output import console, count, found, table
    from seesawnas.cost import LATENCY, cost

    rows = []
    model = None if feasible.budget is None else feasible.budget.model
    for spec in specs:
        total = cost(spec)
        stages = "  ".join(
            f"{len(stage.blocks)} x {stage.blocks[-1].outputs}" for stage in spec.stages
        )
        predicted = () if model is None else (LATENCY.format(model.predict(spec)),)
        rows.append((spec.digest(), count(total.madds), count(total.params), *predicted, stages))
    out = console()
    predicted = () if model is None else (f">{LATENCY.title}",)
    heads = ("digest", ">MAdds", ">params", *predicted, "blocks x channels, per stage")
    out.print(table(heads, rows))
    more = (
        f"{number - SHOWN:,} more networks not shown; --json prints all. " if number > SHOWN else ""
    )
    out.print(f"{more}Sampled uniformly from {found(feasible)}.")
