"""``seesawnas data pack``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from seesawnas.cli.commands.data.showing import (
    FacesPath,
    Out,
    bar,
    check_out,
    images,
    people,
    resumed_line,
    show,
)
from seesawnas.cli.options import MAX_SEED, Json
from seesawnas.text import several


class Form(StrEnum):
    """What to write."""

    REC = "rec"
    BIN = "bin"


def pack(
    path: FacesPath,
    out: Out,
    to: Annotated[
        Form,
        typer.Option(
            "--to",
            help="rec: train.rec with its index, for training; bin: pairs, for verification.",
        ),
    ] = Form.REC,
    resolution: Annotated[
        int | None,
        typer.Option(
            "--resolution",
            metavar="R",
            min=1,
            max=4096,
            help="Resize all images to RxR (stored as PNG).",
            show_default="keep sizes",
        ),
    ] = None,
    pairs: Annotated[
        int,
        typer.Option(
            "--pairs",
            metavar="N",
            min=2,
            max=10**7,
            help="bin: at most N pairs, half of them genuine (same identity).",
        ),
    ] = 6000,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", metavar="S", min=0, max=MAX_SEED, help="bin: seed of the pair selection."
        ),
    ] = 0,
    json: Json = False,
) -> None:
    """Pack images into an InsightFace train.rec or a verification .bin.

    --out is a folder for a train.rec, and a file for a .bin.

    RGB and grey JPEG and PNG files are copied byte by byte; files that tools read differently
    (CMYK, EXIF rotation, PGM) are converted to PNG.

    Unreadable images are skipped and reported. Run the same command to resume an interrupted
    train.rec.
    """
    check_out(path, out)
    if to is Form.REC:
        _pack_rec(path, out, resolution, json)
    else:
        _pack_bin(path, out, resolution, pairs, seed, json)


def _pack_rec(path: str, out: Path, resolution: int | None, json: bool) -> None:
    from seesawnas.data import Preparation, open_source, pack_rec

    source = open_source(path)
    with bar("packing", len(source)) as advance:
        report = pack_rec(source, out, Preparation(resolution=resolution), advance)
    values = {
        "files": [str(file) for file in report.files],
        "people": report.people,
        "images": report.images,
        "encoded_anew": report.encoded_anew,
        "people_before": report.before,
    }
    anew = (
        f", {report.encoded_anew:,} of them re-encoded"
        if report.encoded_anew
        else ", bytes unchanged"
    )
    lines = resumed_line(report.before)
    lines += [f"packed      {images(report.images)} of {people(report.people)}{anew}"]
    show(values, lines + [f"wrote       {file}" for file in report.files], report.skipped, json)


def _pack_bin(
    path: str, out: Path, resolution: int | None, pairs: int, seed: int, json: bool
) -> None:
    from seesawnas.data import open_source, pack_bin
    from seesawnas.errors import DataError
    from seesawnas.evaluation import make_pairs

    if out.exists():
        raise DataError(f"{out}: must not exist yet, got an existing file")
    source = open_source(path)
    drawn = make_pairs(source.labels, limit=pairs, seed=seed)
    chosen = list(zip(drawn.left.tolist(), drawn.right.tolist(), drawn.same.tolist(), strict=True))
    with bar("packing", 2 * len(chosen)) as advance:
        written, skipped = pack_bin(source, out, chosen, resolution=resolution, advance=advance)
    same = sum(pair[2] for pair in written)
    values = {"files": [str(out)], "pairs": len(written), "same": same, "seed": seed}
    lines = [
        f"packed      {several(len(written), 'pair')}, {same:,} of them genuine",
        f"wrote       {out}",
    ]
    show(values, lines, skipped, json)
