"""``METRICS``: what trials measure on faces that were not trained on, and how it is shown.

The only table of names, titles, ranges and formats of metrics: objectives, rankings, tables,
frames, plots, the dashboard and the report take them from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from seesawnas.evaluation.verification import Evaluation


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of verification, the higher the better.

    Attributes:
        name: As studies, options and JSON have it.
        title: As it is shown.
        label: The same in few words, for the head of a column.
        scale: Factor of a shown value: 100 for shares, which are shown in percent.
        digits: Decimals of a value that is shown.
        unit: What a change is counted in.
        is_share: Whether it lies between 0 and 1.
        far: The false accept rate at which it is the true accept rate, such as ``1e-2``; empty for
            other metrics, which are attributes of an evaluation.
    """

    name: str
    title: str
    label: str
    scale: int = 100
    digits: int = 2
    unit: str = "points"
    is_share: bool = True
    far: str = ""

    direction: ClassVar[Literal["maximize"]] = "maximize"

    @property
    def may_be_unresolved(self) -> bool:
        """Whether it is None if there are too few pairs to resolve it."""
        return bool(self.far)

    @property
    def is_percent(self) -> bool:
        """Whether it is shown in percent."""
        return self.scale == 100

    @property
    def axis(self) -> str:
        """Its title on an axis, such as ``verification accuracy (%)``."""
        return f"{self.title} (%)" if self.is_percent else self.title

    @property
    def change_digits(self) -> int:
        """Decimals of a change that is shown: of percentage points, or of the bare value."""
        return 2 if self.is_percent else 4

    def format(self, value: float, deviation: float | None = None) -> str:
        """Such as ``82.10 %``, or ``82.10 ± 1.54 %`` with a deviation."""
        spread = "" if deviation is None else f" ± {self.scale * deviation:.{self.digits}f}"
        return f"{self.scale * value:.{self.digits}f}{spread}{' %' if self.is_percent else ''}"

    def format_change(self, change: float) -> str:
        """With its sign, without its unit: ``+0.31`` for 0.0031 of a share."""
        return f"{self.scale * change:+.{self.change_digits}f}"

    def of(self, evaluation: Evaluation) -> float | None:
        """Its value in an evaluation; None if it was not resolvable."""
        if self.far:
            return evaluation.tar_at_far[self.far]
        return float(getattr(evaluation, self.name))

    def read(self, values: Mapping[str, Any]) -> float | None:
        """Its value among stored ones: 0 if an early study did not store it, None if unresolved."""
        found = values.get(self.name, None if self.may_be_unresolved else 0.0)
        return None if found is None else float(found)


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "verification accuracy", "accuracy"),
        Metric("auc", "AUC", "AUC", scale=1, digits=4, unit="AUC"),
        Metric("tar_at_far_1e_2", "TAR@FAR 1e-2", "TAR@FAR 1e-2", far="1e-2"),
        Metric("tar_at_far_1e_3", "TAR@FAR 1e-3", "TAR@FAR 1e-3", far="1e-3"),
        Metric(
            "separation",
            "separation d'",
            "separation d'",
            scale=1,
            digits=3,
            unit="d'",
            is_share=False,
        ),
    )
}
"""By name, in the order of tables."""
