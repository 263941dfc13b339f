"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from seesawnas.space import SearchPoint

MAX_SEED = 2**63 - 1


def complete_ref(incomplete: str) -> list[str]:
    """What a REF can go on to: shipped names, YAML files and folders here."""
    from seesawnas.space import shipped

    names = [*shipped(), *shipped("paper")]
    typed = Path(incomplete)
    folder = typed if incomplete.endswith("/") else typed.parent
    if folder.is_dir():
        found = (path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") or path.is_dir())
        names += [f"{path}/" if path.is_dir() else str(path) for path in found if not path.name.startswith(".")]
    return sorted({name for name in names if name.startswith(incomplete)})


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
PointRef = Annotated[
    str,
    typer.Argument(
        metavar="REF",
        help="A search point: paper/NAME, a YAML file, or a trial of a study, STUDY:NUMBER or STUDY:best.",
        autocompletion=complete_ref,
        show_default=False,
    ),
]
SpaceRef = Annotated[
    str,
    typer.Argument(
        metavar="REF",
        help="A search space: seesaw, seesaw_wide or a YAML file.",
        autocompletion=complete_ref,
        show_default=False,
    ),
]
BudgetText = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="BUDGET",
        help="Most MAdds a network may cost, 150M, or a band, 140M..150M; several limits, '150M, params<=1.5M'; "
        "or a preset: seesaw, mobilefacenet, lfr2019-light.",
        show_default="no limit",
    ),
]


def find_network(ref: str) -> SearchPoint:
    """The search point that ``ref`` names. Raises InvalidInput."""
    from seesawnas.io.catalog import split_trial

    if split_trial(ref) is None:  # the study is not needed, and slow to import
        from seesawnas.space import load_point

        return load_point(ref)
    from seesawnas.study import find_network as find

    return find(ref)
