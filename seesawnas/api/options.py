"""Functions that take the options of a plan as keyword arguments.

Their names, rules and help are those of the command line, declared once.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from seesawnas.errors import InvalidInput
from seesawnas.plan.options import Option, Plan, options_of

F = TypeVar("F", bound=Callable[..., Any])
_COMMAND_OR_FLAG = re.compile(
    r"`[^`]*`"
    r"|\bseesawnas (?:(?:data|latency|studies) )?[a-z]+(?: --[a-z-]+(?: [A-Z]+)?)+"
    r"|(?<![\w./-])--([a-z][a-z0-9-]*)((?:\.[a-z0-9-]+)*)"
)


def takes(plan: type[Plan], keys: Collection[str] | None = None) -> Callable[[F], F]:
    """Document the options of ``plan`` that a function takes as keyword arguments.

    Its signature lists them, and its docstring has their help; see :func:`inspect.signature`.

    Args:
        plan: What declares them.
        keys: Those that it takes, without those that it has itself; None for all of ``plan``.
    """

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        own = [
            one
            for one in signature.parameters.values()
            if one.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        taken = {one.name for one in own}
        found = [
            one
            for one in options_of(plan)
            if one.key not in taken and (one.flag if keys is None else one.key in keys)
        ]
        function.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*own, *map(_parameter, found)]
        )
        function.__doc__ = _documented(inspect.getdoc(function) or "", found)
        return function

    return decorate


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """``options`` as a study file has them: a path is text, a tuple is a list."""
    return {name: _plain(value) for name, value in options.items() if value is not None}


def names_keywords(function: F) -> F:
    """Make the errors of ``function`` name its options as Python does.

    Everywhere below, a message names an option as the command line does, ``--keep-head``, which no
    other word looks like. Here it becomes the keyword, ``keep_head``, if ``function`` takes it or
    was given it; not in a command that a message quotes, ``seesawnas train --stages N``, or in
    backticks if it has arguments.
    """
    known = frozenset(inspect.signature(function).parameters)

    @wraps(function)
    def run(*values: Any, **options: Any) -> Any:
        try:
            return function(*values, **options)
        except InvalidInput as error:
            error.args = (as_keywords(str(error), known | options.keys()),)
            raise

    return cast(F, run)


def as_keywords(message: str, names: Collection[str]) -> str:
    """``message`` with the options called ``names`` as keywords."""

    def keyword(match: re.Match[str]) -> str:
        name = (match[1] or "").replace("-", "_")
        return name + match[2].replace("-", "_") if name in names else match[0]

    return _COMMAND_OR_FLAG.sub(keyword, message)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def _parameter(one: Option) -> inspect.Parameter:
    return inspect.Parameter(one.key, inspect.Parameter.KEYWORD_ONLY, default=None)


def _documented(text: str, found: list[Option]) -> str:
    """``text`` with a list of the options at the end of its arguments."""
    lines = [
        textwrap.fill(
            f"- {one.key}: {one.help}", 96, initial_indent=" " * 8, subsequent_indent=" " * 10
        )
        for one in found
        if one.help
    ]
    before, returns, after = text.partition("\n\nReturns:")
    return "\n".join([before, "", *lines]) + returns + after
