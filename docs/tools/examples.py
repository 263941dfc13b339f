"""The blocks of code in pages, as examples that run.

By the language of a block:

=========  =====================================================================================
python     runs, all blocks of a page one after another; ``name  # 12`` must be 12
console    ``$`` commands run, and their outputs must be those that are shown
sh         command lines are parsed; those of a block with the comment ``run`` run too
yaml       begins with its file's name, ``# quick.yaml``, is valid YAML and is written there
toml, ini  is valid, or part of a file
text       an output or a picture in letters: not checked, except keys of JSON
=========  =====================================================================================

A comment before a block changes what is done with it::

    <!-- run -->                            the shell block runs
    <!-- run with: --trials 2 -->           the shell block runs, with smaller settings
    <!-- first lines: 12 -->                only the first lines of an output are shown
    <!-- keys of: seesawnas paper -->       the text lists the keys that it prints with --json; of
                                            several commands between ``&&`` those of all
    <!-- part of: docs/examples/... -->     the block is a part of that file, and does not run
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from sybil import Document, Example
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser
from typer.testing import CliRunner

from docs.tools.command_lines import command_lines, fault_of, mention_fault
from docs.tools.json_keys import key_list
from seesawnas.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/**/*.md", "studies/*/README.md")
LANGUAGES = {"python", "console", "sh", "yaml", "toml", "text"}
WIDTH = 120
"""Of the outputs that pages show, in characters."""
_COMMENT = re.compile(r"<!-- (run|run with|first lines|part of|keys of)(?:: (.*?))? -->\n\Z")
_MENTION = re.compile(r"(?<!`)`seesawnas ([^`\n]+)`(?!`)")
_FENCE = re.compile(r"^```(\{?)([\w-]*)", re.MULTILINE)


@dataclass(frozen=True)
class Note:
    """What the comment before a block says."""

    name: str = ""
    value: str = ""


@dataclass(frozen=True)
class Left:
    """What a command left."""

    code: int
    out: str
    err: str


def pages() -> list[Path]:
    """Every page whose blocks are checked."""
    return sorted({path for pattern in PAGES for path in ROOT.glob(pattern)})


def examples(page: Path) -> Document:
    """The examples of a page, in order; ``evaluate`` runs one in the working directory."""
    parsers = [
        CodeBlockParser("python", check_python),
        CodeBlockParser("sh", check_shell),
        CodeBlockParser("console", check_console),
        CodeBlockParser("yaml", check_yaml),
        CodeBlockParser("toml", check_toml),
        CodeBlockParser("text", check_keys),
    ]
    document = Document.parse(str(page), *parsers)
    document.push_evaluator(check_part)
    return document


def note_of(example: Example) -> Note:
    """The comment before an example."""
    found = _COMMENT.search(example.document.text[: example.start])
    return Note(found[1], found[2] or "") if found else Note()


def run(words: list[str]) -> Left:
    """Run ``seesawnas`` in this process, with an output of ``WIDTH`` columns."""
    width = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(WIDTH)
    try:
        result = CliRunner().invoke(app, words, prog_name="seesawnas")
    finally:
        os.environ.pop("COLUMNS")
        if width is not None:
            os.environ["COLUMNS"] = width
    return Left(result.exit_code, result.stdout, result.stderr)


def check_part(example: Example) -> str | None:
    """Whether a block that is a part of a file stands in it; other blocks are left to others."""
    from sybil.example import NotEvaluated

    note = note_of(example)
    if note.name != "part of":
        raise NotEvaluated
    is_part = str(example.parsed).strip() in (ROOT / note.value).read_text()
    return None if is_part else f"is not a part of {note.value}"


def check_python(example: Example) -> str | None:
    """Run it, and compare values with the numbers beside them: ``len(x)  # 12``."""
    PythonEvaluator()(example)
    for expression, value in re.findall(r"^([\w.()]+) +# (\d+)$", example.parsed, re.MULTILINE):
        if str(found := eval(expression, example.namespace)) != value:
            return f"{expression} is {found}, not {value}"
    return None


def check_shell(example: Example) -> str | None:
    """Parse the command lines, and run them if the page says so."""
    note = note_of(example)
    for line in command_lines(example.parsed):
        if fault := fault_of(line):
            return f"{line}\n{fault}"
        if note.name in ("run", "run with"):
            left = run([*shlex.split(line)[1:], *shlex.split(note.value)])
            if left.code:
                return f"{line}\nexit code {left.code}\n{left.err}"
    return None


def check_console(example: Example) -> str | None:
    """Run the commands and compare what they print."""
    return _difference(example, console(example.parsed, note_of(example)))


def check_keys(example: Example) -> str | None:
    """Run the commands, if a text is of some, and compare the keys that they print."""
    if note_of(example).name != "keys of":
        return None
    return _difference(example, keys(note_of(example), example.parsed))


def keys(note: Note, known: str) -> str:
    """The keys that commands print with ``--json``, a line each.

    Args:
        note: Says the commands.
        known: The lines so far.
    """
    outputs = []
    for line in note.value.split(" && "):
        left = run([*shlex.split(line)[1:], "--json"])
        assert left.out, left.err
        # 1 is a verdict that is no error, such as a file that was not kept.
        assert left.code in (0, 1), left.err
        outputs.append(left.out)
    return "\n".join(key_list(*outputs, known=known.rstrip("\n")))


def _difference(example: Example, made: str) -> str | None:
    printed = example.parsed.rstrip("\n")
    changes = difflib.unified_diff(printed.splitlines(), made.splitlines(), n=0, lineterm="")
    return "\n".join(["make docs-outputs changes it", *changes]) if made != printed else None


def console(text: str, note: Note) -> str:
    """The console block ``text`` with the output of its commands today."""
    commands = [line for line in text.splitlines() if line.startswith("$ ")]
    return "\n\n".join("\n".join([line, *shown_output(line[2:], note)]) for line in commands)


def shown_output(command: str, note: Note) -> list[str]:
    """The lines that a page shows of a command's output."""
    words = shlex.split(command)
    assert words[0] == "seesawnas", command
    left = run(words[1:])
    output = left.out or left.err
    lines = "\n".join(line.rstrip() for line in output.splitlines()).strip("\n").splitlines()
    most = int(note.value) if note.name == "first lines" else len(lines)
    return [*lines[:most], "..."] if len(lines) > most else lines


def check_yaml(example: Example) -> str | None:
    """Write the file that the block begins with the name of."""
    found = re.match(r"# (\S+\.ya?ml)\n", example.parsed)
    if found is None:
        return "must begin with a file's name, such as # quick.yaml"
    try:
        yaml.safe_load(example.parsed)
    except yaml.YAMLError as error:
        return str(error)
    Path(found[1]).write_text(example.parsed, encoding="utf-8")
    return None


def check_toml(example: Example) -> str | None:
    """Parse it."""
    try:
        tomllib.loads(example.parsed)
    except tomllib.TOMLDecodeError as error:
        return str(error)
    return None


def mention_faults(page: Path) -> Iterator[str]:
    """What is wrong with commands that the sentences of a page mention."""
    for found in _MENTION.finditer(page.read_text(encoding="utf-8")):
        try:
            words = shlex.split(found[1])
        except ValueError as error:
            yield f"`seesawnas {found[1]}`: {error}"
            continue
        if fault := mention_fault(words):
            yield f"`seesawnas {found[1]}`: {fault}"


def unknown_languages(page: Path) -> set[str]:
    """Languages of blocks that nothing here checks."""
    fences = _FENCE.findall(page.read_text(encoding="utf-8"))
    return {language for brace, language in fences if not brace and language} - LANGUAGES
