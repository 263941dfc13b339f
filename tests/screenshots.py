"""Screenshots that a browser test keeps."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.browser import Page


def keep(page: Page, name: str, height: int = 1000) -> None:
    """An image for a person, where one is wanted."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.size(1400, height)
        time.sleep(2)
        page.screenshot(Path(folder) / f"{name}.png")
        page.size(1400, 1000)
