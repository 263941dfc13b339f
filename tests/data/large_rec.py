"""A .rec of millions of tiny records in InsightFace's layout, with its index, made by numpy in
seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seesawnas.data.sources.recordio import encode_record

_IMAGE = bytes(8)
_ROOT = Path(__file__).parents[2]
_OPEN = """
import json, sys, time
import numpy as np
from seesawnas.data import open_source

def peak():  # getrusage would count the parent's memory of before the fork
    status = open("/proc/self/status")
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024

before, start = peak(), time.perf_counter()
source = open_source(sys.argv[1])
seconds, start = time.perf_counter() - start, time.perf_counter()
for index in np.random.default_rng(0).integers(len(source), size=1000).tolist():
    source.payload(index)
each = (time.perf_counter() - start) / 1000
print(json.dumps({
    "seconds": seconds, "before_mib": before, "peak_mib": peak(), "image_us": each * 1e6,
    "images": len(source), "people": len(source.names), "notes": source.notes,
}))
"""


def write_large(folder: Path, people: int, each: int) -> None:
    """``people`` of ``each`` images, keys and labels as InsightFace has them.

    An image is eight zero bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = people * each
    images = _repeat(encode_record(0.0, 1, image=_IMAGE), count)
    images[:, 12:16] = _bytes(np.repeat(np.arange(people), each).astype("<f4"))
    images[:, 16:24] = _bytes(np.arange(1, count + 1, dtype="<u8"))
    identities = _repeat(encode_record((0.0, 0.0), 0), people)
    starts = np.arange(people) * each + 1
    identities[:, 32:40] = _bytes(np.stack([starts, starts + each], axis=1).astype("<f4"))
    header = encode_record((float(count + 1), float(count + people + 1)), 0, 1)
    with (folder / "train.rec").open("wb") as file:
        for records in (images, identities):
            records.tofile(file)
        file.write(header)
    wide, narrow = images.shape[1], identities.shape[1]
    offsets = [
        *range(0, count * wide, wide),
        *(count * wide + np.arange(people + 1) * narrow).tolist(),
    ]
    keys = [*range(1, count + people + 1), 0]
    lines = (f"{key}\t{offset}" for key, offset in zip(keys, offsets, strict=True))
    (folder / "train.idx").write_text("\n".join(lines) + "\n")
    (folder / "property").write_text(f"{people},112,112\n")


def open_apart(path: str | Path) -> dict[str, Any]:
    """What opening ``path`` and reading a thousand images takes, in a process that does nothing
    else.
    """
    done = subprocess.run(
        [sys.executable, "-c", _OPEN, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=_ROOT,
    )
    values: dict[str, Any] = json.loads(done.stdout)
    return values


def _repeat(record: bytes, count: int) -> NDArray[np.uint8]:
    return np.tile(np.frombuffer(record, dtype=np.uint8), (count, 1))


def _bytes(numbers: NDArray[np.generic]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(numbers).view(np.uint8).reshape(len(numbers), -1)
