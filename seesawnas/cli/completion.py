"""What the shell completes words with: shipped names, files, studies and their trials.

Nothing here imports torch or Optuna: the shell waits for it. Studies are found by their folders
under runs/, trials in the summaries beside them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from seesawnas.io.catalog import RECIPES, RUNS, STUDIES, TABLES, studies_of_runs

_LARGEST = 10**7  # bytes of a summary that is read
_MOST_TRIALS = 50
Complete = Callable[[str], list[str]]


def complete_network(incomplete: str) -> list[str]:
    """Complete the REF of a network: shipped names, YAML files, folders, trials of studies."""
    study, colon, _ = incomplete.rpartition(":")
    names = _trials(study) if colon else [f"{name}:best" for name in studies_of_runs()]
    return sorted({*complete_ref(incomplete), *_beginning(incomplete, names)})


def complete_ref(incomplete: str) -> list[str]:
    """Complete a REF: shipped names, YAML files and folders."""
    from seesawnas.space import shipped

    names = [*shipped(), *shipped("paper"), *_files(incomplete, (".yaml", ".yml"))]
    return sorted(set(_beginning(incomplete, names)))


def complete_study_file(incomplete: str) -> list[str]:
    """Complete a STUDY_FILE: shipped studies, YAML files and folders."""
    names = [*STUDIES.names(), *_files(incomplete, (".yaml", ".yml"))]
    return sorted(set(_beginning(incomplete, names)))


def complete_base(incomplete: str) -> list[str]:
    """Complete a SPEC: networks and study files."""
    return sorted({*complete_network(incomplete), *complete_study_file(incomplete)})


def complete_study(incomplete: str) -> list[str]:
    """Complete a STUDY: those under runs/, and folders."""
    return sorted({*_beginning(incomplete, [*studies_of_runs(), *_files(incomplete, ())])})


def complete_recipe(incomplete: str) -> list[str]:
    """Complete a recipe: shipped names, YAML files and folders."""
    short = (name.rpartition("/")[2] for name in RECIPES.names())
    names = [*short, *_files(incomplete, (".yaml", ".yml"))]
    return sorted(set(_beginning(incomplete, names)))


def complete_prior(incomplete: str) -> list[str]:
    """Complete the last of several names: shipped tables, CSV files, studies and folders."""
    before, comma, last = incomplete.rpartition(",")
    names = {*TABLES.names(), *studies_of_runs(), *_files(last, (".csv",))}
    return [f"{before}{comma}{name}" for name in sorted(_beginning(last, names))]


def complete_networks(incomplete: str) -> list[str]:
    """Complete the last of several REFs of networks."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in complete_network(last)]


def complete_sampler(incomplete: str) -> list[str]:
    """Complete the name of a sampler: included ones and those of installed packages."""
    from seesawnas.search.plan import OWN_SAMPLERS

    return sorted(_beginning(incomplete, OWN_SAMPLERS.names()))


def one_of(names: Iterable[str]) -> Complete:
    """Complete one of ``names``."""
    known = sorted(names)
    return lambda incomplete: _beginning(incomplete, known)


COMPLETIONS: dict[str, Complete | None] = {
    "": None,
    "ref": complete_ref,
    "networks": complete_networks,
    "prior": complete_prior,
    "recipe": complete_recipe,
    "sampler": complete_sampler,
    "study": complete_study,
}
"""By the ``completion`` of an option."""


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _files(incomplete: str, suffixes: tuple[str, ...]) -> list[str]:
    """The folders, and the files with one of ``suffixes``, where ``incomplete`` leads to."""
    typed = Path(incomplete)
    folder = typed if incomplete.endswith("/") else typed.parent
    found = folder.iterdir() if folder.is_dir() else ()
    return [
        f"{path}/" if path.is_dir() else str(path)
        for path in found
        if not path.name.startswith(".") and (path.is_dir() or path.suffix in suffixes)
    ]


def _trials(study: str) -> list[str]:
    """``STUDY:best``, and the first of the ranking that its last start has written down."""
    folder = Path(study) if "/" in study else RUNS / study
    if not folder.is_dir():
        return []
    return [f"{study}:{trial}" for trial in ("best", *_ranked(folder / "summary.json"))]


def _ranked(summary: Path) -> list[int]:
    try:
        if summary.stat().st_size > _LARGEST:
            return []
        rows = json.loads(summary.read_text(encoding="utf-8"))["ranking"][:_MOST_TRIALS]
        return [int(row["number"]) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
