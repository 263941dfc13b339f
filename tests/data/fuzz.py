"""A long campaign of spoilt files against everything that reads faces.

    python -m tests.data.fuzz --seconds 300 --seed 1

Each input is a well-made one that a few mutations spoilt. What reads it must give something back or
raise one printable line, DataError or UnreadableError, within a few seconds and little memory. What
does otherwise is kept in fuzz-failures/ and ends the campaign with exit code 1. Prints how many
inputs each reader was given and how many it refused.
"""

from __future__ import annotations

import argparse
import io
import os
import pickle
import random
import resource
import shutil
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from seesawnas.data import load_faces, open_source, read_bin, read_landmarks, survey
from seesawnas.data.images import UnreadableError, decode, prepared
from seesawnas.data.sources.recordio import MAGIC
from seesawnas.errors import DataError
from tests.data.rec_files import encoded_image, insightface, people, read_all, write_records

_SLOW = 20.0
_MEMORY = 6 << 30
_VALUES = (
    b"\0",
    b"\xff" * 4,
    MAGIC,
    b"\t",
    b"\n",
    b"-1",
    b"99999999999999999999",
    b"\x7f\xff\xff\xff",
    b",",
    b"nan",
)
_KINDS = [
    *(("JPEG", mode) for mode in ("RGB", "L", "CMYK")),
    *(("PNG", mode) for mode in ("RGB", "L", "P", "RGBA", "LA", "1", "I;16")),
    *(("PPM", "RGB"), ("PPM", "L"), ("GIF", "P"), ("BMP", "RGB")),
]
Refused = (DataError, UnreadableError)


def main() -> int:
    arguments = _arguments()
    os.environ["SEESAWNAS_CACHE_LIMIT"] = (
        "1"  # every input is another: the cache would only take time
    )
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    rng, until = random.Random(arguments.seed), time.monotonic() + arguments.seconds
    tried, refused, failures = Counter[str](), Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < until:
            name = rng.choice(list(READERS))
            place = Path(folder) / "input"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            start, outcome = time.monotonic(), try_one(READERS[name], place, rng)
            tried[name] += 1
            refused[name] += outcome == ""
            if outcome or time.monotonic() - start > _SLOW:
                failures += 1
                _keep(place, name, failures, outcome or "slow")
    for name in READERS:
        print(f"{name:10}{tried[name]:>9,} inputs  {refused[name]:>9,} refused in one line")
    print(
        f"{'all':10}{sum(tried.values()):>9,} inputs  {failures} failures  (seed {arguments.seed})"
    )
    return 1 if failures else 0


def try_one(
    reader: Callable[[Path, random.Random], None], place: Path, rng: random.Random
) -> str | None:
    """None where it was read, "" where it was refused, what went wrong otherwise."""
    try:
        reader(place, rng)
    except Refused as error:
        is_one_line = isinstance(error, UnreadableError) or str(error).isprintable()
        return "" if is_one_line else f"not one printable line: {error!r}"
    except BaseException:
        return traceback.format_exc()
    return None


def _keep(place: Path, name: str, number: int, outcome: str) -> None:
    kept = Path("fuzz-failures") / f"{name}-{number}"
    shutil.copytree(place, kept, dirs_exist_ok=True, symlinks=True)
    (kept / "outcome.txt").write_text(outcome)
    print(f"{name}: {outcome.strip().splitlines()[-1]}; kept in {kept}", file=sys.stderr)


def spoilt(content: bytes, rng: random.Random) -> bytes:
    """``content`` after one to six mutations.

    Bytes changed, cut out, doubled, put in, or all that follows lost.
    """
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        at, length = rng.randint(0, len(data)), rng.randint(1, 16)
        match rng.randrange(6):
            case 0 if data:
                data[min(at, len(data) - 1)] ^= 1 << rng.randrange(8)
            case 1:
                data[at : at + length] = rng.randbytes(min(length, len(data) - at))
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = data[at : at + length]
            case 4:
                data[at:at] = rng.choice(_VALUES)
            case _ if rng.random() < 0.2:
                del data[at:]
    return bytes(data)


def _records(place: Path, rng: random.Random) -> None:
    each = [rng.randint(0, 4) for _ in range(rng.randint(1, 5))]
    write_records(
        place,
        (insightface if rng.random() < 0.7 else people)(each or [2]),
        index=rng.random() < 0.8,
    )
    (place / "property").write_text(f"{len(each)},112,112")
    (place / "train.names.json").write_text(
        str([f"p{i}" for i in range(len(each))]).replace("'", '"')
    )
    for file in list(place.iterdir()):
        if rng.random() < 0.6:
            file.write_bytes(spoilt(file.read_bytes(), rng))
    _check(read_all(place))
    _load(place)
    survey(open_source(place, least=0))


def _folder(place: Path, rng: random.Random) -> None:
    for identity in range(rng.randint(0, 6)):
        name = place / rng.choice(
            (f"p{identity}", f"p\n{identity}", f".p{identity}", "é" * 30 + str(identity))
        )
        name.mkdir(exist_ok=True)
        for number in range(rng.randint(0, 4)):
            file = name / f"{number}{rng.choice(('.jpg', '.PNG', '.pgm', '.txt', ''))}"
            match rng.randrange(8):
                case 0:
                    file.symlink_to(
                        rng.choice(("/etc/passwd", "..", "nowhere", str(file), "0.jpg"))
                    )
                case 1:
                    file.mkdir()
                case 2:
                    file.write_bytes(rng.randbytes(rng.randint(0, 100)))
                case _:
                    file.write_bytes(_image(rng))
    source = open_source(place, least=0)
    _check(source.description, *source.notes, *survey(source).wrong.notes())
    _load(place)


def _load(place: Path) -> None:
    try:
        _check(*load_faces(place, resolution=4).notes)
    except DataError as error:  # most often that there are too few identities
        _check(str(error))


def _check(*lines: str) -> None:
    for line in lines:
        if not line.isprintable():
            raise AssertionError(f"not printable: {line!r}")


def _image(rng: random.Random) -> bytes:
    """A small image of any kind, sometimes spoilt."""
    kind, mode = rng.choice(_KINDS)
    pixels = np.frombuffer(rng.randbytes(64), dtype=np.uint8).reshape(8, 8)
    plain = Image.fromarray(pixels).resize((rng.randint(1, 40), rng.randint(1, 40)))
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = rng.randint(0, 9)
    extra = {"exif": exif} if kind in ("JPEG", "PNG") and rng.random() < 0.3 else {}
    (plain if mode == "I;16" and kind != "PNG" else plain.convert(mode)).save(file, kind, **extra)
    content = file.getvalue()
    if kind == "PNG" and rng.random() < 0.1:  # one that claims to be huge
        content = (
            content[:16]
            + struct.pack(">II", rng.randint(1, 2**31), rng.randint(1, 2**31))
            + content[24:]
        )
    return spoilt(content, rng) if rng.random() < 0.7 else content


def _single(place: Path, rng: random.Random) -> None:
    content = _image(rng)
    (place / "image").write_bytes(content)
    try:
        pixels = decode(io.BytesIO(content), rng.choice((1, 8, 112)))
    except UnreadableError:
        pixels = None
    plain, shown = prepared(content, rng.choice((None, 16)))
    decode(io.BytesIO(plain), 8)
    if shown.format not in ("JPEG", "PNG") or pixels is None:
        raise AssertionError("made ready, and yet not to be read")


def _bin(place: Path, rng: random.Random) -> None:
    pairs = rng.randint(0, 3)
    content = (
        [encoded_image(shade) for shade in range(2 * pairs)],
        [bool(rng.randrange(2)) for _ in range(pairs)],
    )
    (place / "v.bin").write_bytes(spoilt(pickle.dumps(content, protocol=rng.randint(1, 5)), rng))
    read_bin(place / "v.bin", resolution=4)


def _landmarks(place: Path, rng: random.Random) -> None:
    lines = [
        f"a/{i}.jpg," + ",".join(str(rng.uniform(0, 200)) for _ in range(10)) for i in range(3)
    ]
    (place / "l.csv").write_bytes(spoilt("\n".join(lines).encode(), rng))
    read_landmarks(place / "l.csv")


READERS: dict[str, Callable[[Path, random.Random], None]] = {
    "records": _records,
    "folder": _folder,
    "image": _single,
    "bin": _bin,
    "landmarks": _landmarks,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
