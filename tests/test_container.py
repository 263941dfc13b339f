"""The image that Dockerfile describes, as far as can be checked without building it."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINES = (ROOT / "Dockerfile").read_text()


def test_what_it_installs_is_declared() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    (extras,) = re.findall(r"^ARG EXTRAS=(\S+)$", LINES, re.MULTILINE)
    assert set(extras.split(",")) <= set(setup["options.extras_require"])
    assert "seesawnas = seesawnas.cli:main" in setup["options.entry_points"]["console_scripts"]


def test_its_python_is_one_that_the_package_takes() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    least = re.fullmatch(r">=(\d+)\.(\d+)", setup["options"]["python_requires"])
    image = re.search(r"^FROM python:(\d+)\.(\d+)-slim$", LINES, re.MULTILINE)
    assert least
    assert image
    assert tuple(map(int, image.groups())) >= tuple(map(int, least.groups()))


def test_it_installs_the_versions_that_are_tested_and_runs_as_nobody_special() -> None:
    assert "--constraint /src/constraints.txt" in LINES
    assert LINES.index("USER seesawnas") < LINES.index("ENTRYPOINT")


def test_it_gets_what_the_installation_reads_and_nothing_else() -> None:
    lines = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert all((ROOT / name).exists() for name in allowed)
    # What is left out again after it was let in.
    assert [line for line in lines[1:] if not line.startswith("!")] == ["**/__pycache__"]

    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    folders = dict(
        line.split(" = ") for line in setup["options"]["package_dir"].strip().splitlines()
    )
    read = {"setup.cfg", "pyproject.toml", "constraints.txt", "seesawnas", *folders.values()}
    read |= {setup["metadata"]["long_description"].removeprefix("file: ")}
    read |= set(setup["metadata"]["license_files"].split())
    (included,) = (
        line.split()[1:]
        for line in (ROOT / "MANIFEST.in").read_text().splitlines()
        if line.startswith("include ")
    )
    assert allowed == {*read, *included, "MANIFEST.in"}
