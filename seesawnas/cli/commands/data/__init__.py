"""``seesawnas data``: the commands that look at faces and write them elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import typer

from seesawnas.cli.commands.data.align import align
from seesawnas.cli.commands.data.cache import cache
from seesawnas.cli.commands.data.info import info
from seesawnas.cli.commands.data.pack import pack
from seesawnas.cli.commands.data.subset import subset
from seesawnas.cli.usage import add_commands

data = typer.Typer(
    no_args_is_help=True,
    help="Look at faces, pack them, take some of them, align them.\n\nA PATH is a folder of identities, a folder with "
    "train.rec, a .rec, or synthetic:PEOPLExIMAGES, made-up faces to test scale with.",
)
COMMANDS: dict[str, Callable[..., None]] = {
    "info": info,
    "pack": pack,
    "subset": subset,
    "align": align,
    "cache": cache,
}
add_commands(data, COMMANDS)

__all__ = ["data"]
