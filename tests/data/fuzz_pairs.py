"""A campaign against the readers of verification sets: ``python -m tests.data.fuzz_pairs --seconds 60``.

Whole files are damaged - bytes changed, cut, doubled, tokens of the format thrown in - and read. Each must be read or be
refused in one line; anything else ends the campaign with the file that did it. Prints how many were tried.
"""

from __future__ import annotations

import argparse
import pickle
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from seesawnas.data import read_pairs
from seesawnas.errors import DataError
from tests.data.test_verification_bin import PARTS, picture

TEXT_PARTS = (
    b"\t",
    b" ",
    b",",
    b";",
    b'"',
    b"\n",
    b"\r\n",
    b"\0",
    b"..",
    b"/",
    b"Bo",
    b"1",
    b"0001",
    b"10\t300",
    b"-",
    b"\xff",
    b"\xef\xbb\xbf",
)
PAIRS = b"10\t300\nAnn\t1\t2\nAnn\t1\tBo\t1\nBo\t0001\t1\n"
CSV = b"path1,path2,label\nBo/Bo_0001.png,Ann/Ann_0001.png,1\nAnn/Ann_0002.png,Bo/Bo_0001.png,0\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60, help="for each of the three formats")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_people(root / "images")
        for suffix, whole, parts in (("bin", bins(), PARTS), ("txt", [PAIRS], TEXT_PARTS), ("csv", [CSV], TEXT_PARTS)):
            print(campaign(root / f"input.{suffix}", root / "images", whole, parts, given.seconds, Random(given.seed)))
    print(f"largest memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def write_people(root: Path) -> None:
    for name in ("Ann/Ann_0001", "Ann/Ann_0002", "Bo/Bo_0001"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(root / f"{name}.png")


def bins() -> list[bytes]:
    """Sets of one pair in every protocol, as bytes and as arrays."""
    pictures = [picture(0), picture(9)]
    arrays = [np.frombuffer(content, dtype=np.uint8) for content in pictures]
    sets = [(pictures, [True]), (arrays, [np.bool_(True)]), (arrays, np.array([True]))]
    return [pickle.dumps(one, protocol=protocol) for one in sets for protocol in range(6)]


def campaign(
    path: Path, images: Path, whole: Sequence[bytes], parts: Sequence[bytes], seconds: float, rng: Random
) -> str:
    ends: Counter[str] = Counter()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        content = damaged(rng.choice(whole), parts, rng)
        path.write_bytes(content)
        try:
            found = read_pairs(path, images=images, resolution=8)
            found.pictures.decode(0, len(found.pictures))
            ends["read"] += 1
        except DataError as error:
            if "\n" in str(error):
                raise AssertionError(content) from None
            ends["refused"] += 1
        except BaseException:
            print(f"{path.suffix}: {content!r}")
            raise
    return (
        f"{path.suffix}: {sum(ends.values()):,} inputs, {ends['read']:,} read, {ends['refused']:,} refused in one line"
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
    main()
