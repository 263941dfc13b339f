"""``seesawnas data info``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.commands.data.showing import FacesPath, as_json, bar, images, people
from seesawnas.cli.options import Json
from seesawnas.errors import DataError

if TYPE_CHECKING:
    from seesawnas.data import OpenedSource
    from seesawnas.data.survey import Survey


def info(
    path: FacesPath,
    everything: Annotated[
        bool, typer.Option("--all", help="Decode every image, not only 20,000 evenly spaced ones.")
    ] = False,
    contact_sheet: Annotated[
        Path | None,
        typer.Option(
            "--contact-sheet", metavar="FILE", help="Write a contact sheet (sample images) as PNG."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Count identities and images, show image sizes and formats, and list problems."""
    from seesawnas.cli.views.output import print_json, print_lines
    from seesawnas.data import open_source, survey
    from seesawnas.data.survey import MAX_CHECKED

    source = open_source(path, least=0)
    if not len(source):
        raise DataError(
            "; ".join([f"{path}: must contain face images in sub-folders, got none", *source.notes])
        )
    most = None if everything else MAX_CHECKED
    with bar(
        "checking images", len(source) if everything else min(MAX_CHECKED, len(source))
    ) as advance:
        found = survey(source, most=most, advance=advance)
    if contact_sheet is not None:
        _draw(source, contact_sheet)
    if json:
        print_json(_values(path, source, found))
    else:
        print_lines(*_lines(source, found))
        if contact_sheet is not None:
            print_lines(f"wrote {contact_sheet}")


def _draw(source: OpenedSource, file: Path) -> None:
    import io

    from seesawnas.data import contact_sheet
    from seesawnas.io.files import write_atomically

    content = io.BytesIO()
    contact_sheet(source).save(content, "PNG")
    write_atomically(file, content.getvalue())


def _values(path: str, source: OpenedSource, found: Survey) -> dict[str, Any]:
    return {
        "path": path,
        "description": source.description,
        "fingerprint": source.fingerprint,
        "people": found.people,
        "images": found.images,
        "images_per_person": found.images_per_person,
        "looked_at": found.looked_at,
        "bytes_per_image": found.bytes_per_image,
        "sizes": dict(found.sizes.most_common()),
        "aspects": dict(found.aspects.most_common()),
        "other_aspects": {"count": found.other_aspects[0], "first": list(found.other_aspects[1])},
        "formats": dict(found.formats.most_common()),
        "modes": dict(found.modes.most_common()),
        "wrong": as_json(found.wrong),
    }


def _lines(source: OpenedSource, found: Survey) -> list[str]:
    each = found.images_per_person
    spread = (
        f"{each['least']:g} to {each['most']:g}, median {each['median']:g}, mean {each['mean']:.1f}"
        if each
        else "none"
    )
    decoded = found.formats.total()
    of = "" if decoded == found.looked_at else f", {decoded:,} of them"
    checked = (
        f"{images(found.looked_at)}{of} decoded, {found.bytes_per_image:,.0f} bytes on average"
    )
    return [
        f"faces       {source.description}, fingerprint {source.fingerprint}",
        f"identities  {people(found.people)}, {images(found.images)}",
        f"spread      {spread} images per identity",
        f"checked     {checked}",
        *(f"{name:<12}{_counted(counts)}" for name, counts in _tallies(found)),
        *(f"problems    {note}" for note in found.wrong.notes() or ("none",)),
    ]


def _tallies(found: Survey) -> list[tuple[str, list[tuple[str, int]]]]:
    return [
        (name, counts.most_common())
        for name, counts in (
            ("sizes", found.sizes),
            ("aspects", found.aspects),
            ("formats", found.formats),
            ("modes", found.modes),
        )
    ]


def _counted(counts: list[tuple[str, int]]) -> str:
    shown = ", ".join(f"{name} ({count:,})" for name, count in counts[:5])
    return f"{shown}, and {len(counts) - 5} more" if len(counts) > 5 else shown or "none"
