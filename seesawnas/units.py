"""Numbers, times and sizes as users write and read them: ``150M``, ``2h``, ``6ms``, ``4.84 MB``."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from seesawnas.text import short

LARGEST = 10**15
_SCALES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
# No two repeats of one character in a row.
_QUANTITY = re.compile(r"([0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?)\s*([KMGkmg]?)")
_MOST_TEXT = 10_000
_MOST_TIME = 100
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(
    "".join(rf"(?:(?P<{unit}>[0-9]+(?:\.[0-9]+)?)\s*{unit}\s*)?" for unit in _SECONDS)
)


def parse_quantity(text: str | int) -> int:
    """The whole number that ``text`` says: ``"1.5M"`` is 1,500,000.

    Raises:
        ValueError: If ``text`` is not a number with an optional K, M or G, or is not whole.
    """
    value = _split(text)[0]
    if value != value.to_integral_value():
        raise ValueError(f"must be a whole number, got {short(text)}")
    if value > LARGEST:
        raise ValueError(f"must be at most {format_quantity(LARGEST)}, got {value:.3g}")
    return int(value)


def printed_step(text: str | int) -> int:
    """The size of the last printed digit: ``"1.3M"`` is printed to the nearest 100,000.

    Raises:
        ValueError: If :func:`parse_quantity` raises it for ``text``.
    """
    return max(1, int(_split(text)[1]))


def format_quantity(value: int, *, exact: bool = False) -> str:
    """``value`` for users, with three to four digits: 145,762,816 is ``145.76 M``.

    ``exact`` continues to the last digit that is not zero, so that the text parses to ``value``
    again: ``145.762816 M``.
    """
    for suffix, digits in (("G", 3), ("M", 2), ("K", 1)):
        if value >= _SCALES[suffix]:
            if exact and value % (_SCALES[suffix] // 10**digits):
                return f"{(Decimal(value) / _SCALES[suffix]).normalize():f} {suffix}"
            return f"{value / _SCALES[suffix]:.{digits}f} {suffix}"
    return str(value)


def parse_duration(text: str) -> float:
    """The seconds that ``text`` says: ``"1h30m"`` is 5,400.

    Raises:
        ValueError: If ``text`` is not such a time, or is zero or too large.
    """
    match = (
        _DURATION.fullmatch(text.strip())
        if isinstance(text, str) and len(text) <= _MOST_TIME
        else None
    )
    parts = (
        {unit: float(value) for unit, value in match.groupdict().items() if value} if match else {}
    )
    seconds = sum(value * _SECONDS[unit] for unit, value in parts.items())
    if not 0 < seconds <= LARGEST:
        raise ValueError(f"must be a time such as 2h, 90m, 30s or 1h30m, got {short(text)}")
    return seconds


def format_duration(seconds: float) -> str:
    """``seconds`` as :func:`parse_duration` reads them: 5,400 is ``1h30m``."""
    if seconds != int(seconds):
        return f"{Decimal(repr(seconds)):f}s"
    parts, left = [], int(seconds)
    for unit, size in _SECONDS.items():
        parts += [f"{left // size}{unit}"] if left >= size else []
        left %= size
    return "".join(parts) or "0s"


_LATENCY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(us|ms|s)", re.IGNORECASE)
_MICROSECONDS = {"us": 1, "ms": 10**3, "s": 10**6}


def parse_latency(text: str) -> int:
    """The microseconds that ``text`` says: ``"6ms"`` is 6,000.

    Raises:
        ValueError: If ``text`` is not a number with us, ms or s, is not whole in microseconds, or
            is too large.
    """
    match = _LATENCY.fullmatch(text.strip()) if len(text) <= _MOST_TIME else None
    if match is None:
        raise ValueError(f"must be a time such as 6ms or 800us, got {short(text)!r}")
    value = Decimal(match[1]) * _MICROSECONDS[match[2].lower()]
    if value != value.to_integral_value() or value > LARGEST:
        raise ValueError(f"must be a whole number of microseconds, got {short(text)!r}")
    return int(value)


def format_latency(microseconds: int, *, exact: bool = False) -> str:
    """``microseconds`` for users: 6,123 is ``6.12 ms``, 850 ``850 us``.

    ``exact`` keeps every digit, so that :func:`parse_latency` returns ``microseconds`` again.
    """
    if abs(microseconds) < _MICROSECONDS["ms"]:
        return f"{microseconds} us"
    if exact:
        return f"{(Decimal(microseconds) / _MICROSECONDS['ms']).normalize():f} ms"
    return f"{microseconds / _MICROSECONDS['ms']:.2f} ms"


def format_bytes(size: int) -> str:
    """``size`` for users: 4,840,000 is ``4.84 MB``, 52,000 ``52 kB``."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6)):
        if size >= scale:
            return f"{size / scale:,.2f} {unit}"
    return f"{size / 10**3:,.0f} kB"


def local_time(seconds: float) -> datetime:
    """The moment ``seconds`` after the beginning of 1970, in this machine's time zone."""
    return datetime.fromtimestamp(seconds).astimezone()


def iso_time(moment: datetime) -> str:
    """``moment`` to the second, as JSON has it: ``2026-11-30T07:07:01``, then its zone if known."""
    return moment.isoformat(timespec="seconds")


def number(low: float, high: float, raw: Any) -> Any:
    """``raw`` as a number from ``low`` to ``high``, or None.

    Raises:
        ValueError: If ``raw`` is not None and not such a number.
    """
    if raw is None:
        return raw
    # No NaN is.
    if not isinstance(raw, (int, float)) or isinstance(raw, bool) or not low <= raw <= high:
        raise ValueError(f"must be a number from {low:g} to {high:g}, got {short(raw)}")
    return float(raw)


def _split(text: str | int) -> tuple[Decimal, Decimal]:
    written = text if isinstance(text, str) else short(text, _MOST_TEXT)
    match = _QUANTITY.fullmatch(written.strip()) if len(written) <= _MOST_TEXT else None
    if match is None:
        raise ValueError(f"must be a number with an optional K, M or G, got {short(written)!r}")
    digits, suffix = match.groups()
    scale = _SCALES[suffix.upper()]
    number = Decimal(digits.replace("_", ""))
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return number * scale, Decimal(10) ** exponent * scale
