"""``seesawnas data cache``."""

from __future__ import annotations

from typing import Annotated

import typer

from seesawnas.cli.options import Json
from seesawnas.text import several
from seesawnas.units import format_bytes


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Clear the cache.")] = False,
    json: Json = False,
) -> None:
    """Show or clear the cache of decoded images and of teachers' embeddings on this machine.

    Location: $SEESAWNAS_CACHE, else $XDG_CACHE_HOME/seesawnas, else ~/.cache/seesawnas.

    Size limit: $SEESAWNAS_CACHE_LIMIT (default 20G); the least recently used files are deleted
    first.
    """
    from seesawnas.cli.views.output import print_json, print_lines
    from seesawnas.data.cache import ROWS, cache_folder, cache_limit, entries, remove_entry
    from seesawnas.io.terminal import only_shown

    there, limit = entries(), cache_limit()
    if clear:
        only_shown()
        for entry, _ in there:
            remove_entry(entry)
    size = sum(bytes_ for _, bytes_ in there)
    teachers = sum(entry.name.startswith(ROWS) for entry, _ in there)
    folder = cache_folder()
    where = None if folder is None else str(folder)
    values = {
        "folder": where,
        "entries": len(there),
        "embeddings": teachers,
        "bytes": size,
        "limit": limit,
        "cleared": clear,
    }
    if json:
        print_json(values)
    else:
        held = f"{several(len(there) - teachers, 'set')} of decoded images"
        if teachers:
            held += f" and {several(teachers, 'set')} of embeddings"
        print_lines(
            where or "no cache: there is no home directory",
            f"{'removed' if clear else 'holds'} {held}, {format_bytes(size)} of "
            f"{format_bytes(limit)}",
        )
