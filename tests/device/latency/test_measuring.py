"""Networks in, milliseconds out: each is written, opened and timed, in its order."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from seesawnas.device.latency import measuring
from seesawnas.device.latency.measuring import NetworkTimer
from seesawnas.device.latency.protocol import ROUNDS_FACTOR, Sample
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


class Restless:
    """Networks that take 1 ms; one of them, by its number, a fifth more every other round."""

    def __init__(self, number: int, patch: pytest.MonkeyPatch) -> None:
        self.number, self.opened, self.runs = number, 0, 0
        patch.setattr(measuring, "open_session", self.open_session)
        patch.setattr(measuring, "timed", self.timed)

    def open_session(self, *_: object) -> int:
        self.opened += 1
        return self.opened - 1

    def timed(self, session: int, *_: object) -> Any:
        calls = count()

        def run() -> Sample:
            self.runs += 1
            late = session == self.number and next(calls) % 2
            return Sample(1.2 if late else 1.0)

        return run


@pytest.mark.parametrize(
    ("number", "may_disagree", "is_refused"),
    [(1, 0.0, True), (1, 0.5, False), (0, 0.5, True)],  # the first is what others are scaled by
)
def test_rounds_follow_while_halves_disagree_and_a_share_of_networks_may(
    number: int, may_disagree: float, is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    restless = Restless(number, monkeypatch)
    feasible = FeasibleSet(SPACE)
    timer = NetworkTimer.open("torch", threads=2, rounds=8, may_disagree=may_disagree)
    specs = list(feasible.specs(feasible.at(range(3))))
    if is_refused:
        with pytest.raises(InvalidInput, match="the even and the odd rounds must agree"):
            timer(specs)
    else:
        assert timer(specs) == [1, 1, 1]
    warm_up = 3
    assert restless.runs == len(specs) * (warm_up + ROUNDS_FACTOR * 8)


def test_no_rounds_follow_if_halves_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    restless = Restless(-1, monkeypatch)
    feasible = FeasibleSet(SPACE)
    assert NetworkTimer.open("torch", threads=2, rounds=8)(
        list(feasible.specs(feasible.at(range(2))))
    ) == [1, 1]
    assert restless.runs == 2 * (3 + 8)


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
