"""The mark of a folder that is being filled: an interrupted run of the same goes on, and no other folder is touched."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from seesawnas.data.left_out import printable
from seesawnas.errors import DataError
from seesawnas.files import make_folder, open_within

_MARK = ".seesawnas-unfinished.json"


@contextmanager
def filling(out: Path, wanted: Any) -> Iterator[None]:
    """Fill the folder ``out``, which must be empty or what an interrupted run that ``wanted`` the same left.

    Raises DataError, also for every OSError within.
    """
    make_folder(out)
    mark, text = out / _MARK, json.dumps(wanted)
    try:
        if not mark.is_file() and os.listdir(out):
            raise _not_ours(out)
        with open_within(out, mark, "a+") as file:
            alone(file, out)
            file.seek(0)
            if file.read() != text and os.listdir(out) != [_MARK]:
                raise _not_ours(out)
            file.truncate(0)
            file.write(text)
            file.flush()
            yield
            mark.unlink()
    except OSError as error:
        raise DataError(f"{printable(str(out))}: cannot be written: {error.strerror or error}") from None


def alone(file: IO[Any], out: Path) -> None:
    """Make sure, for as long as ``file`` is open, that no other process fills ``out``. Raises DataError."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DataError(f"{printable(str(out))}: another process is writing there") from None


def _not_ours(out: Path) -> DataError:
    return DataError(f"{printable(str(out))}: must be empty, or what this command left unfinished")
