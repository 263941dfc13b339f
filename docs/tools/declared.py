"""Reference pages, as Markdown, from the declarations in the code.

Commands come from the typer app, keys of study files from the plans, keys of recipes from the
recipe, attributes of blocks from their kinds. A new option or kind is in the next build.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer.main

from seesawnas.ablation.plan import AblationPlan
from seesawnas.arch import kinds
from seesawnas.arch.rules import written
from seesawnas.cli.app import app
from seesawnas.confirmation.plan import ConfirmPlan
from seesawnas.plan.options import Number, OneOf, Option, Plan, Whole, options_of
from seesawnas.search.plan import SearchPlan
from seesawnas.space import document
from seesawnas.train.recipe import Recipe

OTHER_PANEL = "Options"
STUDY_FILES: Mapping[str, type[Plan]] = {
    "search": SearchPlan,
    "ablate": AblationPlan,
    "confirm": ConfirmPlan,
}
"""The commands that take a study file, and what declares its keys."""
ROLES = {"stem": "Stems", "block": "Blocks", "head": "Heads"}
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
_LARGE = 10**9


def command_reference() -> str:
    """Every command, with its arguments and options."""
    return "\n".join(line for words, command in commands() for line in _command(words, command))


def commands() -> Iterator[tuple[str, Any]]:
    """Every command's words, such as ``data pack``, and what typer makes of it."""
    yield from _commands(typer.main.get_command(app), "")


def _commands(group: Any, before: str) -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        words = f"{before}{name}"
        if hasattr(command, "commands"):
            yield from _commands(command, f"{words} ")
        else:
            yield words, command


def _command(words: str, command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    yield f"(command-{words.replace(' ', '-')})="
    yield f"## {words}"
    yield ""
    yield from (_plain(command.help or "").strip(), "")
    usage = " ".join([words, *(_argument(one) for one in arguments), "[OPTIONS]"])
    yield from ("```text", f"seesawnas {usage}", "```", "")
    if arguments:
        yield from _table(
            ("argument", "meaning"), ((f"`{_name(one)}`", _plain(one.help)) for one in arguments)
        )
    panels = dict.fromkeys(one.rich_help_panel or OTHER_PANEL for one in options)
    for panel in panels:
        own = [one for one in options if (one.rich_help_panel or OTHER_PANEL) == panel]
        rows = ((_flags(one), _plain(one.help) + _shown_default(one)) for one in own)
        yield from _table((panel, "meaning"), rows)


def _argument(one: Any) -> str:
    name = f"{_name(one)}{'...' if one.nargs == -1 else ''}"
    return name if one.required else f"[{name}]"


def _name(one: Any) -> str:
    return str(one.metavar or one.name.upper()).strip("[].")


def _flags(one: Any) -> str:
    flags = ", ".join(f"`{flag}`" for flag in (*one.opts, *one.secondary_opts))
    return flags if one.is_flag or not one.metavar else f"{flags} `{one.metavar}`"


def _shown_default(one: Any) -> str:
    shown = one.show_default
    if shown is False or one.is_flag or one.default in (None, ()):
        return f" Default: {shown}." if isinstance(shown, str) else ""
    return f" Default: {shown if isinstance(shown, str) else one.default}."


def study_file_reference(command: str) -> str:
    """The keys of the study files of ``command``.

    Raises:
        KeyError: If the command takes no study file.
    """
    rows = (_key(one) for one in options_of(STUDY_FILES[command]))
    head = ("key", "value", "default", "may change on resume", "meaning")
    return "\n".join(_table(head, rows))


def _key(one: Option) -> tuple[str, ...]:
    about = one.help or ("see [recipes](#recipes)" if one.keys else "set by study files alone")
    return (
        f"`{one.key}`",
        _values(one),
        _default(one),
        "no" if one.must_stay else "yes",
        _plain(about),
    )


def _values(one: Option) -> str:
    match one.rule:
        case Whole(low, high, _):
            return f"integer {_bounds(low, high)}"
        case Number(low, high, _):
            return f"number {_bounds(low, high)}"
        case OneOf(names, _):
            return ", ".join(f"`{name}`" for name in names)
    if one.keys is not None:
        return "mapping"
    return f"`{one.metavar}`" if one.metavar else "text or list"


def _bounds(low: float, high: float) -> str:
    return f"from {low:,}" if high >= _LARGE else f"{low:,} to {high:,}"


def _default(one: Option) -> str:
    if one.default is ...:
        return "required"
    value = one.store(one.make_default())
    return "" if value in (None, (), [], {}) else f"`{_yaml(value)}`"


def _yaml(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_yaml, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def recipe_reference() -> str:
    """The keys of a recipe."""
    meanings = attribute_docs(Recipe)
    hints = get_type_hints(Recipe)
    rows = (
        (
            f"`{one.name}`",
            _type(hints[one.name]),
            "required" if one.default is MISSING else f"`{_yaml(one.default)}`",
            meanings.get(one.name, ""),
        )
        for one in fields(Recipe)
        if one.name != "label"
    )
    return "\n".join(_table(("key", "value", "default", "meaning"), rows))


def _type(hint: Any) -> str:
    names = {int: "integer", float: "number", bool: "`true` or `false`", str: "text"}
    if hint in names:
        return names[hint]
    choices = get_args(hint)
    if choices and all(isinstance(one, str) for one in choices):
        return ", ".join(f"`{one}`" for one in choices)
    return "list of numbers" if ... in choices else "number, or nothing"


def attribute_docs(kind: type) -> dict[str, str]:
    """The sentences of the section ``Attributes`` of a class's docstring, by attribute."""
    _, _, section = (inspect.getdoc(kind) or "").partition("Attributes:")
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        entry = re.match(r" {4}(\w+): (.*)", line)
        if entry:
            name = entry[1]
            found[name] = entry[2]
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return {name: _plain(text) for name, text in found.items()}


def space_reference() -> str:
    """The keys of search spaces and search points, of which the grammar's module has a list."""
    rows: list[list[str]] = []
    listed = (document.__doc__ or "").partition("Keys:\n")[2].partition("\n\nBlock attributes")[0]
    for line in listed.splitlines():
        if entry := re.match(r" {4}(\w[\w, ]*?) {2,}(.*)", line):
            rows.append([", ".join(f"`{key}`" for key in entry[1].split(", ")), entry[2]])
        elif line.strip():
            rows[-1][1] += f" {line.strip()}"
    return "\n".join(_table(("key", "meaning"), (tuple(row) for row in rows)))


def kind_reference() -> str:
    """The kinds of stems, blocks and heads that ship, with their attributes and defaults."""
    shipped = {
        name: kind
        for name, kind in sorted(kinds().items())
        if kind.block.__module__.startswith("seesawnas.")
    }
    lines: list[str] = []
    for role, title in ROLES.items():
        rows = (
            (f"`{name}`", ", ".join(_attribute(one) for one in kind.attributes.values()) or "none")
            for name, kind in shipped.items()
            if kind.role == role
        )
        lines += [f"### {title}", "", *_table(("kind", "attributes and defaults"), rows)]
    return "\n".join(lines)


def _attribute(about: Any) -> str:
    default = "" if about.default is None else f" {written(about.rule, about.default)}"
    return f"`{about.name}`{default}"


def benchmark_reference() -> str:
    """The benchmarks, each with the first sentence of its docstring."""
    rows = (
        (f"`{path.name}`", _first_paragraph(ast.get_docstring(ast.parse(path.read_text())) or ""))
        for path in sorted(BENCHMARKS.glob("*.py"))
    )
    return "\n".join(_table(("script", "measures"), rows))


def _first_paragraph(text: str) -> str:
    return _plain(text.split("\n\n")[0])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def _plain(text: str | None) -> str:
    """A help text as Markdown: rich's markup, line breaks and double backticks removed."""
    found = re.sub(r"\[/?(bold|dim|italic)\]", "", text or "").replace("``", "`")
    found = re.sub(r":\w+:`~?([\w.]+)`", r"`\1`", found)
    return "\n\n".join(" ".join(part.split()) for part in found.split("\n\n"))
