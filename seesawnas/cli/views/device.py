"""Exported files and their scores, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from seesawnas.cli.views.output import console, count, screen, table

if TYPE_CHECKING:
    from seesawnas.device.export import Exported


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
    out.print(
        f"{network['name']}: {card['format']}, {card['precision']}, {card['operators']} operators"
        f"{weights}",
        markup=False,
        style="bold",
    )
    out.print(
        f"cosine of {card['runtime']} to torch: mean {parity['cosine_mean']:.6f}, minimum "
        f"{parity['cosine_min']:.6f}, over {parity['images']} images of {parity['faces']}",
        markup=False,
        soft_wrap=True,
    )
    columns = ("set", "network", ">pairs", ">accuracy", ">AUC", ">FAR 1e-2", ">FAR 1e-3")
    rows = [row for one in card["scores"] for row in _rows(one, card["runtime"])]
    out.print(table(columns, rows, "Scores and thresholds, cosine of single images"))
    for path in done.files:
        size = (
            f" ({path.stat().st_size / 1e6:.2f} MB)" if path.suffix not in (".json", ".md") else ""
        )
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
