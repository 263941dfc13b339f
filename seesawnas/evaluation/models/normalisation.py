"""How pixels from 0 to 255 become a foreign model's input: ``--normalise``."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seesawnas.errors import InvalidInput
from seesawnas.nn import PerChannel

NORMALISATIONS: dict[str, tuple[PerChannel, PerChannel]] = {
    "none": (0.0, 1.0),
    "0..1": (0.0, 255.0),
    "128": (127.5, 128.0),
    "127.5": (127.5, 127.5),
    "imagenet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
}
"""(mean, std) of pixels from 0 to 255 by name."""

NONE = NORMALISATIONS["none"]
FORMS = f"{', '.join(NORMALISATIONS)} or MEAN,STD in pixels from 0 to 255"
_LARGEST, _SMALLEST = 1e6, 1e-6  # beyond these float32 pixels become infinite, or all the same
_SHOWN = 60


def parse_normalisation(text: str) -> tuple[PerChannel, PerChannel]:
    """(mean, std) of ``text``.

    ``text`` is a name of NORMALISATIONS, ``MEAN,STD``, or three means and three stds, red first.
    The input of a network is (pixel - mean) / std of pixels from 0 to 255.

    Raises:
        InvalidInput: If ``text`` is none of these, or a number is out of range.
    """
    name = text.strip().lower()
    if name in NORMALISATIONS:
        return NORMALISATIONS[name]
    values = (
        [_number(part) for part in name.split(",")] if name.isascii() and len(name) < 1000 else []
    )
    if len(values) not in (2, 6) or None in values:
        raise InvalidInput(
            f"--normalise must be one of {FORMS} (two numbers or six), got {_shown(text)}"
        )
    numbers = [value for value in values if value is not None]
    means, stds = numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]
    if not all(map(is_mean, means)):
        raise InvalidInput(
            f"--normalise: means must be finite and at most {_LARGEST:,.0f}, got {_shown(text)}"
        )
    if not all(map(is_std, stds)):
        rule = f"stds must be positive and finite, from {_SMALLEST} to {_LARGEST:,.0f}"
        raise InvalidInput(f"--normalise: {rule}, got {_shown(text)}")
    return per_channel(means), per_channel(stds)


def is_mean(value: float) -> bool:
    """Whether ``value`` can be subtracted from pixels from 0 to 255."""
    return abs(value) <= _LARGEST


def is_std(value: float) -> bool:
    """Whether pixels from 0 to 255 can be divided by ``value``."""
    return _SMALLEST <= value <= _LARGEST


def scale_caution(mean: PerChannel, std: PerChannel) -> tuple[str, ...]:
    """A line if the numbers look like those of pixels from 0 to 1: results would be wrong."""
    means, stds = _all(mean), _all(std)
    if max(stds) >= 1 or max(map(abs, means)) > 1:
        return ()
    meant = ",".join(f"{255 * value:.6g}" for value in (*means, *stds))
    return (
        "--normalise takes MEAN,STD in pixels from 0 to 255; if these are for pixels from 0 to "
        f"1, use {meant}",
    )


def _number(text: str) -> float | None:
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        return None
    return value if not math.isnan(value) else math.inf  # neither passes the limits above


def per_channel(values: Sequence[float]) -> PerChannel:
    """Three values of red, green and blue, or one for all; one if all are equal: it is faster."""
    return values[0] if len(set(values)) == 1 else (values[0], values[1], values[2])


def _all(values: PerChannel) -> tuple[float, ...]:
    return values if isinstance(values, tuple) else (values,)


def _shown(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[:_SHOWN])
    return (shown or "nothing") + ("..." if len(text) > _SHOWN else "")
