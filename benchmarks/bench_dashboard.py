"""How long the dashboard takes to open a large study, and what that study costs on the disk and on the wire.

``python benchmarks/bench_dashboard.py`` stores 2,000 trials of the seesaw space with two objectives, as a search stores them,
starts ``seesawnas dashboard`` on it and opens it in a headless Chromium. Times are real seconds on this machine.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.browser import browser
from tests.study.stored import store_study

ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--folder", type=Path, help="keep the study here, and use it again")
    parser.add_argument("--screenshots", type=Path, help="keep pictures of the pages here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "large"
        if not (folder / "journal.log").is_file():
            store_study(folder, options.trials)
        report(folder, options.screenshots)


def report(folder: Path, screenshots: Path | None) -> None:
    print(f"journal                            {(folder / 'journal.log').stat().st_size / 1e6:8.1f} MB")
    with dashboard(str(folder)) as (url, seconds):
        print(f"command until it listens           {seconds:8.1f} s")
        api = url.replace("/dashboard/", "/api/")
        times = [_fetch(api) for _ in range(ROUNDS)]
        print(f"the study's API, first             {times[0][0]:8.2f} s   {times[0][1] / 1e6:.1f} MB")
        print(f"the study's API, again             {times[-1][0]:8.2f} s")
        count = len(json.loads(urllib.request.urlopen(api).read())["trials"])
        for name, path, text in PAGES:
            times_open = [_open(url + path, text.format(count=count), name, screenshots) for _ in range(ROUNDS)]
            print(
                f"{name:<34} {median(times_open):8.2f} s   (of {ROUNDS}: {min(times_open):.2f} to {max(times_open):.2f})"
            )


# What stands on a page once it is there.
PAGES = (
    ("study page", "", "Pareto"),
    ("trial list", "/trials", "Trial 0"),
    ("trial table", "/smartSelection", "Trial 0"),
    ("note", "/note", "Best networks"),
)


def _open(url: str, text: str, name: str, screenshots: Path | None) -> float:
    with browser() as page:
        started = time.monotonic()
        page.open(url)
        page.wait_for_text(text, 60)
        seconds = time.monotonic() - started
        if screenshots is not None:
            time.sleep(2)
            page.screenshot(screenshots / f"{name.replace(' ', '_')}.png")
        return seconds


def _fetch(url: str) -> tuple[float, int]:
    started = time.monotonic()
    size = len(urllib.request.urlopen(url).read())
    return time.monotonic() - started, size


@contextmanager
def dashboard(*words: str) -> Iterator[tuple[str, float]]:
    """The command under way: the address of its study, and the seconds until it listened."""
    started = time.monotonic()
    command = [sys.executable, "-m", "seesawnas", "dashboard", *words, "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield line.split()[1], time.monotonic() - started
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    random.seed(0)
    main()
