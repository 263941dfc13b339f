"""The logs of a training run.

They are ``log.csv``, one row per epoch, and TensorBoard events, also per step.
"""

from __future__ import annotations

import csv
import io
import time
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter

from seesawnas.io.files import inside, write_atomically
from seesawnas.text import csv_cell, escape_line
from seesawnas.train import StepRecord

_EVERY = 20  # steps between two points of a curve
_WINDOW = 50  # steps that the pace is measured over


class Logs:
    """The two logs in ``folder``.

    Steps after ``step``, from a run that was killed, are removed from the curves.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._folder = folder
        self._writer = SummaryWriter(
            str(inside(folder, folder / "tensorboard")),
            purge_step=step + 1,
            filename_suffix=f".{step}",
        )

    def step(self, record: StepRecord, pace: float) -> None:
        """A point of the curves, now and then."""
        if record.step % _EVERY == 0:
            points = {
                "loss": record.loss,
                "learning rate": record.learning_rate,
                "images a second": pace,
            }
            self._add(points, record.step)

    def epochs(self, rows: list[dict[str, Any]], step: int) -> None:
        """Rewrite the table of all epochs; add the last to the curves."""
        flat = [_flat(row) for row in rows]
        text = io.StringIO()
        # Verification sets may have come and gone.
        names = dict.fromkeys(name for row in flat for name in row)
        table = csv.DictWriter(text, list(names), lineterminator="\n", restval="")
        table.writerow({name: csv_cell(name) for name in names})
        table.writerows({name: csv_cell(value) for name, value in row.items()} for row in flat)
        write_atomically(self._folder / "log.csv", text.getvalue(), within=self._folder)
        self._add({f"epoch/{name}": value for name, value in flat[-1].items()}, step)
        self._writer.flush()

    def validation(self, scores: Mapping[str, Any], step: int) -> None:
        """Add the scores by verification set to the curves, one point a set and step."""
        flat = _flat({"scores": scores})
        self._add({f"validation/{name}": value for name, value in flat.items()}, step)
        self._writer.flush()

    def close(self) -> None:
        """Write out what is left."""
        self._writer.close()

    def _add(self, points: Mapping[str, float], step: int) -> None:
        for name, value in points.items():
            self._writer.add_scalar(escape_line(name).replace(" ", "_"), value, step)


class Pace:
    """Images per second over the last steps; the time between two epochs does not count."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, int]] = deque(maxlen=_WINDOW)
        self.restart()

    def restart(self) -> None:
        """Start to measure time now."""
        self._last = time.perf_counter()

    def take(self, images: int) -> float:
        """Count one more step; return the images per second."""
        now = time.perf_counter()
        self._steps.append((now - self._last, images))
        self._last = now
        return sum(images for _, images in self._steps) / max(
            1e-9, sum(seconds for seconds, _ in self._steps)
        )


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """An epoch's row with each benchmark's accuracy and AUC as columns."""
    scores: Iterable[tuple[str, Any]] = row["scores"].items()
    found = {name: value for name, value in row.items() if name != "scores"}
    for name, score in scores:
        found |= {
            f"{name} accuracy": score["accuracy"],
            f"{name} std": score["std"],
            f"{name} auc": score["auc"],
        }
    return found
