"""The deploy form beside a plain export of the same network, in each runtime.

    python benchmarks/bench_deploy.py [--networks paper/seesaw_share,...] [--runtimes ncnn,...]
                                      [--rounds 60] [--json]
    python benchmarks/bench_deploy.py --waste 0,1e5,1e6,inf [...]

Of each network both files are open at once, with those of all other networks, and take turns as in
``seesawnas latency``: one thread, one image, random weights, processor time. A plain export is what
torch's own tools give of the module in eval mode: ``torch.onnx.export`` (TorchScript) for
onnxruntime, a trace through pnnx for ncnn, ``torch.export`` and the XNNPACK partitioner for
ExecuTorch; in torch it is the module itself. One that a runtime cannot run is said to fail, with
the reason; ncnn's plain export needs pnnx, which no extra installs. ExecuTorch's takes minutes for
large graphs: ``--no-plain`` leaves some out.

With ``--waste`` the deploy form is timed in several versions: a convolution over uneven groups of
channels runs as one if it multiplies at most so many numbers by zero, else group by group. This is
what ``waste`` of each format is set by. Of torch, the module in eval mode is beside its deploy form
at a batch of 1 and of 32 (``--batch``).
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from seesawnas.device.formats import Contents
from seesawnas.device.formats.executorch import quick_export
from seesawnas.device.latency.prepare import format_of, random_network, write_network
from seesawnas.device.latency.protocol import (
    MOST_DISAGREEMENT,
    ROUNDS_FACTOR,
    Measured,
    Run,
    finished,
    measure,
    ratio_intervals,
)
from seesawnas.device.latency.runtimes import open_session, timed
from seesawnas.nn import FaceNetwork
from seesawnas.nn.deploy import deploy_form
from seesawnas.space import load_point
from seesawnas.text import short

NETWORKS = (
    "seesaw_share",
    "seesaw_shuffle",
    "mobilefacenet",
    "mobilefacenet_relu",
    "mobiface",
    "pocketnet_s128",
    "vargfacenet",
    "shufflefacenet_1x",
)
RUNTIMES = ("onnxruntime", "ncnn", "executorch", "torch")


@dataclass(frozen=True)
class Row:
    """Milliseconds, and the deploy form over the plain export with its 95 % interval.

    Attributes:
        halves_disagree: Of the form whose even and odd rounds disagree most, relative.
        failures: Why a form could not be timed, by form.
    """

    runtime: str
    network: str
    plain_ms: float | None
    deploy_ms: float | None
    ratio: float | None
    low: float | None
    high: float | None
    to_mobilefacenet_relu: float | None
    halves_disagree: float | None
    failures: dict[str, str]


def main() -> None:
    arguments = _arguments()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    if arguments.waste:
        for runtime in arguments.runtimes.split(","):
            sweep(runtime, arguments)
        return
    rows = [row for runtime in arguments.runtimes.split(",") for row in compare(runtime, arguments)]
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    for row in rows:
        cells = (row.plain_ms, row.deploy_ms, row.ratio, row.to_mobilefacenet_relu)
        print(
            f"{row.runtime:12} {row.network:26}",
            *(f"{cell:8.2f}" if cell is not None else "       -" for cell in cells),
            *(f" {form} failed: {why}" for form, why in row.failures.items()),
            *_busy(row.halves_disagree),
        )


def _busy(disagreement: float | None) -> list[str]:
    if disagreement is None or disagreement <= MOST_DISAGREEMENT:
        return []
    return [f" the machine was busy: halves disagree by {100 * disagreement:.0f} %"]


def _measured(runs: dict[str, Run], rounds: int) -> Measured:
    """By the rounds of ``seesawnas latency``; halves that disagree at the end are reported."""
    return finished(measure(runs, rounds=rounds, most_rounds=ROUNDS_FACTOR * rounds))


def sweep(runtime: str, arguments: argparse.Namespace) -> None:
    """Print the times of each network's deploy form by how much may be multiplied by zero."""
    images = np.random.default_rng(0).standard_normal((1, 3, 112, 112), np.float32)
    wastes = [float(one) for one in arguments.waste.split(",")]
    runs: dict[str, Run] = {}
    made = format_of(runtime)
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.networks.split(","):
            network = random_network(load_point(name).spec)
            for waste in wastes:
                stem = Path(folder) / f"{name.replace('/', '_')}_{waste:g}"
                made.write(deploy_form(network, waste), stem, Contents(1))
                session = open_session(runtime, made.files(stem)[0], 1)
                runs[f"{name} {waste:g}"] = timed(session, images, 1)
        measured = _measured(runs, arguments.rounds)
    print(f"{runtime:32}", *(f"{waste:>10g}" for waste in wastes))
    times = dict(zip(measured.names, measured.times.min(axis=1), strict=True))
    for name in arguments.networks.split(","):
        print(f"{name:32}", *(f"{times[f'{name} {waste:g}']:10.2f}" for waste in wastes))
    for line in _busy(float(measured.disagreements.max())):
        print(line.strip())


def compare(runtime: str, arguments: argparse.Namespace) -> list[Row]:
    """Both forms of each network in ``runtime``."""
    names, batch = arguments.networks.split(","), arguments.batch
    images = np.random.default_rng(0).standard_normal((batch, 3, 112, 112), np.float32)
    runs: dict[str, Run] = {}
    failures: dict[str, dict[str, str]] = {name: {} for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            network = random_network(load_point(name).spec)
            place = Path(folder) / name.replace("/", "_")
            place.mkdir()
            for form, write in (
                ("plain", PLAIN[runtime]),
                ("deploy", deployed(runtime, batch)),
            ):
                if form == "plain" and name in arguments.no_plain.split(","):
                    continue
                try:
                    session = write(network, place)
                    session(images)
                except Exception as error:  # whatever a runtime makes of a plain export
                    failures[name][form] = f"{type(error).__name__}: {_first_line(error)}"
                    continue
                runs[f"{name} {form}"] = timed(session, images, 1)
        measured = _measured(runs, arguments.rounds) if runs else None
    return [_row(runtime, name, measured, failures[name]) for name in names]


def _first_line(error: Exception) -> str:
    return short(next(iter(str(error).strip().splitlines()), "no reason is given"), 200)


def _row(runtime: str, name: str, measured: Measured | None, failures: dict[str, str]) -> Row:
    found: dict[str, tuple[NDArray[Any], float]] = {}
    if measured is not None:
        columns = zip(measured.times, measured.disagreements.tolist(), strict=True)
        found = dict(zip(measured.names, columns, strict=True))
    plain, deploy = found.get(f"{name} plain"), found.get(f"{name} deploy")
    base = found.get("paper/mobilefacenet_relu deploy")
    ratio = low = high = None
    if plain is not None and deploy is not None:
        ratio = float(deploy[0].min() / plain[0].min())
        low, high = (float(ends[1]) for ends in ratio_intervals(np.stack([plain[0], deploy[0]])))
    return Row(
        runtime,
        name,
        None if plain is None else float(plain[0].min()),
        None if deploy is None else float(deploy[0].min()),
        ratio,
        low,
        high,
        None if base is None or deploy is None else float(deploy[0].min() / base[0].min()),
        max((one[1] for one in (plain, deploy) if one is not None), default=None),
        failures,
    )


Session = Callable[[NDArray[Any]], object]


def deployed(runtime: str, batch: int) -> Callable[[FaceNetwork, Path], Session]:
    """What opens the deploy form in ``runtime``."""

    def write(network: FaceNetwork, folder: Path) -> Session:
        file = write_network(network, runtime, folder, "deploy", batch)
        return open_session(runtime, file.path, 1)

    return write


def _plain_onnx(network: FaceNetwork, folder: Path) -> Session:
    path = folder / "plain.onnx"
    example = (torch.zeros(1, 3, 112, 112),)
    torch.onnx.export(_frozen(network), example, str(path), dynamo=False)
    return open_session("onnxruntime", path, 1)


def _plain_ncnn(network: FaceNetwork, folder: Path) -> Session:
    import pnnx

    example = torch.zeros(1, 3, 112, 112)
    traced = torch.jit.trace(_frozen(network), example, check_trace=False)  # type: ignore[no-untyped-call]
    traced.save(str(folder / "plain.pt"))
    command = [pnnx.EXEC_PATH, "plain.pt", "inputshape=[1,3,112,112]"]
    subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=300)
    return open_session("ncnn", folder / "plain.ncnn.param", 1)


def _plain_executorch(network: FaceNetwork, folder: Path) -> Session:
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    example = (torch.zeros(1, 3, 112, 112),)
    with quick_export():  # the same program, in a fraction of the time
        program = torch.export.export(_frozen(network), example, strict=False)
        lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
        content = lowered.to_executorch().buffer
    path = folder / "plain.pte"
    path.write_bytes(content)
    return open_session("executorch", path, 1)


def _plain_torch(network: FaceNetwork, folder: Path) -> Session:
    def run(images: NDArray[Any]) -> object:
        torch.set_num_threads(1)
        with torch.inference_mode():
            return network(torch.from_numpy(images))

    return run


def _frozen(network: FaceNetwork) -> FaceNetwork:
    for weight in network.parameters():
        weight.requires_grad_(False)
    return network


PLAIN: dict[str, Callable[[FaceNetwork, Path], Session]] = {
    "onnxruntime": _plain_onnx,
    "ncnn": _plain_ncnn,
    "executorch": _plain_executorch,
    "torch": _plain_torch,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--networks", default=",".join(f"paper/{name}" for name in NETWORKS))
    parser.add_argument("--runtimes", default=",".join(RUNTIMES))
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--batch", type=int, default=1, help="images a run; above 1 in torch only")
    parser.add_argument("--no-plain", default="", help="networks without a plain export")
    parser.add_argument("--waste", help="multiply-adds by zero, such as 0,1e6,inf")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
