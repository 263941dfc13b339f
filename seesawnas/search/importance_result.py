"""What an importance analysis found: values, as reports take them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OptionWorth:
    """What ``option``, taken ``n`` times, adds to the quality by the linear model, against the mean over the trials."""

    option: bool | int | float | str
    n: int
    worth: float


@dataclass(frozen=True, slots=True)
class DecisionImportance:
    """A decision in both views.

    ped_anova: its share of all decisions'; drop: of the share of the quality's variance that the linear model foretells in
    trials that it has not seen; floor: below it a drop may be noise; n: trials that have the decision; options: those taken.
    """

    name: str
    ped_anova: float
    drop: float
    floor: float
    n: int
    options: tuple[OptionWorth, ...]

    @property
    def clears(self) -> bool:
        """Whether the drop stands out of the noise."""
        return self.drop > self.floor


@dataclass(frozen=True, slots=True)
class BandImportance:
    """The decisions among the ``n`` trials of ``low`` to ``high`` MAdds, by their drop.

    explained: R^2 of the whole linear model in trials that it has not seen; agreement: Spearman's rank correlation of the two
    views, None where there is nothing to rank; best: how many trials PED-ANOVA compared with the rest.
    """

    low: int
    high: int
    n: int
    best: int
    explained: float
    agreement: float | None
    decisions: tuple[DecisionImportance, ...]


@dataclass(frozen=True, slots=True)
class Importance:
    """Of ``quality`` in the study of that name: over all MAdds first, then in each band where there are several."""

    study: str
    quality: str
    bands: tuple[BandImportance, ...]

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values; its keys are stable."""
        values = asdict(self)
        for band, own in zip(self.bands, values["bands"], strict=True):
            for decision, entry in zip(band.decisions, own["decisions"], strict=True):
                entry["clears"] = decision.clears
        return values
