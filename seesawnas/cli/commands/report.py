"""``seesawnas report``: one file with the results of a study and how to reproduce them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seesawnas.cli.completion import complete_study
from seesawnas.cli.options import StudyStorage
from seesawnas.errors import StudyError

if TYPE_CHECKING:
    from seesawnas.report.study.report import StudyReport
    from seesawnas.study.library.view import StoredStudy


class Format(StrEnum):
    """Output formats."""

    HTML = "html"
    MD = "md"
    CSV = "csv"
    JSON = "json"


def report(
    studies: Annotated[
        list[str],
        typer.Argument(
            metavar="STUDY",
            help="Studies: folders under runs/, or their paths.",
            autocompletion=complete_study,
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Output file. Default: report.html in the study's folder; other formats go to "
            "standard output.",
        ),
    ] = None,
    format: Annotated[
        Format | None,
        typer.Option(
            "--format", help="Output format. Default: from the file extension, else html."
        ),
    ] = None,
    storage: StudyStorage = None,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Write a report of one or more studies as one HTML file that works offline.

    It contains the Pareto front, curves, decisions, the ranking and settings.

    Read only; a search may still be running. Several studies share one Pareto plot.
    """
    from seesawnas.cli.views.output import print_lines, screen
    from seesawnas.io.files import write_atomically
    from seesawnas.io.terminal import only_shown, write_stdout
    from seesawnas.report.study.report import StudyReport
    from seesawnas.report.study.sections import limit_notes
    from seesawnas.study import find_study

    wanted = _format(format, out, json)
    found: list[StoredStudy] = []
    for one in (find_study(name, storage) for name in studies):
        if (one.folder.resolve(), one.number) not in [
            (other.folder.resolve(), other.number) for other in found
        ]:
            found.append(one)
    within: Path | None = None
    reports = [StudyReport.of(one.view(), one.ref) for one in found]
    text = _text(wanted, reports)
    if wanted is Format.HTML and out is None:
        out, within = found[0].folder / "report.html", found[0].folder
    if out is None:
        write_stdout(text)
    else:
        write_atomically(out, text, within=within)
        only_shown()
        print_lines(f"wrote {out}")
        for note in (note for one in reports for note in limit_notes(one.notes)):
            screen().print(f"note: {note}", soft_wrap=True)


def _format(given: Format | None, out: Path | None, json: bool) -> Format:
    """The format that is asked for: --format, --json or the file extension.

    Raises:
        StudyError: If --json and --format disagree, or the file extension is unknown.
    """
    if json and given not in (None, Format.JSON):
        raise StudyError(f"--format must be json with --json, got {given}")
    if json or given is not None:
        return Format.JSON if json else given or Format.HTML
    endings = {f".{one}": one for one in Format} | {".htm": Format.HTML, ".markdown": Format.MD}
    if out is not None and out.suffix.lower() not in endings:
        raise StudyError(
            f"--out must end in {', '.join(endings)}, or be given with --format, got {out}"
        )
    return Format.HTML if out is None else endings[out.suffix.lower()]


def _text(wanted: Format, reports: list[StudyReport]) -> str:
    from seesawnas.report.pages import text as report_text

    match wanted:
        case Format.HTML:
            from seesawnas.report.pages.report import report_html

            return report_html(reports)
        case Format.MD:
            return report_text.report_markdown(reports)
        case Format.CSV:
            return report_text.report_csv(reports)
        case Format.JSON:
            return report_text.report_json(reports)
