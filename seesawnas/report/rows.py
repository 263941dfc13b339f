"""``RankedRow``: one measured network, as rankings and plots take it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RankedRow:
    """Trial ``number``'s network with its measurement: verification ``accuracy`` (0 to 1), its ``std`` over the folds,
    ``auc``; what it costs; and the seconds that the trial took. ``name`` is a paper point's, None where a sampler chose.
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

    @property
    def label(self) -> str:
        """The name where there is one, else the digest."""
        return self.name or self.digest
