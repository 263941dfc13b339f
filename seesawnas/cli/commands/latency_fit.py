"""``seesawnas latency fit``: a latency model of a device and runtime, for budgets on latency."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.completion import complete_ref
from seesawnas.cli.options import MAX_SEED, BudgetText, Json, read_budget
from seesawnas.errors import InvalidInput

if TYPE_CHECKING:
    from seesawnas.device.latency.fit import LatencyFit


def fit(
    runtime: Annotated[
        str,
        typer.Option(
            "--runtime", metavar="NAME", help="onnxruntime, openvino, ncnn, executorch or torch."
        ),
    ] = "onnxruntime",
    space: Annotated[
        str,
        typer.Option(
            "--space",
            metavar="REF",
            help="Search space whose networks are measured: a YAML file or a shipped name.",
            autocompletion=complete_ref,
        ),
    ] = "seesaw",
    networks: Annotated[
        int,
        typer.Option("--networks", metavar="N", min=20, max=1000, help="Networks to measure."),
    ] = 40,
    budget: BudgetText = None,
    command: Annotated[
        str | None,
        typer.Option(
            "--command",
            metavar="CMD",
            help="Command that measures a model on another device, with the fields {model}, "
            "{runs}, {threads}, {height} and {width}; see seesawnas latency --help.",
            show_default=False,
        ),
    ] = None,
    threads: Annotated[
        int, typer.Option("--threads", metavar="N", min=1, max=256, help="Threads of a run.")
    ] = 1,
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", min=1, max=1024, help="Images of a run.")
    ] = 1,
    rounds: Annotated[
        int | None,
        typer.Option(
            "--rounds",
            metavar="N",
            min=8,
            max=100_000,
            help="Rounds, in each of which every network runs once; up to five times as many "
            "while the even and the odd rounds disagree.",
            show_default="60; 10 on a device",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", metavar="N", min=0, max=MAX_SEED, help="Random seed of the networks."
        ),
    ] = 0,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FILE",
            help="File of the model. Measurements (.jsonl) and a plot (.html) lie beside it.",
        ),
    ] = Path("latency.yaml"),
    json: Json = False,
) -> None:
    """Measure networks of a search space, and fit a model that predicts the latency of others.

    Use the model in a budget: --budget 'latency<=6ms@latency.yaml'. Give the --budget that you will
    search within, so that such networks are measured. Run the same command again to resume after
    Ctrl-C.
    """
    from seesawnas.cli.views.compiling import compiling_shown
    from seesawnas.cli.views.output import print_json
    from seesawnas.cost.lowering import Lowering
    from seesawnas.device.latency.design import design_networks
    from seesawnas.device.latency.fit import Setting, fit_latency, measure_networks
    from seesawnas.device.latency.measuring import MAY_DISAGREE, NetworkTimer
    from seesawnas.device.latency.prepare import format_of
    from seesawnas.device.latency.runtimes import check_runtime
    from seesawnas.io.files import write_atomically
    from seesawnas.report.plots.latency import latency_page
    from seesawnas.space import FeasibleSet, load_space

    if out.is_dir():
        raise InvalidInput(f"--out must be a file, got the folder {out}")
    limit = read_budget(budget) if budget is not None else None
    waste = format_of(check_runtime(runtime)).waste
    timer = NetworkTimer.open(
        runtime,
        threads=threads,
        batch=batch,
        command=command,
        rounds=rounds,
        may_disagree=MAY_DISAGREE,
        advice="use more --rounds",
    )
    with compiling_shown():
        chosen = design_networks(
            FeasibleSet(load_space(space), limit), networks, seed, Lowering(waste)
        )
    where = space if limit is None else f"{space} within {limit.words}"
    setting = Setting.of(timer, where, waste)
    times: dict[str, float] = {}
    for times in measure_networks(chosen, timer, out.with_suffix(".jsonl"), setting):
        _say(f"{sum(spec.digest() in times for spec in chosen)} of {networks} networks measured")
    found = fit_latency([times[spec.digest()] for spec in chosen], chosen, setting)
    page = latency_page(
        found.measured,
        found.held_out,
        [spec.digest() for spec in chosen],
        title=f"{runtime} {timer.version}, {setting.device}",
        factor=found.model.factor,
    )
    plot = out.with_suffix(".html")
    write_atomically(out, found.model.to_yaml())
    write_atomically(plot, page)
    files = {"model": str(out), "measurements": str(out.with_suffix(".jsonl")), "plot": str(plot)}
    if json:
        print_json({**found.to_mapping(), "files": files})
    else:
        _show(found, files)


def _say(line: str) -> None:
    from seesawnas.cli.views.output import screen
    from seesawnas.cli.views.progress import say

    say(screen(), line)


def _show(found: LatencyFit, files: dict[str, str]) -> None:
    from seesawnas.cli.views.output import console, table

    model, out = found.model, console()
    rows: list[tuple[str, str]] = [
        ("networks", str(model.networks)),
        ("mean error of held-out networks", f"{model.mape:.1%}"),
        ("within 10 %", f"{model.within_10_percent:.1%}"),
        ("Kendall's tau", f"{model.tau:.3f}"),
        (f"factor that bounds {model.coverage:.0%}", f"{model.factor:g}"),
    ]
    title = f"{model.runtime} {model.runtime_version}, {model.device}"
    out.print(table(("latency model", f">{title}"), rows))
    out.print(table(("count", ">mean share", ">coefficient (us per unit)"), _shares(found)))
    out.print("Files:", *(f"\n  {path}" for path in files.values()))
    out.print(
        f"Next:\n  seesawnas space {model.space.split()[0]} --budget {_example(found, files)}"
    )


def _shares(found: LatencyFit) -> list[tuple[Any, ...]]:
    """Each count, largest first: its share of what networks take, and its coefficient."""
    from seesawnas.cost.counts import UNITS, network_counts

    counts = [network_counts(spec, found.model.lowering) for spec in found.networks]
    rows = []
    for name, value in found.model.coefficients:
        takes = [value * one.get(name, 0) / UNITS[name] for one in counts]
        shares = [own / whole for own, whole in zip(takes, found.measured, strict=True)]
        rows.append((sum(shares) / len(shares), name, value))
    return [(name, f"{share:.1%}", f"{value:.4g}") for share, name, value in sorted(rows)[::-1]]


def _example(found: LatencyFit, files: dict[str, str]) -> str:
    """A budget that about half of the networks meet."""
    from shlex import quote

    middle = sorted(found.measured)[len(found.measured) // 2] * found.model.factor
    return quote(f"latency<={max(1, round(middle / 100)) / 10:g}ms@{files['model']}")
