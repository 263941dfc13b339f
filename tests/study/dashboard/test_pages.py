"""The dashboard's pages in a real browser, while another process writes the study.

SCREENSHOTS=DIR keeps images of them.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser import CHROMIUM, browser
from tests.dashboards import under_way
from tests.screenshots import keep
from tests.study.stored import store_study

pytest.importorskip("optuna_dashboard")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
    pytest.mark.slow,
    pytest.mark.processes,
]

# What a search does to its study, without the training: a paper point and one network after
# another, two epochs each.
DRIVER = """
import sys
from pathlib import Path
from typing import Any
from tests.study.fakes import FakeEngine, enough, small_set, uniform
from seesawnas.study import Objectives, StudyRecord, drive, open_storage
folder, feasible = Path(sys.argv[1]), small_set()
storage, objectives = open_storage(None, folder, writing=True), Objectives.parse(sys.argv[2])
record = StudyRecord(storage, folder.name, feasible.decisions, objectives)
record.require_settings({"budget": [0, 1_000_000], "space": "small", "epochs": 2})
for event in drive(record, uniform(feasible), FakeEngine(), enough(int(sys.argv[3]))):
    print(event, flush=True)
    input()
"""


@contextmanager
def driver(folder: Path, objectives: str, trials: int) -> Iterator[subprocess.Popen[str]]:
    """A driver in a process of its own, which goes on by one event a line that it is given."""
    path = os.pathsep.join([str(Path(__file__).parents[3]), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(folder), objectives, str(trials)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


def step(process: subprocess.Popen[str], events: int) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    for _ in range(events):
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline()


def plot_says(title: str, *names: str) -> str:
    """JavaScript: whether a drawn plot has this title, and these traces in its legend."""
    words = "".join(f" && text.includes({name!r})" for name in names)
    return (
        "[...document.querySelectorAll('.js-plotly-plot')].some(plot => {"
        "  const text = [...plot.querySelectorAll('.gtitle, .legendtext, .xtitle, "
        ".ytitle')].map(t => t.textContent).join('|');"
        f"  return text.includes({title!r}){words};"
        "})"
    )


def test_a_study_of_two_objectives_is_shown_while_it_runs(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "live"
    with driver(folder, "accuracy,madds", 6) as search:
        step(search, 8)
        with under_way(str(folder), "--port", "0") as (_, line), browser() as page:
            url = line.split()[1]
            page.open(url)
            page.wait_for_text("Pareto Front")
            page.wait(
                plot_says("Verification accuracy against MAdds", "Pareto front", "MAdds (millions)")
            )
            page.wait(
                plot_says("Learning curves", "trained in full", "epoch", "verification accuracy")
            )
            keep(page, "study", 2400)
            page.open(f"{url}/trials")
            page.wait_for_text("Trial 0")
            before = page.text()
            assert "Running" in before
            assert "Trial 5" not in before
            step(search, 10)  # all that is left
            page.wait_for_text("Trial 5", 40)  # without a word to the browser
            assert page.faults == []


def test_a_trial_s_page_shows_its_diagram_its_costs_its_spec_and_its_curve(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "stored"
    record = store_study(folder, 12)
    best = max(record.study.best_trials, key=lambda trial: trial.values[0])
    before = (folder / "journal.log").read_bytes()
    with under_way(str(folder), "--port", "0") as (_, line), browser() as page:
        url = line.split()[1]
        page.open(f"{url}/trials?numbers={best.number}")
        page.wait_for_text(f"Trial {best.number} (trial_id={best._trial_id})")
        image = (
            "[...document.querySelectorAll('img')].some(i => i.alt === 'diagram' && "
            "i.complete && i.naturalWidth > 1000)"
        )
        page.wait(image)
        keep(page, "trial", 2200)
        text = page.text()
        for words in (
            f"digest {best.user_attrs['digest']}",
            "MB of activations",
            "stages:",
            "embedding: 512",
            "spec as a file",
        ):
            assert words in text
        assert f"trial_{best.number}.yaml" in text
        assert "MAdds (M) " in text
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
            "the page is wider than its window"
        )
        page.open(f"{url}/note")
        page.wait_for_text("Best networks, by verification accuracy")
        assert page.evaluate(
            "[...document.querySelectorAll('td')].some(cell => cell.innerText.trim() === 'made up')"
        )
        page.evaluate(
            "[...document.querySelectorAll('td a')].find(a => a.innerText === "
            f"'{best.number}').click()"
        )
        page.wait_for_text(f"Trial {best.number} (trial_id=")
        keep(page, "note")
        assert page.faults == []
    assert (folder / "journal.log").read_bytes() == before


def test_a_study_of_accuracy_alone_has_its_front_too(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "alone"
    store_study(folder, 12, objectives="accuracy")
    with under_way(str(folder), "--port", "0") as (_, line), browser() as page:
        page.open(line.split()[1])
        page.wait(plot_says("Verification accuracy against MAdds", "Pareto front"))
        page.wait_for_text("Intermediate values")
        page.wait_for_text("Best Trial (number=")
        keep(page, "alone", 2400)
        assert page.faults == []


def test_markup_in_a_study_runs_nothing_and_loads_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "hostile"
    record = store_study(folder, 3)
    run = (
        "<img src=x onerror=\"document.title='OWNED'\"><iframe "
        "srcdoc=\"<script>parent.document.title='OWNED'</script>\">"
    )
    elsewhere = socket.create_server(("127.0.0.1", 0))
    elsewhere.settimeout(0.1)
    place = f"http://127.0.0.1:{elsewhere.getsockname()[1]}"
    load = f"![x]({place}/x.png)<img src='{place}/y.png'>"
    record.study.set_user_attr("study_file", f"x: 1\n```\n{run}{load}\n```\n")
    record.study.set_user_attr(f"`{run}", f"`{run}{load}")
    system: dict[str, Any] = {"dashboard:note_ver": 1, "dashboard:note_str:0": f"{run}\n\n{load}"}
    for name, value in system.items():  # as a person writes a note in optuna-dashboard itself
        record.study._storage.set_study_system_attr(record.study._study_id, name, value)
    with under_way(str(folder), "--port", "0") as (_, line), browser() as page:
        page.open(f"{line.split()[1]}/note")
        page.wait_for_text("How to read this")
        time.sleep(1)
        assert "OWNED" not in page.evaluate("document.title")
        with elsewhere, pytest.raises(TimeoutError):
            elsewhere.accept()  # nobody came
        assert page.evaluate(
            "[...document.querySelectorAll('iframe')].every(frame => "
            "!frame.contentDocument?.body?.innerText)"
        )
