"""The ROC curve of pairs. A pair is accepted if its distance is strictly below a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.floating]
_Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A point of the ROC curve.

    Attributes:
        tar: True accept rate: the fraction of the same pairs that is accepted.
        threshold: Pairs with a distance below it are accepted.
    """

    tar: float
    threshold: float


def auc(distances: _Floats, same: _Flags) -> float:
    """Probability that a same pair is closer than a different pair.

    Ties count half (Mann-Whitney U).
    """
    different = np.sort(distances[~same])
    below = np.searchsorted(different, distances[same], side="left")
    up_to = np.searchsorted(different, distances[same], side="right")
    return float(1.0 - (below + up_to).mean() / (2 * len(different)))


def operating_points(
    distances: _Floats, same: _Flags, rates: tuple[float, ...]
) -> list[OperatingPoint | None]:
    """The point of each false accept rate of ``rates``.

    None if the rate is less than one different pair. With ties fewer pairs are accepted: the false
    accept rate is the requested one or below it.
    """
    different = np.sort(distances[~same])
    return [_point(distances, different, same, rate) for rate in rates]


def curve(distances: _Floats, same: _Flags) -> tuple[_Floats, _Floats, _Floats]:
    """The ROC curve, from (0, 0) to (1, 1).

    Returns:
        False accept rate, true accept rate and threshold at each distinct distance, and one above
        all.
    """
    values = np.unique(distances)
    thresholds = np.append(values, np.nextafter(values[-1], np.inf))
    far = np.searchsorted(np.sort(distances[~same]), thresholds, side="left") / np.count_nonzero(
        ~same
    )
    tar = np.searchsorted(np.sort(distances[same]), thresholds, side="left") / np.count_nonzero(
        same
    )
    return far, tar, thresholds


def equal_error(distances: _Floats, same: _Flags) -> OperatingPoint:
    """The point of the equal error rate (EER): false accept rate = 1 - ``tar`` = EER.

    The ROC curve and the threshold are interpolated linearly between their points.
    """
    far, tar, thresholds = curve(distances, same)
    gap = far + tar - 1.0  # rises from -1 to 1
    after = int(np.argmax(gap >= 0))
    share = float(gap[after - 1] / (gap[after - 1] - gap[after]))
    low, high = thresholds[after - 1], thresholds[after]
    return OperatingPoint(
        float(tar[after - 1] + share * (tar[after] - tar[after - 1])),
        float(low + share * (high - low)),
    )


def _point(
    distances: _Floats, different: _Floats, same: _Flags, rate: float
) -> OperatingPoint | None:
    count = int(rate * len(different) + 1e-9)
    if not 1 <= count < len(different):
        return None
    return OperatingPoint(
        float(np.mean(distances[same] < different[count])), float(different[count])
    )
