"""How long a person waits for a large study in the dashboard, beside optuna-dashboard itself on the
same storage.

``python benchmarks/bench_dashboard.py`` stores 2,000 trials of the seesaw space (24 decisions) with
two objectives, as a search stores them, and opens the study in a headless Chromium: a fresh server
and a fresh browser a round, from the request to the page with its plots drawn. Times are real
seconds; ``--trials``, ``--objectives``, ``--rounds`` vary it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.study import TrialState
from tests.browser import browser
from tests.study.stored import store_study

Served = Callable[[Path], AbstractContextManager[str]]

POINTS = "document.querySelectorAll('.js-plotly-plot .scatterlayer .point').length"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--objectives", default="accuracy,madds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--screenshot", type=Path, help="keep an image of the study's page here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "large"
        record = store_study(folder, options.trials, objectives=options.objectives)
        complete = len(record.trials(TrialState.COMPLETE))
        size = (folder / "journal.log").stat().st_size / 1e6
        print(
            f"{options.trials} trials, {complete} complete, objectives {options.objectives}; "
            f"journal {size:.1f} MB"
        )
        print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        found = {
            name: [
                measure(served, folder, complete, options.screenshot) for _ in range(options.rounds)
            ]
            for name, served in (("seesawnas dashboard", ours), ("optuna-dashboard", theirs))
        }
    report(found)


def report(found: dict[str, list[dict[str, float]]]) -> None:
    print(f"\n{'':<44}{''.join(f'{name:>24}' for name in found)}")
    for what in next(iter(found.values()))[0]:
        cells = []
        for rounds in found.values():
            values = [one[what] for one in rounds]
            cells.append(f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})")
        print(f"{what:<44}{''.join(f'{cell:>24}' for cell in cells)}")


def measure(
    served: Served, folder: Path, complete: int, screenshot: Path | None
) -> dict[str, float]:
    """One round: what a first visitor waits for, then what each poll of an open page costs the
    server.
    """
    with served(folder) as url, browser() as page:
        started = time.monotonic()
        page.open(url)
        page.wait(f"{POINTS} >= {2 * complete}", 120)
        seconds = time.monotonic() - started
        if screenshot is not None and served is ours:
            time.sleep(1)
            page.screenshot(screenshot)
        found = {"study's page, plots drawn (s)": seconds}
        started = time.monotonic()
        page.open(f"{url}/trials")
        page.wait_for_text("Trial 0 (trial_id=0)", 120)
        found["list of trials, first one shown (s)"] = time.monotonic() - started
        answers = [_fetch(url.replace("/dashboard/", "/api/")) for _ in range(3)]
        found["the study's answer again (s)"] = median(seconds for seconds, _ in answers)
        found["the study's answer (MB)"] = answers[0][1] / 1e6
    return found


def _fetch(url: str) -> tuple[float, int]:
    started = time.monotonic()
    with urllib.request.urlopen(url) as answer:
        size = len(answer.read())
    return time.monotonic() - started, size


@contextmanager
def ours(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "seesawnas", "dashboard", str(folder), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1]
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def theirs(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = shutil.which("optuna-dashboard", path=str(Path(sys.executable).parent))
    assert program is not None
    command = [program, str(folder / "journal.log"), "--port", str(port), "--server", "wsgiref"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until_it_listens(port)
        yield f"http://127.0.0.1:{port}/dashboard/studies/0"
    finally:
        process.terminate()
        process.wait(10)


def _until_it_listens(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nothing listens on port {port}")


if __name__ == "__main__":
    main()
