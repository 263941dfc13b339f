"""The options of ``seesawnas ablate`` that the search does not have. Each is a key of a study file too."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from seesawnas.cli.options import complete_ref
from seesawnas.cli.search_options import END, JUDGE, WHERE, complete_study, option

CHANGED = "What is changed"


def complete_base(incomplete: str) -> list[str]:
    """What SPEC can go on to: networks and study files."""
    return sorted({*complete_ref(incomplete), *complete_study(incomplete)})


Base: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="The network that is changed: paper/NAME, a YAML file, STUDY:NUMBER; or a study file with a base.",
        autocompletion=complete_base,
        show_default=False,
    ),
]
Scale: TypeAlias = Annotated[
    float | None, option("--scale", "X", CHANGED, "Multiply all widths of the networks by X first. Default: 1.")
]
Factors: TypeAlias = Annotated[
    str | None,
    option(
        "--factors",
        "NAMES",
        CHANGED,
        "split, kind, se, activation, skip, expansion, kernel, embedding, width, or another attribute of the network's kinds: "
        "several with commas.",
    ),
]
LevelsText: TypeAlias = Annotated[
    str | None,
    option("--levels", "LEVELS", CHANGED, "Levels of factors: 'se=0,4,8; split=1,1:3'. Default: those of the grammar."),
]
Against: TypeAlias = Annotated[
    str | None,
    option("--against", "REFS", CHANGED, "Whole networks to compare with: REF,REF.", autocompletion=complete_ref),
]
Design: TypeAlias = Annotated[
    str | None,
    option(
        "--design",
        "NAME",
        CHANGED,
        "one-at-a-time, full (all combinations) or fractional (of factors with two levels). Default: one-at-a-time.",
    ),
]
Match: TypeAlias = Annotated[
    str | None, option("--match", "COST", CHANGED, "madds: rescale widths to the base's MAdds; or none. Default: none.")
]
Seeds: TypeAlias = Annotated[
    int | None, option("--seeds", "K", JUDGE, "Trainings of each network, from seeds that all share. Default: 5.")
]
Quality: TypeAlias = Annotated[
    str | None,
    option(
        "--quality",
        "NAME",
        JUDGE,
        "What is compared: accuracy, auc, tar_at_far_1e_2, tar_at_far_1e_3 or separation. Default: auc.",
    ),
]
Time: TypeAlias = Annotated[str | None, option("--time", "T", END, "Time of this run, such as 2h or 90m.")]
Seed: TypeAlias = Annotated[
    int | None, option("--seed", "S", JUDGE, "The first training seed; seeds people and pairs too. Default: 0.")
]
Study: TypeAlias = Annotated[
    str | None,
    option("--study", "NAME", WHERE, "Folder under runs/. Default: after the study file, or the network and data."),
]
DryRun: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Print the design, its networks and what it takes; train nothing.")
]
