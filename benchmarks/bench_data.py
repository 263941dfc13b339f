"""What data costs: opening millions of images, and images a second beside torch's DataLoader
with PIL.

    python benchmarks/bench_data.py index [--people 85000] [--each 68] python
    benchmarks/bench_data.py templates [--lines 15000000] [--rounds 3] python
    benchmarks/bench_data.py loader FOLDER [--resolution 112] [--workers 2] [--rounds 5] [--json]

``index`` writes a train.rec of tiny records, with its index, and opens it in a process of its own:
seconds and peak resident memory. ``templates`` writes as many pairs as IJB-C has and reads them,
each time in a process of its own, with numpy's loadtxt and as we do: processor seconds, their ratio
in each round, peak resident memory. ``loader`` reads all images of FOLDER (a folder of
identities) in each way in turn; a round gives each one turn, each ratio is taken within a round,
and the median over the rounds is printed, with the lowest and the highest. DataLoader's workers
stay from turn to turn, so that their start is not counted; the file cache is warm for all.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader, Dataset

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.data import OpenedSource, open_source
from seesawnas.data.cache import decode_all, decoded
from seesawnas.data.images import decode
from seesawnas.data.writers.pack import pack_rec
from tests.data.large_rec import open_apart, write_large

_BATCH = 128
_BASE = "DataLoader + PIL"


def main() -> None:
    arguments = _arguments()
    if arguments.what == "index":
        _index(arguments.people, arguments.each)
    elif arguments.what == "templates":
        _templates(arguments.lines, arguments.rounds)
    else:
        _compare(arguments)


def _index(people: int, each: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_large(place, people, each)
        _in_a_process("train.rec with its index", str(place))
        (place / "train.idx").unlink()
        _in_a_process("train.rec without index", str(place))
    _in_a_process("synthetic", f"synthetic:{people}x{each}")


def _in_a_process(name: str, path: str) -> None:
    took = open_apart(path)
    memory = f"{took['peak_mib']:5.0f} MiB (of which {took['before_mib']:.0f} before)"
    found = f"{took['images']:,} images of {took['people']:,} people"
    print(
        f"{name:26}{took['seconds']:6.2f} s  {memory}  {took['image_us']:6.1f} us an image  "
        f"{found}",
        flush=True,
    )


_CLOCK = """
import resource, sys, time
from pathlib import Path
import numpy as np
from seesawnas.data.pairs.text_lines import read_labelled_pairs
path, start = Path(sys.argv[1]), time.process_time()
"""
_READERS = {
    "numpy.loadtxt": "rows = np.loadtxt(path, dtype=np.int64, ndmin=2); assert np.isin(rows[:, "
    "2], (0, 1)).all(); "
    "left, right, same = rows.T; same = same == 1",
    "read_labelled_pairs": "left, right, same = read_labelled_pairs(path)",
}
_SHOW = """
seconds = time.process_time() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(seconds, peak, int(left.sum()), int(right.sum()), int(same.sum()))
"""


def _templates(lines: int, rounds: int) -> None:
    """Both readers must find the same sums."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.txt"
        _write_pairs(path, lines)
        print(f"{lines:,} lines, {path.stat().st_size / 1e6:.0f} MB")
        ratios, size = [], {}
        for _ in range(rounds):
            took, sums = {}, set()
            for name, code in _READERS.items():
                command = [sys.executable, "-c", _CLOCK + code + _SHOW, str(path)]
                printed = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    check=True,
                    cwd=Path(__file__).parents[1],
                )
                seconds, peak, *found = printed.stdout.split()
                took[name], size[name] = float(seconds), float(peak)
                sums.add(tuple(found))
                print(
                    f"{name:22}{took[name]:7.2f} s of a processor  {size[name]:6.0f} MiB",
                    flush=True,
                )
            assert len(sums) == 1
            ratios.append(took["read_labelled_pairs"] / took["numpy.loadtxt"])
    memory = size["read_labelled_pairs"] / size["numpy.loadtxt"]
    print(
        f"ratio of time {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), of memory "
        f"{memory:.2f}"
    )


def _write_pairs(path: Path, lines: int) -> None:
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        for start in range(0, lines, 500_000):
            count = min(500_000, lines - start)
            columns = (*rng.integers(1, 23_125, (2, count)), rng.random(count) < 0.00125)
            file.writelines(map("{} {} {:d}\n".format, *(column.tolist() for column in columns)))


class _Files(Dataset[NDArray[np.uint8]]):
    """The way everybody writes it."""

    def __init__(self, paths: list[str], resolution: int) -> None:
        self._paths, self._size = paths, (resolution, resolution)

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        return np.array(Image.open(self._paths[index]).convert("RGB").resize(self._size))


class _Source(Dataset[NDArray[np.uint8]]):
    def __init__(self, source: OpenedSource, resolution: int) -> None:
        self._source, self._resolution = source, resolution

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        return decode(io.BytesIO(self._source.payload(index)), self._resolution)


def _compare(arguments: argparse.Namespace) -> None:
    resolution, workers = arguments.resolution, arguments.workers
    folder = open_source(arguments.folder, least=1)
    with tempfile.TemporaryDirectory() as place:
        os.environ["SEESAWNAS_CACHE"] = str(Path(place) / "cache")
        pack_rec(folder, Path(place) / "rec")
        records = open_source(Path(place) / "rec", least=1)
        paths = [str(Path(arguments.folder) / folder.place(index)) for index in range(len(folder))]
        decoded(folder, np.arange(len(folder)), resolution)
        loaders = [
            _loader(data, workers)
            for data in (
                _Files(paths, resolution),
                _Source(folder, resolution),
                _Source(records, resolution),
            )
        ]
        ways: dict[str, Callable[[], Iterable[Any]]] = {
            _BASE: lambda: loaders[0],
            "DataLoader + seesawnas folder": lambda: loaders[1],
            "DataLoader + seesawnas rec": lambda: loaders[2],
            "seesawnas threads, folder": lambda: decode_all(
                folder, np.arange(len(folder)), resolution
            ),
            "seesawnas threads, rec": lambda: decode_all(
                records, np.arange(len(records)), resolution
            ),
            "seesawnas cache, with check": lambda: _cached(folder, resolution),
        }
        rounds = [
            {name: len(paths) / _seconds(way()) for name, way in ways.items()}
            for _ in range(arguments.rounds)
        ]
    _print(rounds, len(paths), arguments.json)


def _loader(data: Dataset[NDArray[np.uint8]], workers: int) -> DataLoader[NDArray[np.uint8]]:
    loader = DataLoader(
        data, batch_size=_BATCH, num_workers=workers, persistent_workers=workers > 0
    )
    _seconds(loader)
    return loader


def _cached(source: OpenedSource, resolution: int) -> Iterator[NDArray[np.uint8]]:
    pixels = decoded(source, np.arange(len(source)), resolution).pixels
    for start in range(0, len(pixels), _BATCH):
        yield pixels[start : start + _BATCH].copy()


def _seconds(batches: Iterable[Any]) -> float:
    start = time.perf_counter()
    for _ in batches:
        pass
    return time.perf_counter() - start


def _print(rounds: list[dict[str, float]], images: int, as_json: bool) -> None:
    values = {}
    for name in rounds[0]:
        ratios = [each[name] / each[_BASE] for each in rounds]
        rate = median(each[name] for each in rounds)
        values[name] = {
            "images_per_second": rate,
            "ratio": median(ratios),
            "low": min(ratios),
            "high": max(ratios),
        }
    if as_json:
        print(json.dumps({"images": images, "ways": values}, indent=2))
        return
    print(f"{images} images, {len(rounds)} rounds")
    for name, value in values.items():
        rate, ratio, low, high = value.values()
        print(f"{name:28}{rate:>12,.0f} /s  {ratio:7.2f} x  ({low:.2f} to {high:.2f})")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="what", required=True)
    index = kinds.add_parser("index")
    index.add_argument("--people", type=int, default=85_000)
    index.add_argument("--each", type=int, default=68)
    templates = kinds.add_parser("templates")
    templates.add_argument("--lines", type=int, default=15_000_000)
    templates.add_argument("--rounds", type=int, default=3)
    loader = kinds.add_parser("loader")
    loader.add_argument("folder")
    loader.add_argument("--resolution", type=int, default=112)
    loader.add_argument("--workers", type=int, default=2)
    loader.add_argument("--rounds", type=int, default=5)
    loader.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
