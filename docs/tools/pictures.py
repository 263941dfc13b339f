"""Draw the pictures of the pages anew, into docs/pictures.

    python -m docs.tools.pictures

The image of a report is made by :mod:`docs.tools.first_search`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from docs.tools.packages import drawing, package_imports
from seesawnas.report.network.diagram import diagram
from seesawnas.space import load

FOLDER = Path(__file__).parents[1] / "pictures"
NETWORK = "paper/seesaw_share"
REPORT_SIZE = 1200, 1320


def pictures() -> dict[str, str]:
    """The drawings, by the names of their files."""
    return {"network.svg": diagram(load(NETWORK)), "packages.svg": drawing(package_imports())}


def photograph_report(study: Path, target: Path) -> None:
    """Write an image of the upper part of a study's report; this needs Chromium.

    Args:
        study: The study's folder.
        target: The PNG file.
    """
    from tests.browser import browser
    from tests.cli.running import Ran

    with tempfile.TemporaryDirectory() as folder:
        page_file = Path(folder) / "report.html"
        ran = Ran("report", str(study), "--out", str(page_file))
        if ran.code:
            raise SystemExit(ran.err)
        with browser() as page:
            page.size(*REPORT_SIZE)
            page.open(page_file.as_uri())
            page.wait("document.readyState === 'complete'")
            page.wait("document.querySelectorAll('svg').length > 0")
            page.screenshot(target)


def main() -> None:
    """Draw them all."""
    for name, picture in pictures().items():
        (FOLDER / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
