"""Standard output and standard error that can be lost.

They are lost by a closed terminal, a full disk or a reader that left. ``install`` puts a
:class:`Screen` in the place of both. What is only shown may then be lost, and nothing ends of it;
what is a command's result raises :class:`OutputLost`. Whatever is printed through them, by anyone,
is ``plain`` text.
"""

from __future__ import annotations

import errno
import io
import os
import re
import select
import sys
from contextlib import suppress
from threading import RLock
from typing import Any, TextIO, cast

from seesawnas.text import plain

_BUFFER = 1 << 16
_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")


class OutputLost(Exception):
    """A result that could not be written; ``number`` is the system's error number."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"standard output: cannot be written: {os.strerror(number)}")

    @property
    def reader_left(self) -> bool:
        """Whether whoever read it through a pipe has gone, which is no fault."""
        return self.number == errno.EPIPE


class Screen(io.TextIOBase):
    """A text stream on the file descriptor ``number``.

    It cannot be written if ``is_open`` is false. A ``strict`` one raises OutputLost if a text
    cannot be written, another drops the text. Characters that ``encoding`` lacks are replaced.
    """

    def __init__(
        self, number: int, encoding: str, *, is_open: bool = True, strict: bool = False
    ) -> None:
        self.strict = strict
        self.raw = Raw(self)
        self._number, self._encoding, self._is_open = number, encoding, is_open
        self._is_terminal = is_open and os.isatty(number)
        self._pending, self._must_arrive, self._has_told = bytearray(), False, False
        self._lock = RLock()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding that bytes are written in."""
        return self._encoding

    @property
    def errors(self) -> str:  # type: ignore[override]
        """What becomes of characters that the encoding lacks."""
        return "replace"

    def isatty(self) -> bool:
        """Whether a person sees it; a terminal that has gone since is still one."""
        return self._is_terminal

    def fileno(self) -> int:
        """The number that the system knows it by."""
        return self._number

    def writable(self) -> bool:
        """Always: what cannot be written is dropped or raises."""
        return True

    def write(self, text: str) -> int:
        """Write ``text``, cleaned; colours stay if a terminal shows them."""
        if self._is_terminal:
            parts = _COLOUR.split(text)
            self.put(
                "".join(part if place % 2 else plain(part) for place, part in enumerate(parts))
            )
        else:
            self.put(plain(text))
        return len(text)

    def put(self, text: str, *, must_arrive: bool = False) -> None:
        """Write ``text`` as it is.

        Raises:
            OutputLost: If it cannot be written, and ``must_arrive`` or the screen is strict.
        """
        with self._lock:
            self._pending += text.encode(self._encoding, "replace")
            self._must_arrive |= must_arrive or self.strict
            if (
                len(self._pending) > _BUFFER
                or not self._must_arrive
                or (self._is_terminal and "\n" in text)
            ):
                self.flush()

    def flush(self) -> None:
        """Hand on what is pending.

        Raises:
            OutputLost: If some of it must arrive and cannot.
        """
        with self._lock:
            pending, must_arrive = bytes(self._pending), self._must_arrive
            self._pending, self._must_arrive = bytearray(), False
            try:
                self._send(pending)
            except OSError as error:
                lost = OutputLost(error.errno or errno.EIO)
                if must_arrive:
                    raise lost from None
                self._tell(lost)

    def close(self) -> None:
        """Nothing: the interpreter's end is no time for faults."""

    def _tell(self, lost: OutputLost) -> None:
        """Once; not of a reader who left, nor of a stream that was closed on purpose."""
        if (
            self._number == 1
            and not self._has_told
            and lost.number not in (errno.EPIPE, errno.EBADF)
        ):
            self._has_told = True
            print(lost, file=sys.stderr)

    def _send(self, data: bytes) -> None:
        if data and not self._is_open:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        sent = 0
        while sent < len(data):
            try:
                sent += os.write(self._number, data[sent:])
            except BlockingIOError:  # a descriptor that another program made not to wait
                select.select([], [self._number], [])


class Raw(io.TextIOBase):
    """A screen for a writer that cleans its texts itself and moves the cursor.

    Such as a bar of progress.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The screen's."""
        return self._screen.encoding

    def isatty(self) -> bool:
        """The screen's."""
        return self._screen.isatty()

    def fileno(self) -> int:
        """The screen's."""
        return self._screen.fileno()

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, text: str) -> int:
        """Write ``text`` as it is."""
        self._screen.put(text)
        return len(text)

    def flush(self) -> None:
        """Hand on what is pending."""
        self._screen.flush()

    def close(self) -> None:
        """Nothing, as a screen."""


class _IgnoreWriteErrors(io.TextIOBase):
    """Another program's stream, whose faults are nobody's."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream: Any = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        try:
            return bool(self._stream.isatty())
        except (OSError, ValueError, AttributeError):
            return False

    def fileno(self) -> int:
        if self._stream is None:
            raise io.UnsupportedOperation("fileno")
        return int(self._stream.fileno())

    def write(self, text: str) -> int:
        # Closed, or a character that its encoding lacks; None.
        with suppress(OSError, ValueError, AttributeError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError, AttributeError):
            self._stream.flush()


def install(*, strict: bool = True) -> None:
    """Make both standard streams screens.

    A descriptor that was closed gives onto /dev/null from now on: the next file that is opened
    would have its number, and receive what other code prints.

    Args:
        strict: Whether what is written to standard output must arrive.
    """
    is_open = [_reserve(number) for number in range(3)]
    for number, name in ((1, "stdout"), (2, "stderr")):
        before = getattr(sys, name)
        # AttributeError: None, as it was closed.
        with suppress(OSError, ValueError, AttributeError):
            before.flush()
        encoding = getattr(before, "encoding", None) or "utf-8"
        setattr(
            sys,
            name,
            Screen(number, encoding, is_open=is_open[number], strict=strict and number == 1),
        )


def only_shown() -> None:
    """From here on a command works for its files.

    What it prints on standard output is only shown.
    """
    if isinstance(sys.stdout, Screen):
        sys.stdout.strict = False


def write_stdout(text: str) -> None:
    """Write ``text``, which holds no control characters, to standard output.

    Raises:
        OutputLost: If it cannot be written.
    """
    if isinstance(sys.stdout, Screen):
        sys.stdout.put(text, must_arrive=True)
    else:
        sys.stdout.write(text)


def raw(stream: TextIO | None) -> TextIO:
    """``stream`` for a writer that cleans its texts itself.

    If it is another program's stream, faults end nothing.
    """
    return cast(TextIO, stream.raw if isinstance(stream, Screen) else _IgnoreWriteErrors(stream))


def _reserve(number: int) -> bool:
    """Whether the descriptor ``number`` is open; if not, it gives onto /dev/null."""
    try:
        os.fstat(number)
    except OSError:
        null = os.open(os.devnull, os.O_RDWR)
        if null != number:
            os.dup2(null, number)
            os.close(null)
        os.set_inheritable(number, True)
        return False
    return True
