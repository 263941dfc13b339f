"""Command lines in pages: every one is parsed by the program that it calls, without running it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import typer.main

from seesawnas.cli.app import app

ROOT = Path(__file__).parents[2]
NOT_OURS = {"export", ".", "ray", "git", "sbatch", "optuna-dashboard", "cd", "docker"}
"""Programs whose command lines are not checked."""
_REDIRECTION = re.compile(r"\s+>\s*\S+$")


def command_lines(text: str) -> list[str]:
    """The command lines of a shell block, those over several lines joined, without comments."""
    joined = re.sub(r"\\\n\s*", "", text)
    words = (shlex.split(line, comments=True) for line in joined.splitlines())
    return [shlex.join(line) for line in words if line]


def fault_of(line: str) -> str | None:
    """What is wrong with a command line; None if it is right.

    Options and arguments of ``seesawnas`` are parsed by the command itself; of ``make`` the target,
    of ``pip install`` the extras, and of ``python`` the script or the module must exist.
    """
    words = shlex.split(_REDIRECTION.sub("", line))
    words = words[: words.index(">")] if ">" in words else words
    match words:
        case ["seesawnas", *given]:
            return seesawnas_fault(given)
        case ["torchrun", *given] if "seesawnas" in given:
            return seesawnas_fault(given[given.index("seesawnas") + 1 :])
        case ["docker", "run", *given] if "seesawnas" in given:
            return seesawnas_fault(given[given.index("seesawnas") + 1 :])
        case ["make", *targets]:
            return _make_fault(targets)
        case ["pip", "install", *given]:
            return _pip_fault(given)
        case ["python", "-m", "pytest", *paths] | ["pytest", *paths]:
            missing = [path for path in paths if not (ROOT / path).exists()]
            return f"there is no {missing[0]}" if missing else None
        case ["python" | "python3", "-m", module, *_]:
            path = ROOT / module.replace(".", "/")
            is_there = path.with_suffix(".py").is_file() or path.is_dir()
            return None if is_there else f"there is no module {module}"
        case ["python" | "python3", script, *_] if script.endswith(".py"):
            return None if (ROOT / script).is_file() else f"there is no script {script}"
        case [program, *_] if program in NOT_OURS or "=" in program:
            return None
    return "is a program that the tests do not know"


def seesawnas_fault(words: list[str]) -> str | None:
    """What is wrong with the arguments of ``seesawnas``; None if they are right."""
    command: Any = typer.main.get_command(app)
    try:
        parent, name, rest = None, "seesawnas", list(words)
        while hasattr(command, "commands"):
            if not rest or rest[0].startswith("-"):
                command.make_context(name, rest, parent=parent)
                return None
            parent = command.context_class(command, info_name=name, parent=parent)
            name, command, rest = command.resolve_command(parent, rest)
        command.make_context(name, rest, parent=parent)
    except SystemExit:
        return None
    except Exception as error:
        if type(error).__name__ == "Exit":  # --help and --version end so
            return None
        return f"{type(error).__name__}: {getattr(error, 'message', error)}"
    return None


def mention_fault(words: list[str]) -> str | None:
    """What is wrong with ``seesawnas ...`` in a sentence, which may lack arguments."""
    command: Any = typer.main.get_command(app)
    parent = None
    rest = words
    while hasattr(command, "commands"):
        if not rest or not re.match(r"[a-z]", rest[0]):
            return None
        parent = command.context_class(command, info_name="seesawnas", parent=parent)
        try:
            _, command, rest = command.resolve_command(parent, rest)
        except Exception as error:
            return str(getattr(error, "message", error))
    known = {flag for one in command.params for flag in (*one.opts, *one.secondary_opts)}
    given = [word.partition("=")[0] for word in rest if word.startswith("--")]
    unknown = [word for word in given if word not in {*known, "--help"}]
    return f"no option {unknown[0]}" if unknown else None


def _make_fault(targets: list[str]) -> str | None:
    makefile = (ROOT / "Makefile").read_text()
    missing = [
        word
        for word in targets
        if "=" not in word and not re.search(rf"^{re.escape(word)}:", makefile, re.MULTILINE)
    ]
    return f"there is no target {missing[0]}" if missing else None


def _pip_fault(words: list[str]) -> str | None:
    import configparser

    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    known = set(settings["options.extras_require"])
    asked = {
        extra
        for word in words
        for found in re.findall(r"\[(.+)\]", word)
        for extra in found.split(",")
    }
    return f"there is no extra {min(asked - known)}" if asked - known else None
