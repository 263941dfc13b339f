"""``RankedRow`` and ``StoppedRow``: measured networks, as rankings and plots take them."""

from __future__ import annotations

from dataclasses import dataclass

from seesawnas.study import Repeats


@dataclass(frozen=True, slots=True)
class RankedRow:
    """Trial ``number``'s network with its measurement: verification ``accuracy`` (0 to 1), its ``std`` over the folds,
    ``auc``; what it costs; and the seconds that the trial took. ``name`` is a paper point's, None where a sampler chose.
    ``repeats`` are its trainings from new seeds, None where there are none.
    """

    number: int
    digest: str
    name: str | None
    accuracy: float
    std: float
    auc: float
    madds: int
    params: int
    seconds: float
    activation_bytes: int = 0
    tar_at_far_1e_2: float | None = None
    tar_at_far_1e_3: float | None = None
    separation: float = 0.0
    repeats: Repeats | None = None

    @property
    def label(self) -> str:
        """The name where there is one, else the digest."""
        return self.name or self.digest

    def objective(self, name: str) -> float:
        """What the search measured of an objective; a quality that could not be resolved is as bad as can be."""
        return float(getattr(self, name) or 0.0)

    def merit(self, quality: str) -> float:
        """What it is ranked by: the mean over new seeds where there are any, else what the search measured."""
        return self.objective(quality) if self.repeats is None else self.repeats.mean


@dataclass(frozen=True, slots=True)
class StoppedRow:
    """A trial that was stopped early after ``epoch``, at ``value`` of the study's quality."""

    number: int
    digest: str
    name: str | None
    epoch: int
    value: float
    accuracy: float
    auc: float
    madds: int
    params: int


def written(quality: str, value: float) -> str:
    """A quality as people read it."""
    if quality == "auc":
        return f"{value:.4f}"
    return f"{value:.3f}" if quality == "separation" else f"{100 * value:.2f} %"
