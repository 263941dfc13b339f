"""What this program and its child processes may import and run, and how Ctrl-C ends it meanwhile.

Nothing that merely lies in the working directory is among it. Python, and programs that are looked
up by name, take what they find there first: a user's ``profile.py`` in the place of the standard
library's, or a stranger's ``numpy.py`` or ``git``. This module imports next to nothing, and is the
first to run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, nullcontext

_SEARCHED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
_left_alone: list[bool] = []


def runs_as_program() -> bool:
    """Whether this process is the command ``seesawnas`` or ``python -m seesawnas``.

    The latter is called ``-m`` until Python has found the module.
    """
    started = getattr(sys, "argv", [""])[:1]
    name = __name__.partition(".")[0]
    return started == ["-m"] or [os.path.basename(word) for word in started] == [name]


def end_on_interrupt() -> None:
    """Let Ctrl-C end the process at once, without a traceback: shells report 130.

    A signal that the process was set to ignore stays ignored. For after ``isolate_imports``.
    """
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def raise_on_interrupt() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again."""
    import signal

    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def isolate_imports() -> None:
    """Keep this process, and all that it will start, from the working directory.

    For programs, not for libraries.
    """
    clean(os.environ)
    sys.path[:] = import_path()


def clean(environment: MutableMapping[str, str]) -> None:
    """Take the working directory out of the lists of folders for programs, modules and libraries.

    Afterwards ``python -c`` and ``python -m`` do not search it either. An empty entry, as a colon
    at the end leaves it, is the working directory, and a relative one lies in it.
    """
    here = _real(os.curdir)
    for name in _SEARCHED:
        folders = environment[name].split(os.pathsep) if name in environment else []
        kept = [each for each in folders if os.path.isabs(each)]
        if name == "PYTHONPATH":
            kept = [each for each in kept if _real(each) != here or here == _home()]
        if kept:
            environment[name] = os.pathsep.join(kept)
        elif name == "PATH":
            environment[name] = os.defpath
        else:
            environment.pop(name, None)
    environment["PYTHONSAFEPATH"] = "1"


@contextmanager
def isolated_children() -> Iterator[None]:
    """Hide the working directory from processes that are started meanwhile.

    This includes Python's own way to start processes.
    """
    environment, path = dict(os.environ), list(sys.path)
    clean(os.environ)
    sys.path[:] = import_path()
    try:
        with _hidden_script() if _left_alone else nullcontext():
            yield
    finally:
        sys.path[:] = path
        for name in {*_SEARCHED, "PYTHONSAFEPATH"}:
            if name in environment:
                os.environ[name] = environment[name]
            else:
                os.environ.pop(name, None)


@contextmanager
def script_left_alone() -> Iterator[None]:
    """Have processes that are started meanwhile not run the user's script again.

    Python's own way to start processes imports the script in each of them, so that a script without
    ``if __name__ == "__main__"`` would do all of its work there. For work whose values, pickled,
    need nothing that the script defines.
    """
    _left_alone.append(True)
    try:
        yield
    finally:
        _left_alone.pop()


@contextmanager
def _hidden_script() -> Iterator[None]:
    """Hide from :mod:`multiprocessing` which file or module the user's script is."""
    names = vars(sys.modules["__main__"])
    hidden = ("__file__", "__spec__")
    before: dict[str, object] = {name: names.pop(name) for name in hidden if name in names}
    names["__spec__"] = None
    try:
        yield
    finally:
        names.update(before)


def import_path() -> list[str]:
    """``sys.path`` without the working directory.

    If this package or the script that runs lies there, it comes last: nothing that lies there hides
    anything that is installed.
    """
    here = _real(os.curdir)
    kept = [
        each
        for each in sys.path
        if _is_marker(each) or (os.path.isabs(each) and _real(each) != here)
    ]
    if (
        here is not None
        and len(kept) < len(sys.path)
        and (_is_installed_in(here) or here in (_home(), _script()))
    ):
        # First only if another copy of this package would otherwise run at the workers.
        kept.insert(0 if here == _home() and _another_copy(kept) else len(kept), here)
    return kept


def _is_marker(entry: str) -> bool:
    """Whether ``entry`` is no folder but the finder of a project that is installed as editable."""
    return entry.startswith("__editable__.") and os.sep not in entry and not os.path.lexists(entry)


def _another_copy(folders: list[str]) -> bool:
    return any(os.path.isfile(os.path.join(each, __package__, "__init__.py")) for each in folders)


def _is_installed_in(here: str) -> bool:
    """Whether ``here`` is searched because of what is installed.

    Such folders stand behind the standard library.
    """
    library = _real(os.path.dirname(os.__file__))
    real = [_real(each) if os.path.isabs(each) else None for each in sys.path]
    return library in real and here in real[real.index(library) :]


def _home() -> str | None:
    """The folder that this package lies in."""
    return _real(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def _script() -> str | None:
    """The folder of the user's own script, if there is one.

    A program that is installed is no such script.
    """
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return None if file is None else _real(os.path.dirname(os.path.abspath(file)))


def _real(folder: str) -> str | None:
    """None if there is none, as for a working directory that was deleted."""
    try:
        return os.path.realpath(folder)
    except OSError:
        return None
