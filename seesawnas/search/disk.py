"""What a full disk says, whatever was being written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seesawnas.errors import StudyError


@contextmanager
def on_disk(folder: Path) -> Iterator[None]:
    """A full or failing disk is the user's to mend: what is stored so far stays, and the same command goes on from there.

    Raises StudyError, one line, in place of an OSError.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StudyError(
            f"{folder}: cannot be written: {error.strerror}; the same command goes on once it can"
        ) from None
