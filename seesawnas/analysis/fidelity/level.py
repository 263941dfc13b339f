"""Levels: how much training, at what size and on how many identities a proxy is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from seesawnas.errors import StudyError
from seesawnas.study import Proxy
from seesawnas.study.options import MAX_EPOCHS
from seesawnas.text import short

_LEVEL = re.compile(r"(?P<epochs>[0-9]{1,5})x(?P<side>[0-9]{1,5})(:(?P<share>0?\.[0-9]{1,20}|1))?")


@dataclass(frozen=True, slots=True)
class Level:
    """A fidelity: epochs of training, side of the input in pixels, share of the identities."""

    epochs: int
    resolution: int
    share: float = 1.0

    def __post_init__(self) -> None:
        if (
            not 1 <= self.epochs <= MAX_EPOCHS
            or not 16 <= self.resolution <= 512
            or not 0.01 <= self.share <= 1.0
        ):
            raise StudyError(
                f"level must have 1 to {MAX_EPOCHS} epochs, 16 to 512 pixels and 0.01 to 1 of the "
                f"identities, got {self}"
            )

    @classmethod
    def parse(cls, text: str) -> Level:
        """``8x56`` is 8 epochs at 56 pixels, ``8x56:0.5`` the same on half of the identities.

        Raises:
            StudyError: If the text is of another form, or the numbers are out of range.
        """
        match = _LEVEL.fullmatch(text.strip())
        if match is None:
            raise StudyError(
                "level must be EPOCHSxPIXELS or EPOCHSxPIXELS:SHARE, such as 8x56:0.5, got "
                f"{short(text)!r}"
            )
        return cls(int(match["epochs"]), int(match["side"]), float(match["share"] or 1.0))

    @property
    def work(self) -> float:
        """Epochs times pixels times the share of the identities.

        A network's multiply-adds grow with the pixels, so a training's grow with this.
        """
        return self.epochs * self.resolution**2 * self.share

    def __str__(self) -> str:
        share = f":{self.share:g}" if self.share < 1.0 else ""
        return f"{self.epochs}x{self.resolution}{share}"

    def of(self, proxy: Proxy, seed: int) -> Proxy:
        """``proxy`` at this level, trained from ``seed``."""
        return replace(
            proxy.with_epochs(self.epochs).with_resolution(self.resolution),
            share=self.share,
            seed=seed,
        )
