"""A campaign against the readers of text that lists faces, and of verification sets.

    python -m tests.data.fuzz_pairs --inputs 20000 --seed 1

Whole files are damaged - bytes changed, cut, doubled, tokens of the format thrown in - and read.
Each must be read or be refused in one line. Files of pairs are also written anew, with every kind
of header, separator and order of columns: these must be read as what they were made of, or be
refused. What does otherwise ends the campaign, with the file. Prints how many were tried.
"""

from __future__ import annotations

import argparse
import os
import pickle
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from seesawnas.data import read_landmarks, read_pairs, read_templates
from seesawnas.errors import DataError
from tests.data.pair_tables import made_table
from tests.data.pairs.bins import PARTS, encoded_image

SLOW = 5.0
TEXT_PARTS = (
    *(
        b"\t",
        b" ",
        b",",
        b";",
        b"|",
        b'"',
        b"#",
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b"..",
        b"/",
        b"\\",
        b"Bo",
        b"1",
        b"0001",
    ),
    *(
        b"10\t300",
        b"-",
        b"-1",
        b"\xff",
        b"\xef\xbb\xbf",
        b"9" * 30,
        b"9" * 5000,
        b"1_0",
        b"1e999",
        b"nan",
        b"0x10",
        b"same",
    ),
    *(
        text.encode()
        for text in (
            "\u00b2",
            "\u0661",
            "\u2028",
            "\u0085",
            "\U000e0100",
            "\U0010ffff",
            "label",
            "a.JPG",
        )
    ),
)
PAIRS = b"10\t300\nAnn\t1\t2\nAnn\t1\tBo\t1\nBo\t0001\t1\n"
CSV = b"path1,path2,label\nBo/Bo_0001.png,Ann/Ann_0001.png,1\nAnn/Ann_0002.png,Bo/Bo_0001.png,0\n"
LIST = b"Bo/Bo_0001.png Ann/Ann_0001.PNG 1\nAnn/Ann_0002.png Bo/Bo_0001.png 0\n"
MEMBERS = b"Bo/Bo_0001.png 5 70\nAnn/Ann_0001.png 9 71\n"
TEMPLATES = b"5 9 0\n5 5 1\n"
MARKS = b"file,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\nBo/Bo_0001.png,38,51,73,51,56,71,41,92,70,92\n"
Reader = Callable[[bytes], None]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=1000, help="for each format")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_identities(root / "images")
        for name, whole, parts, read in formats(root):
            print(
                campaign(name, whole, parts, read, given.inputs, Random(f"{given.seed} {name}")),
                flush=True,
            )
            total += given.inputs
        print(tables(root, given.inputs, Random(given.seed)), flush=True)
    print(f"{total + given.inputs:,} inputs in all, seed {given.seed}")
    print(f"largest memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def formats(root: Path) -> list[tuple[str, list[bytes], Sequence[bytes], Reader]]:
    """(name, well-made files, tokens of the format, reader) of each."""
    texts = [PAIRS, CSV, LIST]
    return [
        ("bin", bins(), PARTS, partial(_pairs, root, "bin")),
        ("txt", texts, TEXT_PARTS, partial(_pairs, root, "txt")),
        ("csv", texts, TEXT_PARTS, partial(_pairs, root, "csv")),
        ("members", [MEMBERS], TEXT_PARTS, partial(_templates, root, None)),
        ("templates", [TEMPLATES], TEXT_PARTS, partial(_templates, root, MEMBERS)),
        ("landmarks", [MARKS], TEXT_PARTS, partial(_landmarks, root)),
        ("cfp", [b"1,2\n2,1\n"], TEXT_PARTS, partial(_cfp, root, "Split/FF/01/same.txt")),
        ("cfp list", [_CFP_LIST], TEXT_PARTS, partial(_cfp, root, "Pair_list_F.txt")),
    ]


def _pairs(root: Path, suffix: str, content: bytes) -> None:
    (root / f"input.{suffix}").write_bytes(content)
    found = read_pairs(root / f"input.{suffix}", images=root / "images", resolution=8)
    found.images.decode(0, len(found.images))


def _templates(root: Path, members: bytes | None, content: bytes) -> None:
    (root / "members.txt").write_bytes(content if members is None else members)
    (root / "templates.txt").write_bytes(TEMPLATES if members is None else content)
    found = read_templates(
        root / "templates.txt", root / "members.txt", root / "images", resolution=8
    )
    largest = max(len(digits) for digits in content.translate(None, b"\0\r\n\t ,;").split(b"\n"))
    assert max(found.left.max(), found.right.max(), found.templates.max()) < 10 ** min(
        18, max(1, largest)
    )


def _landmarks(root: Path, content: bytes) -> None:
    (root / "marks.csv").write_bytes(content)
    for points in read_landmarks(root / "marks.csv").values():
        assert points.shape == (5, 2)
        assert np.isfinite(points).all()


_CFP_LIST = b"1 ../Data/Images/Ann/Ann_0001.png\n2 ../Data/Images/Bo/Bo_0001.png\n"


def _cfp(root: Path, name: str, content: bytes) -> None:
    protocol = root / "Protocol"
    (protocol / "Split/FF/01").mkdir(parents=True, exist_ok=True)
    for file, text in (
        ("Split/FF/01/same.txt", b"1,2\n"),
        ("Split/FF/01/diff.txt", b"2,1\n"),
        ("Pair_list_F.txt", _CFP_LIST),
    ):
        (protocol / file).write_bytes(content if file == name else text)
    read_pairs(protocol / "Split/FF", images=root / "images", resolution=8)


def write_identities(root: Path) -> None:
    for name in ("Ann/Ann_0001", "Ann/Ann_0002", "Bo/Bo_0001"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(root / f"{name}.png")


def bins() -> list[bytes]:
    """Sets of one pair in every protocol, as bytes and as arrays."""
    images = [encoded_image(0), encoded_image(9)]
    arrays = [np.frombuffer(content, dtype=np.uint8) for content in images]
    sets = [(images, [True]), (arrays, [np.bool_(True)]), (arrays, np.array([True]))]
    return [pickle.dumps(one, protocol=protocol) for one in sets for protocol in range(6)]


def campaign(
    name: str,
    whole: Sequence[bytes],
    parts: Sequence[bytes],
    read: Reader,
    inputs: int,
    rng: Random,
) -> str:
    ends: Counter[str] = Counter()
    for _ in range(inputs):
        content = damaged(rng.choice(whole), parts, rng)
        start = time.monotonic()
        try:
            read(content)
            ends["read"] += 1
        except DataError as error:
            if not str(error).isprintable():
                raise AssertionError(content, str(error)) from None
            ends["refused"] += 1
        except BaseException:
            print(f"{name}: {content!r}", file=sys.stderr)
            raise
        if time.monotonic() - start > SLOW:
            raise AssertionError(f"{name}: slow: {content!r}")
    return (
        f"{name:10}{inputs:>9,} inputs  {ends['read']:>9,} read  {ends['refused']:>9,} "
        "refused in one line"
    )


def tables(root: Path, inputs: int, rng: Random) -> str:
    """Files of pairs made in every way that people make them: read as what they say, or refused."""
    ends: Counter[str] = Counter()
    for _ in range(inputs):
        table = made_table(rng)
        path = root / f"table.{rng.choice(('csv', 'txt', 'tsv'))}"
        path.write_bytes(table.content)
        try:
            found = read_pairs(path, images=root / "images", resolution=8)
        except DataError as error:
            if not str(error).isprintable():
                raise AssertionError(table.content, str(error)) from None
            ends["refused"] += 1
            continue
        places = found.images.places
        sides = zip(found.left.tolist(), found.right.tolist(), found.same.tolist(), strict=True)
        assert [(places[a], places[b], same) for a, b, same in sides] == table.pairs, table.content
        ends["read"] += 1
    return (
        f"{'tables':10}{inputs:>9,} inputs  {ends['read']:>9,} read as meant  "
        f"{ends['refused']:>9,} refused in one line"
    )


def damaged(whole: bytes, parts: Sequence[bytes], rng: Random) -> bytes:
    content = bytearray(whole)
    for _ in range(rng.randint(0, 5)):
        place = rng.randrange(len(content) + 1)
        match rng.randrange(5):
            case 0:
                content[place : place + 1] = bytes([rng.randrange(256)])
            case 1:
                content[place:place] = rng.choice(parts)
            case 2:
                del content[place : place + rng.randint(1, 8)]
            case 3:
                content[place:place] = content[place : place + rng.randint(1, 40)]
            case 4:
                content = content[:place] if rng.random() < 0.3 else content
    return bytes(content)


if __name__ == "__main__":
    os.environ["SEESAWNAS_CACHE_LIMIT"] = "1"
    main()
