"""The first search of the README, with what it prints and its report as an image.

    python -m docs.tools.first_search FOLDER

runs `seesawnas search --budget 150M` in FOLDER, which takes 6 to 9 minutes on two free cores, and
writes the README's block and docs/pictures/report.png. The figures are of the machine that ran it;
a test compares the layout alone.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from docs.tools.pictures import FOLDER, photograph_report

README = Path(__file__).parents[2] / "README.md"
WORDS = ["search", "--budget", "150M"]
_MARK = "<!-- output of the first search -->\n```text\n"
_TRIAL = re.compile(r"^trial +\d+ ")
FIRST_TRIALS, LAST_TRIALS = 3, 1


def block(text: str) -> str:
    """The block of the README in ``text``."""
    start = text.index(_MARK) + len(_MARK)
    return text[start : text.index("```", start)]


def replaced(text: str, output: str) -> str:
    """``text`` with ``output`` in its block."""
    return text.replace(f"{_MARK}{block(text)}", f"{_MARK}{output}", 1)


def shown(progress: str, result: str) -> str:
    """What is shown of a search's progress and of its result: of many trials, the ends."""
    lines = [line.rstrip() for line in f"{progress.rstrip()}\n{result.rstrip()}".splitlines()]
    trials = [index for index, line in enumerate(lines) if _TRIAL.match(line)]
    if left_out := trials[FIRST_TRIALS : len(trials) - LAST_TRIALS]:
        lines[left_out[0]] = "..."
        lines = [line for index, line in enumerate(lines) if index not in left_out[1:]]
    return "\n".join(lines) + "\n"


def shapes(output: str) -> list[str]:
    """Its lines without figures, names and padding: what stays when another machine runs it."""
    found = []
    for line in output.splitlines():
        words = re.sub(r"\[.*\]$|\b[0-9a-f]{16}\b|paper/\w+", "", line)
        words = " ".join(re.sub(r"[\d.,]*\d|[─*±]", "#", words).split())
        words = re.sub(r"(#( [KMG]\b)? ?)+", "# ", words).replace(" ,", ",").strip()
        found.append(re.sub(r"( [^,:]+)(,\1)+$", r"\1", words))
    return list(dict.fromkeys(found))


def main() -> None:
    """Run it."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "seesawnas", *WORDS]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    text = README.read_text(encoding="utf-8")
    README.write_text(replaced(text, shown(done.stderr, done.stdout)), encoding="utf-8")
    photograph_report(folder / "runs" / "search_150m", FOLDER / "report.png")


if __name__ == "__main__":
    main()
