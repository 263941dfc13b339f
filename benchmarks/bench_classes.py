"""Memory and time of a step on the margin head alone, full and sampled, at the sizes of real data
sets.

    python benchmarks/bench_classes.py [--classes 85742,360232] [--rates 1,0.1] [--batch 128]
    [--steps 3] [--device cpu]

Each row is measured in a process of its own: the peak of the memory that it holds (resident on a
CPU, allocated on a GPU) above what it held before the head was made. Embeddings have 512 values.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.train import MarginHead, Recipe, SampledHead
from seesawnas.train.optimizer import make_optimizer

_DIMENSIONS = 512


def main() -> None:
    arguments = _arguments()
    if arguments.row:
        classes, rate = arguments.row.split(":")
        print(json.dumps(_measure(int(classes), float(rate), arguments)))
        return
    print(f"{'classes':>9} {'rate':>6} {'peak memory':>14} {'per step':>10}")
    for classes in map(int, arguments.classes.split(",")):
        for rate in map(float, arguments.rates.split(",")):
            words = [sys.executable, __file__, *sys.argv[1:], "--row", f"{classes}:{rate}"]
            found = json.loads(
                subprocess.run(words, check=True, capture_output=True, text=True).stdout
            )
            print(
                f"{classes:>9,} {rate:>6g} {found['bytes'] / 2**20:>10,.0f} MiB "
                f"{found['seconds'] * 1e3:>7.0f} ms"
            )


def _measure(classes: int, rate: float, arguments: argparse.Namespace) -> dict[str, float]:
    device = torch.device(arguments.device)
    network = nn.Linear(_DIMENSIONS, _DIMENSIONS).to(device)
    labels = torch.randint(0, classes, (arguments.batch,), device=device)
    images = torch.randn(arguments.batch, _DIMENSIONS, device=device)
    before = _peak(device)
    head = _head(classes, rate).to(device)
    optimizer = make_optimizer(network, head, Recipe("r", 1))
    seconds = []
    for step in range(arguments.steps):
        started = time.perf_counter()
        _step(network, head, optimizer, images, labels, step)
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return {"bytes": _peak(device) - before, "seconds": sorted(seconds)[len(seconds) // 2]}


def _head(classes: int, rate: float) -> MarginHead:
    if rate < 1.0:
        return SampledHead(classes, _DIMENSIONS, rate=rate, seed=0)
    return MarginHead(classes, _DIMENSIONS)


def _step(
    network: nn.Module,
    head: MarginHead,
    optimizer: torch.optim.Optimizer,
    images: torch.Tensor,
    labels: torch.Tensor,
    step: int,
) -> None:
    """As the training loop makes it."""
    if isinstance(head, SampledHead):
        head.draw(labels, step)
    optimizer.zero_grad()
    places = head.places(labels) if isinstance(head, SampledHead) else labels
    F.cross_entropy(head(network(images), places), places).backward()  # type: ignore[no-untyped-call]
    if isinstance(head, SampledHead):
        slot = optimizer.state[head.sample]
        head.lend_momentum(slot)
        optimizer.step()
        head.put_back(slot)
    else:
        optimizer.step()


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--classes", default="85742,360232")
    parser.add_argument("--rates", default="1,0.1")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
