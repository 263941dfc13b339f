"""What a full disk says, whatever was being written."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seesawnas.errors import StudyError
from seesawnas.text import one_line

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES)
"""What a system says of a disk that takes no more."""


@contextmanager
def on_disk(folder: Path) -> Iterator[None]:
    """Report a full or failing disk as the user's to mend.

    What is stored so far stays, and the same command goes on from there.

    Raises:
        StudyError: If an OSError comes, in its place and in one line; one that is no disk's keeps
            its own words.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in UNWRITABLE:
            rule = (
                f"{folder}: cannot be written: {error.strerror}; fix this, then run the same "
                "command to resume"
            )
            raise StudyError(rule) from None
        raise StudyError(one_line(str(error) or type(error).__name__)) from None
