"""The faces of a study: its proxy's resolution in the shape that each network takes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from seesawnas.arch import scaled_size
from seesawnas.data import FaceData, load_faces
from seesawnas.errors import StudyError

MOST_SHAPES = 16
"""Input shapes of one study: the images of each are held in memory."""

_Size = tuple[int, int]


def proxy_sizes(source: str, inputs: Iterable[_Size], resolution: int) -> dict[_Size, _Size]:
    """What a proxy of ``resolution`` makes of each of the networks' ``inputs``, all (height, width).

    The longest side of all becomes ``resolution``, the others keep their proportion to it: 112x96 at 56 is 56x48. Raises
    StudyError, which names ``source``, for too many shapes and for two that become one, which would train one network twice.
    """
    wanted = list(dict.fromkeys(inputs))
    if len(wanted) > MOST_SHAPES:
        raise StudyError(f"{source}: input must have at most {MOST_SHAPES} shapes for proxy trials, got {len(wanted)}")
    longest = max(max(size) for size in wanted)
    found: dict[_Size, _Size] = {}
    for size in wanted:
        small = scaled_size(size, resolution, longest)
        twin = next((other for other, taken in found.items() if taken == small), None)
        if twin is not None:
            rule = f"input sizes must differ at the proxy's resolution {resolution} (--resolution)"
            raise StudyError(f"{source}: {rule}, got {_text(twin)} and {_text(size)}, both {_text(small)}")
        found[size] = small
    return found


def load_proxy_faces(data: str | Path | None, sizes: dict[_Size, _Size], *, seed: int) -> FaceData:
    """The faces at ``data`` in each of the ``sizes`` that ``proxy_sizes`` returns.

    Raises DataError as ``load_faces`` does.
    """
    found = {size: load_faces(data, resolution=small, seed=seed) for size, small in sizes.items()}
    first = next(iter(found.values()))
    if len(found) == 1:
        return first
    marks = repr([(*size, faces.fingerprint) for size, faces in found.items()])
    return replace(first, fingerprint=hashlib.sha256(marks.encode()).hexdigest()[:16], shapes=found)


def _text(size: _Size) -> str:
    return f"{size[0]}x{size[1]}"
