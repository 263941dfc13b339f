"""Progress of compiling a large search space, on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FIRST, NEXT = 2.0, 10.0  # seconds until the first line, and from line to line
# steps of a space below which nothing is said, however slow the machine: half a dozen seconds
LARGE = 100_000


@contextmanager
def compiling_shown(clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Print a line after two seconds, and one every ten seconds after it.

    Nothing is printed for small spaces; those that ship are small.
    """
    from seesawnas.cli.views.output import screen
    from seesawnas.space import compiling_reported_to

    shown, began = screen(), clock()
    due = began + FIRST

    def show(done: int, total: int) -> None:
        nonlocal due
        now = clock()
        if total >= LARGE and now >= due and done < total:
            due = now + NEXT
            left = (now - began) * (total - done) / done
            shown.print(
                f"Compiling the search space: {done / total:.0%}, at most {left:.0f} s left",
                soft_wrap=True,
            )

    with compiling_reported_to(show):
        yield
