"""``seesawnas data``: the commands that look at faces and write them elsewhere."""

from __future__ import annotations

import typer

from seesawnas.cli.commands.data.align import align
from seesawnas.cli.commands.data.cache import cache
from seesawnas.cli.commands.data.info import info
from seesawnas.cli.commands.data.pack import pack
from seesawnas.cli.commands.data.subset import subset

data = typer.Typer(
    no_args_is_help=True,
    help="Look at faces, pack them, take some of them, align them.\n\nA PATH is a folder of identities, a folder with "
    "train.rec, a .rec, or synthetic:PEOPLExIMAGES, made-up faces to test scale with.",
)
data.command("info")(info)
data.command("pack")(pack)
data.command("subset")(subset)
data.command("align")(align)
data.command("cache")(cache)

__all__ = ["data"]
