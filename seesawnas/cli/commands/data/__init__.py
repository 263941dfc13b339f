"""``seesawnas data``: the commands that inspect face images and write them in other forms."""

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
    help="Inspect, pack, subset or align face images.\n\nA PATH is a folder with one sub-folder "
    "per identity, a folder "
    "with train.rec, a .rec file, or synthetic:IDENTITIESxIMAGES (synthetic images for scaling "
    "tests).",
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
