"""Numbers as people write them: ``150M``, ``1.3 M``, ``146000000``."""

from __future__ import annotations

import re
from decimal import Decimal

LARGEST = 10**15
_SCALES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_QUANTITY = re.compile(r"\s*(\d+(?:_\d+)*(?:\.\d+)?)\s*([KMGkmg]?)\s*")


def parse_quantity(text: str | int) -> int:
    """The whole number that ``text`` says: ``"1.5M"`` is 1,500,000.

    Raises ValueError where ``text`` is not a number with an optional K, M or G, or is not whole.
    """
    value = _split(text)[0]
    if value != value.to_integral_value():
        raise ValueError(f"must be a whole number, got {text}")
    if value > LARGEST:
        raise ValueError(f"must be at most {format_quantity(LARGEST)}, got {value:.3g}")
    return int(value)


def printed_step(text: str | int) -> int:
    """The size of the last printed digit: ``"1.3M"`` is printed to the nearest 100,000.

    Raises ValueError as :func:`parse_quantity` does.
    """
    return max(1, int(_split(text)[1]))


def format_quantity(value: int, *, exact: bool = False) -> str:
    """``value`` for people, three to four digits long: 145,762,816 is ``145.76 M``.

    ``exact`` goes on to the last digit that is not zero, so that the text parses to ``value`` again: ``145.762816 M``.
    """
    for suffix, digits in (("G", 3), ("M", 2), ("K", 1)):
        if value >= _SCALES[suffix]:
            if exact and value % (_SCALES[suffix] // 10**digits):
                return f"{(Decimal(value) / _SCALES[suffix]).normalize():f} {suffix}"
            return f"{value / _SCALES[suffix]:.{digits}f} {suffix}"
    return str(value)


def _split(text: str | int) -> tuple[Decimal, Decimal]:
    match = _QUANTITY.fullmatch(str(text))
    if match is None:
        raise ValueError(f"must be a number with an optional K, M or G, got {text!r}")
    digits, suffix = match.groups()
    scale = _SCALES[suffix.upper()]
    number = Decimal(digits.replace("_", ""))
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return number * scale, Decimal(10) ** exponent * scale
