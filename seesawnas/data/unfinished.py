"""The mark of a folder that is being filled: an interrupted run of the same goes on, and no other folder is touched."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seesawnas.data.left_out import printable
from seesawnas.errors import DataError
from seesawnas.files import make_folder, write_atomically

_MARK = ".seesawnas-unfinished.json"


@contextmanager
def filling(out: Path, wanted: Any) -> Iterator[None]:
    """Fill the folder ``out``, which must be empty or what an interrupted run that ``wanted`` the same left.

    Raises DataError, also for every OSError within.
    """
    make_folder(out)
    mark, text = out / _MARK, json.dumps(wanted)
    try:
        if os.listdir(out) and not (mark.is_file() and mark.read_text(errors="replace") == text):
            raise DataError(f"{printable(str(out))}: must be empty, or what this command left unfinished")
        write_atomically(mark, text)
        yield
        mark.unlink()
    except OSError as error:
        raise DataError(f"{printable(str(out))}: cannot be written: {error.strerror or error}") from None
