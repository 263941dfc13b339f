"""A long campaign of spoilt files against everything that reads trained networks.

    python -m tests.evaluation.fuzz --seconds 120 --seed 1

Each input is a well-made ONNX file or folder of ours that a few mutations spoilt, of its bytes or
of what its header says. It must be opened, and run, or refused by one printable line, InvalidInput,
within seconds and little memory. Inputs are tried in processes of their own, a few hundred each, so
that a reader that takes the interpreter with it is found and named. What does otherwise is kept in
fuzz-failures/ and ends the campaign with exit code 1.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seesawnas.errors import InvalidInput
from seesawnas.evaluation import open_model
from seesawnas.evaluation.models.onnx_graph import GraphStart, read_bytes
from seesawnas.nn import build, save_model
from seesawnas.space import to_point
from tests.data.fuzz import spoilt
from tests.evaluation.onnx_file import write_graph

_SLOW = 20.0
_MEMORY = 6 << 30
_TOGETHER = 200
_POINT = {
    "input": {"height": 16, "width": 16},
    "stem": {"width": 8},
    "stages": [{"kind": "plain", "depth": 1, "width": 8, "stride": 2, "expansion": 1}],
    "head": {"width": 16, "embedding": 8},
}
_HUGE: tuple[Any, ...] = (0, 1, -1, 2**31, 2**62, 2**64, 10**30, 1e308, None, "x", [], {})
_DTYPES = (
    "F64",
    "F16",
    "BF16",
    "I8",
    "BOOL",
    "F8_E4M3",
    "C64",
    "U16",
    "F4",
    "",
    "\ud800",
    "float32",
)


def main() -> int:
    arguments = _arguments()
    rng, until, failures = random.Random(arguments.seed), time.monotonic() + arguments.seconds, 0
    tried, refused = Counter[str](), Counter[str]()
    context = multiprocessing.get_context("fork")
    torch.set_num_threads(1)
    import_module("onnxruntime")  # and the small network, once for all processes
    _folder()
    while time.monotonic() < until:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            seed = rng.randrange(2**32)
            process = context.Process(target=_batch, args=(place, seed))
            process.start()
            process.join(_TOGETHER * _SLOW)
            if process.exitcode is None:
                process.kill()
                process.join()
            counts = [line.split(" ", 2) for line in (place / "log").read_text().splitlines()]
            tried.update(name for name, _, _ in counts)
            refused.update(name for name, outcome, _ in counts if outcome == "refused")
            wrong = [line for line in counts if line[1] == "wrong"]
            if process.exitcode or wrong:
                failures += max(1, len(wrong))
                _keep(place, f"seed-{seed}", process.exitcode, wrong)
    for name in READERS:
        print(f"{name:12}{tried[name]:>9,} inputs  {refused[name]:>9,} refused in one line")
    print(
        f"{'all':12}{sum(tried.values()):>9,} inputs  {failures} failures  (seed {arguments.seed})"
    )
    return 1 if failures else 0


def _batch(place: Path, seed: int) -> None:
    """Try so many inputs; a line of the log each, which outlives this process."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    rng = random.Random(seed)
    with (place / "log").open("w", buffering=1) as log:
        for _ in range(_TOGETHER):
            name = rng.choice(list(READERS))
            where = place / "input"
            shutil.rmtree(where, ignore_errors=True)
            where.mkdir()
            start = time.monotonic()
            outcome = _try_one(READERS[name], where, rng)
            if time.monotonic() - start > _SLOW:
                outcome = f"wrong slow: {time.monotonic() - start:.0f} s"
            log.write(f"{name} {outcome}\n")
            if outcome.startswith("wrong"):
                shutil.copytree(where, place / f"wrong-{name}", dirs_exist_ok=True, symlinks=True)


def _try_one(reader: Callable[[Path, random.Random], None], where: Path, rng: random.Random) -> str:
    try:
        reader(where, rng)
    except InvalidInput as error:
        text = str(error).replace(str(where), "")
        return (
            "refused -"
            if text.isprintable() and len(text) < 2000
            else f"wrong not one short line: {text[:300]!r}"
        )
    except BaseException:
        return f"wrong {traceback.format_exc()!r}"
    return "read -"


def _keep(place: Path, name: str, code: int | None, wrong: list[list[str]]) -> None:
    kept = Path("fuzz-failures") / f"model-{name}"
    shutil.copytree(place, kept, dirs_exist_ok=True, symlinks=True)
    what = wrong[0][2][-200:] if wrong else "its process died"
    print(f"exit code {code}: {what}; kept in {kept}", file=sys.stderr)


def _write_onnx(path: Path, rng: random.Random) -> None:
    ones = {
        "c": np.ones(3, dtype=np.float32),
        "s": np.array([1, -1]),
        "w": np.ones((192, 4), dtype=np.float32),
    }
    last = rng.choice(
        (
            [("Flatten", ["b"], ["f"]), ("MatMul", ["f", "w"], ["y"])],
            [("Reshape", ["b", "s"], ["y"])],
        )
    )
    first = rng.choice(
        ([("Sub", ["x", "c"], ["b"])], [("BatchNormalization", ["x", "c", "c", "c", "c"], ["b"])])
    )
    more: list[Any] = (
        [("ConstantOfShape", ["s2"], ["k"]), ("ReduceMean", ["k"], ["z"])]
        if rng.random() < 0.2
        else []
    )
    ones["s2"] = np.array([rng.choice((1, 2, 3, 100, 10**6, 2**40, -5))] * 3)
    ones["c"] = ones["c"][:1] if first[0][0] == "Sub" else ones["c"]
    shape: Any = rng.choice(
        (*[["n", 3, 8, 8]] * 4, [1, 3, 8, 8], [4, 3, 8, 8], ["n", 8, 8, 3], [1, 3, 10**6, 8])
    )
    outputs = ["y", *(["z"] if more else [])]
    external = (
        {"w": rng.choice(("w.bin", "../w.bin", "/etc/passwd", "\0", "", "a/../w.bin"))}
        if rng.random() < 0.1
        else {}
    )
    for name in external:
        del ones[name]
    (path.parent / "w.bin").write_bytes(bytes(4 * 192 * 4))
    element = rng.choice((*[1] * 20, 2, 7, 10, 11, 8))
    write_graph(
        path,
        [*more, *first, *last],
        shape,
        outputs=outputs,
        element=element,
        constants=ones,
        external=external,
    )


def _onnx(where: Path, rng: random.Random) -> None:
    path = where / "m.onnx"
    _write_onnx(path, rng)
    content = path.read_bytes()
    if rng.random() < 0.5:  # one byte alone: more of them get past the first checks
        at = rng.randrange(len(content))
        path.write_bytes(content[:at] + rng.randbytes(1) + content[at + 1 :])
    elif rng.random() < 0.8:
        path.write_bytes(spoilt(content, rng))
    model = open_model(path, normalise="none")
    rows = model.run(torch.zeros(3, 3, model.height, model.width))
    if rows.ndim != 2 or len(rows) != 3 or not all(note.isprintable() for note in model.notes):
        raise AssertionError(f"{tuple(rows.shape)}, {model.notes}")


def _graph(where: Path, rng: random.Random) -> None:
    path = where / "m.onnx"
    _write_onnx(path, rng)
    for _ in range(20):
        found = GraphStart()
        read_bytes(memoryview(spoilt(path.read_bytes(), rng)), found)
        _ = found.normalises


@cache
def _folder() -> tuple[bytes, bytes]:
    """The weights and the spec of a small network."""
    with tempfile.TemporaryDirectory() as place, torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        folder = save_model(build(to_point(_POINT, "fuzz").spec), place)
        return (folder / "model.safetensors").read_bytes(), (folder / "spec.yaml").read_bytes()


def _safetensors(where: Path, rng: random.Random) -> None:
    path = where / "model.safetensors"
    content, spec = _folder()
    (where / "spec.yaml").write_bytes(spec)
    if rng.random() < 0.5:
        path.write_bytes(spoilt(content[: rng.choice((400, 4000, len(content)))], rng))
    else:
        path.write_bytes(_other_header(content, rng))
    open_model(where).run(torch.zeros(1, 3, 16, 16))


def _other_header(content: bytes, rng: random.Random) -> bytes:
    """The same weights after a header that lies, or that is no header."""
    size = int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8 : 8 + size])
    names = [name for name in header if name != "__metadata__"]
    one, other = rng.sample(names, 2)
    match rng.randrange(10):
        case 0:
            header[one]["dtype"] = rng.choice(_DTYPES)
        case 1:
            header[one]["shape"] = rng.choice(([], [rng.choice(_HUGE)], [2**32] * 4, [1] * 5000))
        case 2:
            header[one]["data_offsets"] = rng.choice(
                (header[other]["data_offsets"], [0, 2**63], [-1, 4], [4, 0], [])
            )
        case 3:
            header[one] = rng.choice(_HUGE)
        case 4:
            header["__metadata__"] = rng.choice(
                (*_HUGE, {"trained": 1}, {"trained": "x"}, {"spec": "\x1b[31m"})
            )
        case 5:
            header["\x1b[31m" * rng.choice((1, 1000))] = header.pop(one)
        case 6:
            weights = bytearray(content)
            at = 8 + size + 4 * rng.randrange((len(content) - 8 - size) // 4 - 1)
            weights[at : at + 4] = b"\xff\xff\xff\x7f"  # no number
            return bytes(weights)
        case 7:
            text = json.dumps(header).replace(f'"{other}"', f'"{one}"').encode()  # a name twice
            return len(text).to_bytes(8, "little") + text + content[8 + size :]
        case 8:
            deep = rng.choice((b"[", b'{"a":')) * rng.choice((100, 100_000))
            return len(deep).to_bytes(8, "little") + deep + content[8 + size :]
        case _:
            return (
                rng.choice((2**64 - 1, 2**63, 10**9, len(content))).to_bytes(8, "little")
                + content[8:]
            )
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + size :]


READERS: dict[str, Callable[[Path, random.Random], None]] = {
    "onnx": _onnx,
    "graph": _graph,
    "safetensors": _safetensors,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.exit(main())
