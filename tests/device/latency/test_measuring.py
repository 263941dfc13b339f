"""Networks in, milliseconds out: each is written, opened and timed, in its order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seesawnas.device.latency import measuring
from seesawnas.device.latency.measuring import NetworkTimer
from seesawnas.device.latency.protocol import Sample
from seesawnas.errors import InvalidInput
from seesawnas.space import FeasibleSet
from tests.space.documents import choice, space_of, stage

SPACE = space_of(stage(kind=choice("share", "plain"), width=choice(8, 16)))


def test_each_network_is_opened_and_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    shapes: list[tuple[int, ...]] = []

    def open_session(runtime: str, path: Path, threads: int) -> int:
        assert (runtime, threads) == ("torch", 2)
        assert path.is_file()
        opened.append(path)
        return len(opened)

    def timed(session: Any, images: Any, threads: int) -> Any:
        shapes.append(images.shape)
        return lambda: Sample(float(session), float(session) / 2)

    monkeypatch.setattr(measuring, "open_session", open_session)
    monkeypatch.setattr(measuring, "timed", timed)
    feasible = FeasibleSet(SPACE)
    specs = list(feasible.specs(feasible.at(range(3))))
    timer = NetworkTimer.open("torch", threads=2, batch=4, rounds=8)
    assert timer(specs) == [1, 2, 3]  # on the wall: processor time is that of both threads
    size = specs[0].input
    assert set(shapes) == {(4, 3, size.height, size.width)}
    assert timer.version != "unknown"
    assert timer.place


def test_a_device_is_measured_through_its_command(tmp_path: Path) -> None:
    script = tmp_path / "device.sh"
    script.write_text('for i in $(seq "$2"); do echo 2.5; done\n')
    timer = NetworkTimer.open("torch", command=f"sh {script} {{model}} {{runs}}", rounds=8)
    feasible = FeasibleSet(SPACE)
    assert timer(list(feasible.specs(feasible.at([0])))) == [2.5]
    assert timer.version == "unknown"
    assert timer.place.startswith("sh ")


def test_an_unknown_runtime_is_refused() -> None:
    with pytest.raises(InvalidInput, match="--runtime must be one of"):
        NetworkTimer.open("tflite")
    with pytest.raises(InvalidInput, match="--command must contain"):
        NetworkTimer.open("torch", command="echo 1")
