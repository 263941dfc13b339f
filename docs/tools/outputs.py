"""Write the outputs that pages show anew, from the commands above them.

python -m docs.tools.outputs [PAGE...]
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from docs.tools.examples import (
    check_console,
    check_keys,
    check_yaml,
    console,
    examples,
    keys,
    note_of,
    pages,
)
from docs.tools.place import prepare


def refreshed(page: Path) -> str:
    """The text of ``page`` with today's outputs; its YAML files are written where this runs."""
    document = examples(page)
    text: str = document.text
    changes: list[tuple[int, int, str]] = []
    for example in document:
        if example.region.evaluator == check_yaml:
            check_yaml(example)
        if example.region.evaluator == check_console:
            block = console(example.parsed, note_of(example))
            changes.append((example.start, example.end, f"```console\n{block}\n```"))
        if example.region.evaluator == check_keys and note_of(example).name == "keys of":
            block = keys(note_of(example), example.parsed)
            changes.append((example.start, example.end, f"```text\n{block}\n```"))
    for start, end, block in reversed(changes):
        text = text[:start] + block + text[end:]
    return text


def main() -> None:
    """Refresh the pages that are named, or all."""
    chosen = [Path(name).resolve() for name in sys.argv[1:]] or pages()
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        os.chdir(folder)
        for page in chosen:
            text = refreshed(page)
            if text != page.read_text(encoding="utf-8"):
                page.write_text(text, encoding="utf-8")
                print(f"wrote {page}")


if __name__ == "__main__":
    main()
