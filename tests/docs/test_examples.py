"""What pages show is what happens: code runs, commands parse, outputs are true."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("sybil", reason="sybil, which reads blocks of code, is not installed")

from docs.tools.command_lines import command_lines, fault_of, mention_fault
from docs.tools.examples import (
    ROOT,
    examples,
    mention_faults,
    note_of,
    pages,
    unknown_languages,
)

PAGES = [str(path.relative_to(ROOT)) for path in pages()]
SLOW = {"docs/tutorial.md", "docs/reference/json.md", "docs/guide/python.md"}
"""Pages that train networks or run many commands."""


def _marked(page: str) -> object:
    marks = [pytest.mark.slow, pytest.mark.timeout(900)]
    return pytest.param(page, marks=marks) if page in SLOW else page


@pytest.mark.parametrize("page", [_marked(page) for page in PAGES])
def test_the_examples_of_a_page_hold(page: str, place: Path) -> None:
    for example in examples(ROOT / page):
        example.evaluate()


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_sentences_mention_exist(page: str) -> None:
    assert list(mention_faults(ROOT / page)) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_of_a_kind_that_is_checked(page: str) -> None:
    assert unknown_languages(ROOT / page) == set()


def test_pages_have_examples_of_every_kind() -> None:
    found = [example for page in pages() for example in examples(page)]
    kinds = {str(getattr(example.region.evaluator, "__name__", "")) for example in found}
    assert {"check_python", "check_shell", "check_console", "check_yaml", "check_toml"} <= kinds
    assert {note_of(example).name for example in found} >= {"run", "run with", "part of"}


@pytest.mark.parametrize(
    "line",
    [
        "seesawnas search --budget 150M --no-such-option",
        "seesawnas serach --budget 150M",
        "seesawnas data pack FACES",
        "seesawnas data pack FACES --out x --to zip",
        "seesawnas latency fit --space",
        "torchrun -m seesawnas train",
        "make nothing",
        "pip install '.[nothing]'",
        "python benchmarks/nothing.py",
        "python -m tests.nothing",
        "rm -r runs",
    ],
)
def test_a_command_line_that_would_fail_is_a_fault(line: str) -> None:
    assert fault_of(line) is not None


@pytest.mark.parametrize(
    "line",
    [
        "seesawnas search --budget 150M",
        "seesawnas latency fit --space seesaw --out x.yaml",
        "seesawnas data pack FACES --out x",
        "seesawnas sample -n 3 --json > networks.jsonl",
        "torchrun --nproc-per-node 2 -m seesawnas train paper/seesaw_share --data FACES",
        "make search",
        "pip install -c constraints.txt '.[onnx,ncnn]'",
        "python -m tests.crash --kills 40",
    ],
)
def test_a_command_line_that_works_has_none(line: str) -> None:
    assert fault_of(line) is None


def test_lines_are_joined_and_comments_left_out() -> None:
    text = "# first\nseesawnas paper \\\n    --json   # all\n\nmake test\n"
    assert command_lines(text) == ["seesawnas paper --json", "make test"]


@pytest.mark.parametrize("words", [["nothing"], ["search", "--nothing"], ["data", "nothing"]])
def test_a_mention_of_nothing_is_a_fault(words: list[str]) -> None:
    assert mention_fault(words) is not None


@pytest.mark.parametrize("words", [["search"], ["latency", "fit", "--json"], ["COMMAND"]])
def test_a_mention_may_lack_arguments(words: list[str]) -> None:
    assert mention_fault(words) is None
