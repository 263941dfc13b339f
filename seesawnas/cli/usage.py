"""Invalid values of options, reported in the form of every other error.

Such as ``--trials: must be a whole number, got many``.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import typer

from seesawnas.text import bounded, escape_line, short


def add_commands(app: typer.Typer, commands: Mapping[str, Callable[..., None]]) -> None:
    """Add ``commands`` to ``app`` by their names.

    Each paragraph of their docstrings is one line, which rich wraps.
    """
    for name, command in commands.items():
        paragraphs = (inspect.getdoc(command) or "").split("\n\n")
        app.command(name, help="\n\n".join(" ".join(one.split()) for one in paragraphs))(command)


def value_fault(error: typer.BadParameter) -> str | None:
    """The line for an invalid value; None for other usage errors, such as a missing option."""
    parameter: Any = error.param
    if parameter is None or hasattr(error, "param_type"):
        return None
    name = (
        parameter.opts[-1]
        if parameter.param_type_name == "option"
        else parameter.human_readable_name
    )
    fault = _first_fault(error)
    return bounded(f"{name}: {_rule(fault, error)}")


def cut(error: Any) -> None:
    """Make what a fault of usage quotes of the command line of readable length."""
    error.message = escape_line(bounded(str(error.message)))
    for name in ("option_name", "command_name"):
        if isinstance(getattr(error, name, None), str):
            setattr(error, name, escape_line(bounded(getattr(error, name))))


def is_usage(error: BaseException) -> bool:
    """Whether ``error`` is typer's own usage error; it has no public base class across versions."""
    return any(base.__name__ == "UsageError" for base in type(error).__mro__)


def in_lines(text: str, words: Iterable[str]) -> str:
    """An error's ``text``, in which no quoted part of the command line breaks a line."""
    broken = {
        part
        for word in words
        if "\n" in word
        for part in (word, *re.split("[=:,]", word))
        if "\n" in part
    }
    for part in sorted(broken, key=len, reverse=True):
        text = text.replace(part, escape_line(part))
    return text


def said(line: str) -> typer.Exit:
    """Print ``line`` on stderr; returns what ends the command with 2."""
    print(escape_line(line), file=sys.stderr)
    return typer.Exit(2)


def _first_fault(error: typer.BadParameter) -> dict[str, Any]:
    """What pydantic, which newer versions of typer convert by, found; empty with older ones."""
    faults = getattr(error.__cause__, "errors", None)
    return dict(faults(include_url=False)[0]) if callable(faults) else {}


def _rule(fault: dict[str, Any], error: typer.BadParameter) -> str:
    value, context = short(fault.get("input", "")), fault.get("ctx", {})
    match fault.get("type", ""):
        case "int_parsing" | "int_parsing_size" | "int_type" | "int_from_float":
            return f"must be a whole number, got {value}"
        case "float_parsing" | "float_type" | "finite_number":
            return f"must be a number, got {value}"
        case "greater_than_equal":
            return f"must be {context['ge']} or more, got {value}"
        case "less_than_equal":
            return f"must be {context['le']} or less, got {value}"
        case "value_error":
            return _choice(str(context.get("error", error.message)))
    return _choice(str(error.message))


def _choice(message: str) -> str:
    """``'x' is not one of 'a', 'b'.`` the other way round: the rule, then the value."""
    value, middle, known = message.partition(" is not one of ")
    if not middle:
        return message
    return (
        f"must be one of {known.rstrip('.').replace(chr(39), '')}, got "
        f"{short(value.strip(chr(39)))}"
    )
