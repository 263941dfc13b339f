"""What long writing has done so far, a line per identity, so that it resumes after a kill."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from seesawnas.data.skipped import Skipped, printable
from seesawnas.errors import DataError
from seesawnas.io.files import make_folder, open_within, write_atomically


@dataclass(frozen=True)
class WriteProgress:
    """One identity of the source, written.

    It says where each image begins, where the next identity's images would begin, and what there is
    to report.
    """

    name: str
    offsets: list[int]
    end: int
    sizes: dict[str, int]
    seen: int
    anew: int
    faults: list[list[str]]


@dataclass(frozen=True)
class Report:
    """What was written: files, images, identities, how many images were re-encoded, their sizes.

    It also has what was left out.
    """

    files: tuple[Path, ...]
    images: int
    people: int
    encoded_anew: int
    sizes: Counter[str]
    skipped: Skipped
    before: int = 0
    """How many identities of the source an earlier run had dealt with."""


def read_request(path: Path) -> Any:
    """What the run wanted that left the journal at ``path``.

    None if there is no journal, "" if it cannot be read.
    """
    try:
        first, *_ = path.read_text(encoding="ascii").splitlines()
        return json.loads(first)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):  # the last: brackets in brackets
        return ""


class ResumeLog:
    """The lines of ``path``, those of an earlier run first if it ``wanted`` the same."""

    def __init__(self, path: Path, wanted: dict[str, Any]) -> None:
        self.path = path
        self.done: list[WriteProgress] = []
        self.before = 0
        self._wanted = wanted
        with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
            first, *lines = path.read_text(encoding="ascii").splitlines()
            if json.loads(first) == wanted:
                self._read(lines)

    def _read(self, lines: list[str]) -> None:
        # The last line may be half written; what follows it would not be in order.
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            for line in lines:
                self.done.append(WriteProgress(**json.loads(line)))

    def restart(self, size: int) -> int:
        """Drop identities that end beyond ``size``; return where the last one ends.

        The lines are rewritten.
        """
        while self.done and self.done[-1].end > size:
            self.done.pop()
        lines = [
            json.dumps(self._wanted),
            *(json.dumps(asdict(identity)) for identity in self.done),
        ]
        write_atomically(self.path, "\n".join(lines) + "\n", within=self.path.parent)
        self.before = len(self.done)
        return self.done[-1].end if self.done else 0

    def add(self, identity: WriteProgress) -> None:
        """Remember that ``identity`` is written."""
        with open_within(self.path.parent, self.path, "a", encoding="ascii") as file:
            file.write(json.dumps(asdict(identity)) + "\n")
        self.done.append(identity)

    def report(self, files: tuple[Path, ...], skipped: Skipped) -> Report:
        """All that was written."""
        sizes: Counter[str] = Counter()
        for identity in self.done:
            sizes.update(identity.sizes)
            for reason, place in identity.faults:
                skipped.add(reason, place)
        (usual, _), *others = sizes.most_common() or [("", 0)]
        for size, count in others:
            skipped.add_many(f"images that are not {usual} (written anyway)", count, [size])
        people = [identity for identity in self.done if identity.offsets]
        images, anew = (
            sum(len(identity.offsets) for identity in people),
            sum(identity.anew for identity in people),
        )
        return Report(files, images, len(people), anew, sizes, skipped, self.before)


_MARK = ".seesawnas-unfinished.json"


@contextmanager
def open_output_folder(out: Path, wanted: Any) -> Iterator[None]:
    """Open ``out`` for writing, for the block.

    It must be empty or what an interrupted run that ``wanted`` the same left.

    Raises:
        DataError: If it contains anything else, or for an OSError in the block.
    """
    make_folder(out)
    mark, text = out / _MARK, json.dumps(wanted)
    try:
        if not mark.is_file() and os.listdir(out):
            raise _not_ours(out)
        with open_within(out, mark, "a+") as file:
            lock_folder(file, out)
            file.seek(0)
            if file.read() != text and os.listdir(out) != [_MARK]:
                raise _not_ours(out)
            file.truncate(0)
            file.write(text)
            file.flush()
            yield
            mark.unlink()
    except OSError as error:
        raise DataError(
            f"{printable(str(out))}: cannot be written: {error.strerror or error}"
        ) from None


def lock_folder(file: IO[Any], out: Path) -> None:
    """Make sure, for as long as ``file`` is open, that no other process writes to ``out``.

    Raises:
        DataError: If another process does.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DataError(f"{printable(str(out))}: another process is writing to it") from None


def _not_ours(out: Path) -> DataError:
    return DataError(
        f"{printable(str(out))}: must be empty, or contain an unfinished run of the same command"
    )
