"""Sphinx's settings.

The root of the sources is the repository: pages, the README files of studies, the changelog and the
guide for contributors are read where they stand, so every link works on the site and in a checkout.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from docs.tools import declared  # noqa: E402

project = "seesawnas"
author = "The seesawnas contributors"
copyright = author
version = release = version_of("seesawnas")

root_doc = "docs/index"
source_suffix = {".md": "markdown"}
include_patterns = [
    "docs/*.md",
    "docs/guide/*.md",
    "docs/reference/*.md",
    "studies/*/README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
]
exclude_patterns = [".*", "build", "runs", "seesawnas", "tests", "benchmarks", "search_spaces"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# Code that is elided with "..." or that holds a shell's placeholders is no error.
suppress_warnings = ["misc.highlighting_failure"]

add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_default_options = {"members": True, "undoc-members": False, "show-inheritance": False}
autodoc_class_signature = "mixed"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

smartquotes = False

html_theme = "pydata_sphinx_theme"
html_title = f"seesawnas {version}"
html_extra_path = ["site"]
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}


class Declared(SphinxDirective):
    """A part of a page that is made from declarations: ``{declared} NAME ARGUMENT``."""

    required_arguments = 1
    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"offset": directives.nonnegative_int}
    makers: ClassVar[dict[str, Callable[..., str]]] = {
        "commands": declared.command_reference,
        "study-file": declared.study_file_reference,
        "space": declared.space_reference,
        "recipe": declared.recipe_reference,
        "kinds": declared.kind_reference,
        "benchmarks": declared.benchmark_reference,
    }

    def run(self) -> list[nodes.Node]:
        """The nodes of its Markdown."""
        name, *argument = self.arguments
        text = self.makers[name](*argument)
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def keep_first_paragraph(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Of a module's docstring: the rest is for readers of its code."""
    if what == "module" and "" in lines:
        del lines[lines.index("") :]


def setup(app: Sphinx) -> None:
    """Add the directive."""
    app.add_directive("declared", Declared)
    app.connect("autodoc-process-docstring", keep_first_paragraph)
