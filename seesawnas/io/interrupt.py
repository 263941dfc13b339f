"""Ctrl-C while a program is still importing: it ends without a traceback, as it does later on.

This module imports next to nothing, and is among the first to run.
"""

from __future__ import annotations

import signal
import threading
from typing import Any


def end_on_interrupt() -> None:
    """Let Ctrl-C end the process at once, by the signal: shells report 130.

    A signal that the process was told to ignore stays ignored.
    """
    _replace(signal.default_int_handler, signal.SIG_DFL)


def raise_on_interrupt() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again."""
    _replace(signal.SIG_DFL, signal.default_int_handler)


def _replace(old: Any, new: Any) -> None:
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGINT) is old:
        signal.signal(signal.SIGINT, new)
