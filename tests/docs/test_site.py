"""The site: it builds without a warning, has every page, and loads nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOADS = re.compile(
    r"<(?:script|img|iframe|source|audio|video|embed)\b[^>]*\ssrc=[\"'](?:https?:)?//"
    r"|<link\b[^>]*rel=[\"'](?:stylesheet|preload|icon|prefetch|preconnect)[\"'][^>]*(?:https?:)?//"
    r"|<link\b[^>]*href=[\"'](?:https?:)?//[^>]*rel=[\"'](?:stylesheet|preload|icon|preconnect)"
    r"|url\([\"']?(?:https?:)?//|@import\s+[\"'](?:https?:)?//",
    re.IGNORECASE,
)


@pytest.mark.slow
def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    for name in ("sphinx", "myst_parser", "pydata_sphinx_theme"):
        pytest.importorskip(name, reason=f"{name}, of the extra docs, is not installed")
    site = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]
    done = subprocess.run(
        [*command, "-c", "docs", "-d", str(tmp_path / "read"), ".", str(site)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert [path for path in made if LOADS.search(path.read_text(encoding="utf-8"))] == []
    pages = {str(path.relative_to(site).with_suffix("")) for path in site.rglob("*.html")}
    sources = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("studies/*/README.md")]
    assert {str(path.relative_to(ROOT).with_suffix("")) for path in sources} <= pages
    assert {"index", "CHANGELOG", "CONTRIBUTING", "SECURITY"} <= pages


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/x.js">',
        '<link rel="stylesheet" href="//fonts.example/a.css">',
        '<link href="https://fonts.example/a.css" rel="stylesheet">',
        "src: url(https://fonts.example/a.woff2)",
        '@import "https://fonts.example/a.css";',
        '<img class="x" src="http://images.example/a.png">',
    ],
)
def test_what_loads_from_elsewhere_is_seen(text: str) -> None:
    assert LOADS.search(text)


@pytest.mark.parametrize(
    "text", ['<a href="https://optuna.org">', '<script src="_static/x.js">', "url(fonts/a.woff2)"]
)
def test_links_and_own_files_are_none(text: str) -> None:
    assert not LOADS.search(text)
