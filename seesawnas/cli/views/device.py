"""Exported files and their scores, and what networks take, for people."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from seesawnas.cli.views.output import console, count, screen, table
from seesawnas.text import several, short
from seesawnas.units import format_bytes

if TYPE_CHECKING:
    from seesawnas.device.export import Exported
    from seesawnas.device.latency.protocol import RoundFinished

T = TypeVar("T")


@contextmanager
def steps_shown() -> Iterator[Callable[[str], None]]:
    """What is being done, in the last line of a terminal's stderr."""
    shown = screen()
    with shown.status("opening") as status:
        yield status.update


def print_export(done: Exported) -> None:
    """Print what was written, how it agrees with torch, and both networks' scores."""
    out, card = console(), done.card
    network, parity = card["network"], card["parity"]
    weights = "" if network["trained"] else ", random weights"
    # TorchScript runs in torch, which it is compared with
    written = card["format"] if card["runtime"] == "torch" else card["runtime"]
    out.print(
        f"{network['name']}: {card['format']}, {card['precision']}, {card['operators']} operators"
        f"{weights}",
        markup=False,
        style="bold",
    )
    out.print(
        f"cosine of {written} to torch: mean {parity['cosine_mean']:.6f}, minimum "
        f"{parity['cosine_min']:.6f}, over {parity['images']} images of {parity['faces']}",
        markup=False,
        soft_wrap=True,
    )
    columns = ("set", "network", ">pairs", ">accuracy", ">AUC", ">FAR 1e-2", ">FAR 1e-3")
    rows = [row for one in card["scores"] for row in _rows(one, written)]
    out.print(table(columns, rows, "Scores and thresholds, cosine of single images"))
    for path in done.files:
        is_model = path.suffix not in (".json", ".md")
        size = f" ({format_bytes(path.stat().st_size)})" if is_model else ""
        out.print(f"wrote {path}{size}", markup=False, soft_wrap=True)


def _rows(scores: dict[str, Any], runtime: str) -> Iterator[tuple[str, ...]]:
    for name, key in (("torch", "before"), (runtime, "after")):
        values = scores[key]
        thresholds = (values["thresholds"].get(rate) for rate in ("1e-2", "1e-3"))
        yield (
            scores["set"] if key == "before" else "",
            name,
            count(scores["pairs"]),
            f"{100 * values['accuracy']:.2f} %",
            f"{values['auc']:.4f}",
            *("not resolvable" if one is None else f"{one:.4f}" for one in thresholds),
        )


def rounds_shown(rounds: Generator[RoundFinished, None, T]) -> T:
    """Run ``rounds`` to their end with a bar on a terminal's stderr."""
    shown = screen()
    # Redrawn only between runs: a thread that draws would take time from what is measured.
    with Progress(
        TextColumn("round"),
        BarColumn(),
        MofNCompleteColumn(),
        console=shown,
        transient=True,
        auto_refresh=False,
        disable=not shown.is_terminal,
    ) as bars:
        task = bars.add_task("rounds", total=None)
        while True:
            try:
                event = next(rounds)
            except StopIteration as end:
                found: T = end.value
                return found
            bars.update(task, completed=event.done, total=event.total)
            bars.refresh()


def print_latency(values: dict[str, Any]) -> None:
    """Print the times as a table, and what they were taken on."""
    out = console()
    version = f" {values['runtime_version']}" if values["runtime_version"] else ""
    device = short(values["device"] or "device")
    where = device if values["command"] else values["machine"]["processor"]
    threads = several(values["threads"], "thread") if values["threads"] else "its own threads"
    title = (
        f"{values['runtime']}{version}, {threads}, batch {values['batch']}, {values['rounds']} "
        f"rounds, {where}"
    )
    clock = "processor time" if values["clock"] == "cpu" else "wall-clock time"
    columns = (
        "network",
        ">ms",
        ">lower quartile",
        ">wall ms",
        ">ratio",
        ">95 % interval",
        ">halves differ",
        ">memory (MiB)",
    )
    rows = [
        (
            one["network"],
            f"{one['ms']:.2f}",
            f"{one['lower_quartile_ms']:.2f}",
            f"{one['wall_ms']:.2f}",
            f"{one['ratio']:.3f}",
            "{:.3f}..{:.3f}".format(*one["ratio_interval"]),
            f"{100 * one['halves_disagree']:.1f} %",
            "" if one["memory_mib"] is None else f"{one['memory_mib']:.1f}",
        )
        for one in values["networks"]
    ]
    out.print(title, markup=False, style="bold")
    out.print(table(columns, rows, f"ms: minimum {clock} of a run; ratio to the first"))
    if any(one["weights"] == "random" for one in values["networks"]):
        out.print("Weights are random unless trained; they do not change how long a network takes.")
