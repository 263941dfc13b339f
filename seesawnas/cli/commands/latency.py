"""``seesawnas latency``: how long networks take in a runtime, here or on a device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.completion import complete_network
from seesawnas.cli.options import Json, StudyStorage
from seesawnas.errors import InvalidInput
from seesawnas.study import find_network

if TYPE_CHECKING:
    from seesawnas.device.latency.prepare import ModelFile
    from seesawnas.device.latency.protocol import Latency

_MEASURING = "Measuring"
_DEVICE = "Device"
REMOTE_RUNS, REMOTE_TIME = 10, "2m"


DeviceCommandText = Annotated[
    str | None,
    typer.Option(
        "--command",
        metavar="CMD",
        help="Measure on a device: a command with {model} and {runs}, and if it needs them "
        "{threads}, {height} and {width}, that prints the milliseconds of each run, one number "
        "a line.",
        rich_help_panel=_DEVICE,
        show_default=False,
    ),
]
DeviceRuns = Annotated[
    int | None,
    typer.Option(
        "--runs",
        metavar="N",
        min=1,
        max=10_000,
        rich_help_panel=_DEVICE,
        help="Runs in each call of --command.",
        show_default=str(REMOTE_RUNS),
    ),
]
DeviceTimeout = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="T",
        rich_help_panel=_DEVICE,
        help="Time limit of each call of --command.",
        show_default=REMOTE_TIME,
    ),
]


def latency(
    refs: Annotated[
        list[str],
        typer.Argument(
            metavar="REF",
            help="Networks: paper/NAME, a YAML file, a trial of a study, a trained network's "
            "folder, or an exported file. Ratios are to the first.",
            autocompletion=complete_network,
            show_default=False,
        ),
    ],
    runtime: Annotated[
        str,
        typer.Option(
            "--runtime",
            metavar="NAME",
            help="onnxruntime, openvino, ncnn, executorch or torch.",
            rich_help_panel=_MEASURING,
        ),
    ] = "onnxruntime",
    threads: Annotated[
        int,
        typer.Option(
            "--threads",
            metavar="N",
            min=1,
            max=256,
            rich_help_panel=_MEASURING,
            help="Threads of the runtime.",
        ),
    ] = 1,
    batch: Annotated[
        int,
        typer.Option(
            "--batch",
            metavar="N",
            min=1,
            max=1024,
            rich_help_panel=_MEASURING,
            help="Images at a time.",
        ),
    ] = 1,
    rounds: Annotated[
        int | None,
        typer.Option(
            "--rounds",
            metavar="N",
            min=8,
            max=100_000,
            rich_help_panel=_MEASURING,
            help="Rounds, in each of which every network runs once; up to five times as many "
            "while the even and the odd rounds disagree.",
            show_default="60; 10 on a device",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="S",
            min=0,
            rich_help_panel=_MEASURING,
            help="Seed of the order within a round.",
        ),
    ] = 0,
    command: DeviceCommandText = None,
    runs: DeviceRuns = None,
    timeout: DeviceTimeout = None,
    storage: StudyStorage = None,
    json: Json = False,
) -> None:
    """Measure how long networks take, side by side.

    All are open at once and run in turn, once a round, in random order. The minimum over the
    rounds is the time; if the even and the odd rounds still disagree by more than 5 % at the end,
    the result is refused (exit code 2).
    """
    import tempfile

    from seesawnas.cli.views.device import print_latency, rounds_shown
    from seesawnas.device.latency.machine import peak_memory
    from seesawnas.device.latency.measuring import NetworkTimer, time_models
    from seesawnas.device.latency.protocol import check_halves

    runs_of_a_call, seconds = read_device_options(command, runs, timeout)
    timer = NetworkTimer.open(
        runtime,
        threads=threads,
        batch=batch,
        command=command,
        rounds=rounds,
        runs=runs_of_a_call,
        seconds=seconds,
    )
    device = timer.device
    with tempfile.TemporaryDirectory() as folder:
        files = _files(refs, runtime, Path(folder), batch, storage)
        found = rounds_shown(time_models(timer, files, seed))
        memory: dict[str, float | None] = {one.name: None for one in files}
        if device is None:
            memory = {
                one.name: peak_memory(runtime, one.path, timer.shape(one), threads) for one in files
            }
    values = {
        "networks": _rows(found.latencies, files, memory),
        **found.about(),
        "command": command,
        "device": device and device.device,
    }
    if json:
        from seesawnas.cli.views.output import print_json

        print_json(values)
    else:
        print_latency(values)
    check_halves(found.latencies, advice="use more --rounds")


def read_device_options(
    command: str | None, runs: int | None, timeout: str | None
) -> tuple[int, float]:
    """The runs and the seconds of each call of ``command``, by the options that say them.

    Raises:
        InvalidInput: If one is given without a command, or the time does not parse.
    """
    for option, value in (("--runs", runs), ("--timeout", timeout)):
        if command is None and value is not None:
            raise InvalidInput(f"{option} requires --command, got none")
    return (
        REMOTE_RUNS if runs is None else runs,
        _seconds(REMOTE_TIME if timeout is None else timeout),
    )


def _seconds(text: str) -> float:
    from seesawnas.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise InvalidInput(f"--timeout {error}") from None


def _files(
    refs: list[str], runtime: str, folder: Path, batch: int, storage: str | None = None
) -> list[ModelFile]:
    from seesawnas.cli.views.device import steps_shown
    from seesawnas.device.latency.prepare import (
        is_model_file,
        model_file,
        random_network,
        write_network,
    )
    from seesawnas.io.files import expanded, named_twice
    from seesawnas.nn.weights import WEIGHTS

    if (same := named_twice(refs)) is not None:
        raise InvalidInput(f"REF must name each network once, got {' and '.join(same)}")
    found = []
    with steps_shown() as say:
        for number, ref in enumerate(refs):
            say(f"writing {ref} for {runtime}")
            place = folder / str(number)
            place.mkdir()
            if is_model_file(ref) or (expanded(ref) / WEIGHTS).is_file():
                found.append(model_file(ref, runtime, place, batch))
            else:
                network = random_network(find_network(ref, storage).spec)
                found.append(write_network(network, runtime, place, ref, batch))
    return found


def _rows(
    latencies: Sequence[Latency], files: list[ModelFile], memory: dict[str, float | None]
) -> list[dict[str, Any]]:
    """The networks as --json prints them; keys are only ever added."""
    return [
        {
            "network": one.name,
            **one.to_mapping(),
            "memory_mib": memory[one.name],
            "input": [*file.size],
            "weights": file.weights,
        }
        for one, file in zip(latencies, files, strict=True)
    ]
