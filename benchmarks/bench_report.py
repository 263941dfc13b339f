"""How long the report of a large study takes, how large it is, and how long a person waits for it
to open.

``python benchmarks/bench_report.py`` stores 2,000 trials of the seesaw space (24 decisions), as a
search stores them, runs ``seesawnas report`` on it in a process of its own, and opens the file in a
headless Chromium where there is one: from the request to the words, and to the last plot drawn.
Times are real seconds; ``--trials``, ``--objectives`` and ``--rounds`` vary it. Exit code 1 where
the report takes more than 10 s or 10 MB.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.study import TrialState
from tests.browser import CHROMIUM, browser
from tests.study.stored import store_study

SECONDS, MEGABYTES = 10.0, 10.0
WORDS = "location.protocol === 'file:' && document.querySelector('h1') !== null"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--objectives", default="accuracy,madds")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "large"
        record = store_study(folder, options.trials, objectives=options.objectives)
        complete = len(record.trials(TrialState.COMPLETE))
        print(f"{options.trials} trials, {complete} complete, objectives {options.objectives}")
        print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        rounds = [measure(folder) for _ in range(options.rounds)]
    found = {name: [one[name] for one in rounds] for name in rounds[0]}
    for name, values in found.items():
        print(f"{name:<44}{median(values):>8.2f} ({min(values):.2f} to {max(values):.2f})")
    fits = median(found["report (s)"]) <= SECONDS and max(found["file (MB)"]) <= MEGABYTES
    print(f"within {SECONDS:.0f} s and {MEGABYTES:.0f} MB: {'yes' if fits else 'NO'}")
    raise SystemExit(not fits)


def measure(folder: Path) -> dict[str, float]:
    out = folder / "report.html"
    started = time.monotonic()
    command = [sys.executable, "-m", "seesawnas", "report", str(folder), "--out", str(out)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found = {"report (s)": time.monotonic() - started, "file (MB)": out.stat().st_size / 1e6}
    return {**found, **(opened(out) if CHROMIUM is not None else {})}


def opened(path: Path) -> dict[str, float]:
    with browser() as page:
        started = time.monotonic()
        page.open(path.as_uri())
        page.wait(WORDS, 60)
        words = time.monotonic() - started
        page.wait("document.documentElement.dataset.drawn !== undefined", 60)
        assert page.faults == [], page.faults
        return {
            "opened, words shown (s)": words,
            "opened, all plots drawn (s)": time.monotonic() - started,
        }


if __name__ == "__main__":
    main()
