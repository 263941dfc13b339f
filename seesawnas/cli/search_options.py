"""The options of ``seesawnas search``. Each is a key of a study file too; one that is given overrides the file's."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import typer

from seesawnas.cli.options import complete_ref
from seesawnas.io.catalog import STUDIES

WHAT, END, JUDGE, WHERE = "What is searched", "When it ends", "How networks are judged", "Where it runs"


def complete_study(incomplete: str) -> list[str]:
    """What STUDY_FILE can go on to: shipped studies, YAML files and folders here."""
    named = (name for name in STUDIES.names() if name.startswith(incomplete))
    return sorted({*named, *(name for name in complete_ref(incomplete) if name.endswith((".yaml", ".yml", "/")))})


def option(name: str, metavar: str, panel: str, text: str, **more: Any) -> Any:
    """An option of a study, which its help names no default of: that may come from a study file."""
    return typer.Option(name, metavar=metavar, rich_help_panel=panel, help=text, show_default=False, **more)


StudyFile: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="STUDY_FILE",
        help="A study file: your own, or what ships, such as studies/search_150m.yaml. Options override it.",
        autocompletion=complete_study,
        show_default=False,
    ),
]
Budget: TypeAlias = Annotated[
    str | None,
    option(
        "--budget",
        "BUDGET",
        WHAT,
        "MAdds ceiling, 150M, or band, 140M..150M; '150M, params<=1.5M', or a preset: seesaw, mobilefacenet, lfr2019-light.",
    ),
]
Space: TypeAlias = Annotated[
    str | None,
    option(
        "--space",
        "REF",
        WHAT,
        "Search space: a YAML file or a shipped name. Default: seesaw.",
        autocompletion=complete_ref,
    ),
]
Data: TypeAlias = Annotated[
    str | None,
    option("--data", "PATH", WHAT, "Folder of identities, or with train.rec; or a .rec. Default: small default faces."),
]
Objectives: TypeAlias = Annotated[
    str | None,
    option("--objectives", "NAMES", WHAT, "A quality, then costs: accuracy,madds. Default: accuracy."),
]
Sampler: TypeAlias = Annotated[
    str | None, option("--sampler", "NAME", WHAT, "random, tpe, nsga2, gp, evolution or linear. Default: linear.")
]
Points: TypeAlias = Annotated[
    str | None,
    option(
        "--points", "REFS", WHAT, "Networks tried first: all (the papers' that fit), none, or REF,REF. Default: all."
    ),
]
Trials: TypeAlias = Annotated[
    int | None,
    option("--trials", "N", END, "Finished trials the study shall hold. Default: 12, where nothing else ends it."),
]
Time: TypeAlias = Annotated[
    str | None, option("--time", "T", END, "Time of this run, such as 2h or 90m; repeats get what its search leaves.")
]
Patience: TypeAlias = Annotated[int | None, option("--patience", "N", END, "Finished trials without a better one.")]
Target: TypeAlias = Annotated[
    float | None, option("--target", "Q", END, "Quality to reach, such as an accuracy of 0.85.")
]
EarlyStopping: TypeAlias = Annotated[
    str | None,
    option(
        "--early-stopping",
        "RULE",
        END,
        "Stop poor trials: asha, asha:FIRST or asha:FIRST:FACTOR; after FIRST epochs the best 1/FACTOR go on. "
        "Default: none.",
    ),
]
Repeats: TypeAlias = Annotated[
    int | None,
    option("--repeats", "K", JUDGE, "Train the best networks again from K new seeds; rank by their mean. Default: 0."),
]
RepeatTop: TypeAlias = Annotated[
    int | None, option("--repeat-top", "M", JUDGE, "How many networks are trained again. Default: 5.")
]
Epochs: TypeAlias = Annotated[int | None, option("--epochs", "N", JUDGE, "Epochs of proxy training a trial.")]
Resolution: TypeAlias = Annotated[
    int | None, option("--resolution", "R", JUDGE, "Longer side of the proxy's input in pixels.")
]
Seed: TypeAlias = Annotated[
    int | None, option("--seed", "S", JUDGE, "Seeds proposals, people, training and pairs. Default: 0.")
]
Study: TypeAlias = Annotated[
    str | None,
    option("--study", "NAME", WHERE, "Folder under runs/. Default: after the study file, or budget and data."),
]
Storage: TypeAlias = Annotated[
    str | None,
    option("--storage", "URL", WHERE, "Optuna storage, such as sqlite:///x.db. Default: a journal file."),
]
Engine: TypeAlias = Annotated[
    str | None,
    option(
        "--engine",
        "NAME",
        WHERE,
        "What runs trials: ray, local (processes) or inline (this one). Default: ray.",
    ),
]
Workers: TypeAlias = Annotated[
    int | None, option("--workers", "N", WHERE, "Trials at a time. Default: as many as fit; 2 where local.")
]
CpusPerTrial: TypeAlias = Annotated[float | None, option("--cpus-per-trial", "X", WHERE, "CPUs a trial. Default: 1.")]
GpusPerTrial: TypeAlias = Annotated[float | None, option("--gpus-per-trial", "X", WHERE, "GPUs a trial. Default: 0.")]
RayAddress: TypeAlias = Annotated[
    str | None, option("--ray-address", "ADDRESS", WHERE, "A Ray cluster to run on, auto or HOST:PORT.")
]
Silence: TypeAlias = Annotated[
    str | None,
    option("--silence", "T", WHERE, "Time without an epoch after which a trial is started again. Default: 1h."),
]
