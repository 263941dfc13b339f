"""Faults of the command line, reported in the form of every other error: in one line.

Such as ``--trials: must be a whole number, got many``.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from seesawnas.errors import InvalidInput
from seesawnas.text import bounded, escape_line, nearest, one_of, short


def add_commands(app: typer.Typer, commands: Mapping[str, Callable[..., None]]) -> None:
    """Add ``commands`` to ``app`` by their names.

    Each paragraph of their docstrings is one line, which rich wraps.
    """
    for name, command in commands.items():
        paragraphs = (inspect.getdoc(command) or "").split("\n\n")
        text = "\n\n".join(" ".join(one.split()) for one in paragraphs)
        app.command(name, cls=Command, help=text)(command)


class Command(TyperCommand):
    """A command for which an empty word is no argument and no path.

    A script writes one by a variable that is not set; as a path it would be the working directory.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line.

        Raises:
            InvalidInput: If an argument or a path is empty.
        """
        words = list(args)
        left = super().parse_args(ctx, args)
        is_empty = any(not word.strip() or word.endswith("=") for word in words)
        if is_empty and not ctx.resilient_parsing:  # which is set while a shell completes
            for parameter in self.params:
                if _is_empty(parameter, ctx.params.get(parameter.name), words):
                    raise InvalidInput(f"{_name(parameter)}: must not be empty, got nothing")
        return left


def _is_empty(parameter: Any, value: Any, words: list[str]) -> bool:
    given = value if isinstance(value, (list, tuple)) else (value,)
    if any(isinstance(one, Path) and not str(one).strip() for one in given):
        return True
    if any(isinstance(one, Path) and one == Path() for one in given):
        return not any(word.rpartition("=")[2] in (".", "./") for word in words)
    is_argument = parameter.param_type_name == "argument"
    return is_argument and any(isinstance(one, str) and not one.strip() for one in given)


def usage_line(error: Any) -> str | None:
    """The line for a fault of the command line; None if ``error`` is help that was asked for."""
    if any(base.__name__ == "NoArgsIsHelpError" for base in type(error).__mro__):
        return None
    parameter = getattr(error, "param", None)
    if parameter is not None and not hasattr(error, "param_type"):
        return bounded(f"{_name(parameter)}: {_rule(_first_fault(error), error)}")
    where = getattr(error.ctx, "command_path", None)
    if parameter is not None:
        fault = f"{_name(parameter)}: must be given"
    elif hasattr(error, "possibilities"):
        fault = f"{short(error.option_name)}: must be an option of {where or 'seesawnas'}"
        if near := nearest(error.option_name, error.possibilities or ()):
            return bounded(f"{fault}; did you mean {near}?")
    elif hasattr(error, "option_name"):
        takes_none = "does not take" in str(error.message)
        rule = "must be given without a value" if takes_none else "must be given with a value"
        fault = f"{short(error.option_name)}: {rule}"
    else:
        message = str(error.message).rstrip(".")
        fault = f"{message[:1].lower()}{message[1:]}".replace(". Did", "; did")
    is_whole = where is None or fault.endswith("?")
    return bounded(fault if is_whole else f"{fault}; see {where} -h")


def _name(parameter: Any) -> str:
    """The flag of an option; what help calls an argument."""
    if parameter.param_type_name == "option":
        return str(parameter.opts[-1])
    return str(parameter.metavar or parameter.name.upper()).rstrip(".")


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
    return one_of(known.rstrip(".").replace("'", "").split(", "), value.strip("'"))
