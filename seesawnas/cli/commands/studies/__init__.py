"""``seesawnas studies``: the commands that list, show, rename, copy, delete and export studies."""

from __future__ import annotations

from collections.abc import Callable

import typer

from seesawnas.cli.commands.studies.change import copy, delete, rename
from seesawnas.cli.commands.studies.export import export
from seesawnas.cli.commands.studies.show import list_studies, show
from seesawnas.cli.usage import add_commands

studies = typer.Typer(
    no_args_is_help=True,
    help="List, show, rename, copy, delete or export studies.\n\nA STUDY is a folder under runs/, "
    "the path of one, or the name of a study in --storage. What changes a study refuses one that "
    "runs.",
)
COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_studies,
    "show": show,
    "rename": rename,
    "copy": copy,
    "delete": delete,
    "export": export,
}
add_commands(studies, COMMANDS)

__all__ = ["studies"]
