"""``Budget``: the hard limit on MAdds that a network must meet."""

from __future__ import annotations

import re
from dataclasses import dataclass

from seesawnas.errors import BudgetError
from seesawnas.units import format_quantity, parse_quantity

_FORMS = "such as 150M, or a band such as 140M..150M"


@dataclass(frozen=True, slots=True)
class Budget:
    """``low`` <= MAdds <= ``high``, both included."""

    high: int
    low: int = 0

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise BudgetError(f"budget must have its lower end first, got {self.low}..{self.high}")

    @classmethod
    def parse(cls, text: str) -> Budget:
        """``150M`` is a ceiling, ``140M..150M`` a band. Raises BudgetError."""
        parts = re.split(r"\.\.+", text.strip())
        try:
            ends = [parse_quantity(part) for part in parts]
        except ValueError as error:
            raise BudgetError(f"budget {error}; write {_FORMS}") from None
        match ends:
            case [high]:
                return cls(high)
            case [low, high]:
                return cls(high, low)
        raise BudgetError(f"budget must be a ceiling or a band, got {text!r}; write {_FORMS}")

    def admits(self, madds: int) -> bool:
        """Whether a network of ``madds`` MAdds fits."""
        return self.low <= madds <= self.high

    def __str__(self) -> str:
        high = format_quantity(self.high)
        return f"{format_quantity(self.low)}..{high}" if self.low else high
