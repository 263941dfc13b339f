"""What the times were taken on, and the memory that a network takes."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seesawnas.units import iso_time

_CPUINFO = Path("/proc/cpuinfo")
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
_SECONDS = 120


def machine() -> dict[str, Any]:
    """Processor, cores, system and time."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "platform": platform.platform(),
        "date": iso_time(datetime.now(UTC)),
    }


def _processor() -> str:
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def peak_memory(runtime: str, path: Path, shape: tuple[int, ...], threads: int) -> float | None:
    """MiB that opening and running ``path`` adds to a process of its own, at most, while it does.

    None if it cannot be found out.
    """
    words = [runtime, str(path), json.dumps(shape), str(threads)]
    command = [sys.executable, "-P", "-m", __name__, *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
        return float(done.stdout.strip().splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def _main(runtime: str, path: str, shape: str, threads: str) -> None:
    import numpy as np
    import psutil

    from seesawnas.device.latency.runtimes import import_runtime, open_session

    import_runtime(runtime)
    process = psutil.Process()
    images = np.zeros(json.loads(shape), np.float32)
    before = process.memory_info().rss
    with suppress(OSError):
        _CLEAR.write_text(_RESET_PEAK)
    session = open_session(runtime, Path(path), int(threads))
    for _ in range(3):
        session(images)
    peak = _peak() or process.memory_info().rss
    print(f"{max(0, peak - before) / 2**20:.2f}")


def _peak() -> int | None:
    """The largest resident memory of this process since it was reset; None on other systems."""
    try:
        lines = _STATUS.read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return None


if __name__ == "__main__":
    _main(*sys.argv[1:])
