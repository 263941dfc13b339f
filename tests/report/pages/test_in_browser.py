"""The report and the comparison in a real browser. SCREENSHOTS=DIR keeps images of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from seesawnas.report.network.comparison import compare
from seesawnas.report.pages.comparison import comparison_html
from seesawnas.report.pages.report import report_html
from seesawnas.report.study.report import StudyReport
from seesawnas.space import load_point
from seesawnas.study import find_study
from tests.browser import CHROMIUM, Page, browser
from tests.report.ablations import made_up
from tests.screenshots import keep
from tests.study.stored import store_study

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
    pytest.mark.slow,
    pytest.mark.processes,
]

DRAWN = (
    "document.readyState === 'complete' && document.documentElement !== null"
    " && document.documentElement.dataset.drawn !== undefined"
)
NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "s"
    store_study(folder, 300)
    view = find_study(str(folder)).view()
    best = StudyReport(view, "s").ranking.lines[0].row.number
    view.trials[best].user_attrs["label"] = NASTY
    path = folder / "report.html"
    path.write_text(report_html([StudyReport(view, "s", made_up())]))
    return path


def opened(page: Page, path: Path) -> None:
    page.open(path.as_uri())
    page.wait(DRAWN, 60)


def press(page: Page, key: str) -> None:
    for kind in ("keyDown", "keyUp"):
        page.send(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            code=key,
            windowsVirtualKeyCode={"Escape": 27}.get(key, 0),
        )


def colour(page: Page, of: str) -> Any:
    return page.evaluate(f"getComputedStyle(document.querySelector({of!r})).fill")


def test_the_plots_are_drawn_without_a_word_in_the_console(report: Path) -> None:
    with browser() as page:
        opened(page, report)
        plots = page.evaluate("document.querySelectorAll('.plot .main-svg').length")
        assert plots >= 6
        titles = page.evaluate(
            "[...document.querySelectorAll('.xtitle, .ytitle, .x2title, .y2title')].map(t => "
            "t.textContent)"
        )
        assert {"MAdds (millions)", "verification accuracy (%)", "epoch", "LFW (%)"} <= set(titles)
        assert page.evaluate("document.querySelectorAll('.plot .point').length") > 200
        assert NASTY in page.text()
        assert page.evaluate("document.querySelectorAll('img').length") == 0
        keep(page, "report", 4000)
        assert page.faults == []


def test_pointing_at_a_network_shows_its_diagram_its_costs_and_its_spec(report: Path) -> None:
    with browser() as page:
        opened(page, report)
        page.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
        page.evaluate("document.querySelector('#front-0 .plot').scrollIntoView()")
        spot = (
            "(() => { const p = document.querySelectorAll('#front-0 .plot "
            ".point')[40].getBoundingClientRect();"
        )
        x, y = page.evaluate(f"{spot} return [p.x + p.width / 2, p.y + p.height / 2]; }})()")
        before = page.evaluate("document.querySelector('.network h3').textContent")
        page.send("Input.dispatchMouseEvent", type="mouseMoved", x=x - 30, y=y)
        page.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        page.wait(f"document.querySelector('.network h3').textContent !== {before!r}")
        page.wait("document.querySelector('#front-0 .hoverlayer').textContent.includes('MAdds')")
        shown = page.evaluate("document.querySelector('.network .shown').innerText")
        for words in ("M MAdds", "digest", "Accuracy", "stages:", "seesawnas build s:"):
            assert words in shown
        assert page.faults == []


def test_a_network_is_chosen_and_a_spec_copied_by_keys_and_buttons(report: Path) -> None:
    with browser() as page:
        opened(page, report)
        first = page.evaluate("document.querySelector('.network h3').textContent")
        page.evaluate("document.querySelectorAll('.network .step')[1].click()")
        page.wait(f"document.querySelector('.network h3').textContent !== {first!r}")
        assert page.evaluate("document.querySelectorAll('.network .diagram svg').length") == 1
        page.evaluate("document.querySelector('table.ranking tbody button').click()")
        page.wait("document.getElementById('dialog').open")
        assert "stages:" in page.evaluate("document.getElementById('dialog').innerText")
        press(page, "Escape")
        page.wait("!document.getElementById('dialog').open")
        page.evaluate("document.querySelectorAll('table.ranking tbody button')[1].click()")
        page.wait(
            "document.querySelectorAll('table.ranking tbody button')[1].textContent === 'Copied'"
        )
        assert page.faults == []


def test_the_ranking_turns_pages_is_searched_and_sorted(report: Path) -> None:
    rows = "document.querySelectorAll('table.ranking tbody tr')"
    cell = "document.querySelector('table.ranking tbody td')"
    with browser() as page:
        opened(page, report)
        assert page.evaluate(f"{rows}.length") == 100
        page.evaluate("document.querySelectorAll('.pages button')[1].click()")
        assert page.evaluate(f"{cell}.textContent") == "101"
        page.evaluate("document.querySelector('.tools input[type=checkbox]').click()")
        front = page.evaluate(f"{rows}.length")
        assert 0 < front < 30
        assert page.evaluate(f"[...{rows}].every(row => row.cells[2].textContent.endsWith('*'))")
        page.evaluate(
            "[...document.querySelectorAll('th button')].find(b => b.textContent === "
            "'MAdds').click()"
        )
        madds = page.evaluate(f"[...{rows}].map(row => parseFloat(row.cells[5].textContent))")
        assert madds == sorted(madds)
        assert page.evaluate("document.querySelectorAll('th[aria-sort=ascending]').length") == 1


def test_it_is_light_or_dark_as_the_system_is_and_as_one_chooses(report: Path) -> None:
    with browser() as page:
        page.send(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark"}],
        )
        opened(page, report)
        dark = colour(page, ".xtitle")
        assert page.evaluate("document.getElementById('theme').textContent") == "Light"
        page.evaluate("document.getElementById('theme').click()")
        page.wait(f"getComputedStyle(document.querySelector('.xtitle')).fill !== {dark!r}")
        assert (
            page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 248, 250)"
        )
        keep(page, "report_light", 1600)
        assert page.faults == []


def test_it_is_not_wider_than_a_phone(report: Path) -> None:
    with browser() as page:
        page.size(390, 844)
        opened(page, report)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_comparison_opens_and_hides_what_is_alike(tmp_path: Path) -> None:
    names = ["paper/seesaw_share", "paper/seesaw_shuffle"]
    points = [load_point(name) for name in names]
    path = tmp_path / "c.html"
    path.write_text(comparison_html(compare(points, names), points))
    with browser() as page:
        page.open(path.as_uri())
        page.wait_for_text("They differ in stages.0, stages.1, stages.2; the same in stem, head.")
        # The script that answers the click stands below the text.
        page.wait("document.readyState === 'complete'")
        page.evaluate("document.querySelector('#only input').click()")
        assert page.evaluate(
            "[...document.querySelectorAll('tr.same')].every(row => row.offsetParent === null)"
        )
        keep(page, "compare", 2400)
        time.sleep(0.2)
        assert page.faults == []
