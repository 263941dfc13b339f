"""The simulation of many workers, with a few."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import bench_scale
from benchmarks.bench_scale import Figure, keep, simulate
from benchmarks.scale_engine import SimulatedEngine, VirtualClock
from benchmarks.scale_plot import Series, draw, utilisation
from seesawnas.study import Finished, Proxy, TrialJob


@pytest.fixture(scope="module")
def figure(tmp_path_factory: pytest.TempPathFactory) -> Figure:
    folder = tmp_path_factory.mktemp("scale")
    return simulate(2, "random", None, folder, trials=6, length=3600.0, epochs=2)


def test_a_study_of_hours_is_simulated_in_moments(figure: Figure) -> None:
    assert (figure.workers, figure.trials, figure.window) == (2, 6, 4)
    assert 0.0 < figure.busy < 0.1
    assert figure.trials_per_hour < 10  # two workers, trials of about an hour
    assert 0.0 < figure.ask_ms + figure.write_ms < figure.driver_ms
    assert figure.bytes_per_trial > 1000


def test_a_clock_jumps_and_never_goes_back() -> None:
    clock = VirtualClock()
    before = clock.now()
    clock.skip_to(before + 1000.0)
    assert 999.0 < clock.ahead <= 1000.0
    times = [clock.now() for _ in range(100)]
    assert before + 1000.0 <= times[0]
    assert times == sorted(times)
    clock.skip_to(before)
    assert clock.ahead <= 1000.0


def test_simulated_workers_end_their_epochs_in_the_order_of_the_clock() -> None:
    engine = SimulatedEngine(3, 60.0, 2, b"", (3, 5))
    for number in range(3):
        engine.submit(TrialJob(number, {}, Proxy()), None)
    moments, ended = list[float](), list[int]()
    while len(ended) < 3:
        event = engine.next_event()
        moments.append(engine.clock.now())
        if isinstance(event, Finished):
            ended.append(event.number)
        else:
            engine.proceed(event.number)
    assert moments == sorted(moments)
    assert sorted(ended) == [0, 1, 2]
    assert engine.tally.epochs == 6
    assert [tally.given for tally in engine.snapshots] == [3]


def test_figures_are_kept_beside_those_of_other_kinds(figure: Figure, tmp_path: Path) -> None:
    others = [Figure(**{**vars(figure), "workers": number}) for number in (10, 2, 10)]
    for one in (figure, *others):
        keep(one, tmp_path)
    kept = json.loads((tmp_path / "results.json").read_text())["figures"]
    assert [line["workers"] for line in kept] == [2, 10]
    assert kept[0] == vars(figure)
    ElementTree.parse(tmp_path / "scale.svg")


def test_a_driver_that_is_busy_gives_each_worker_its_share() -> None:
    assert utilisation(1, 60.0, 0.01) > 0.999
    assert utilisation(6000, 60.0, 0.01) == pytest.approx(1.0, abs=1e-3)
    assert utilisation(12000, 60.0, 0.01) == pytest.approx(0.5)
    picture = ElementTree.fromstring(draw({"a": Series(0.01, [(10, 1.0), (10_000, 0.6)])}))
    assert sum(1 for part in picture.iter() if part.tag.endswith("circle")) == 2


def test_the_command_prints_its_figures(
    figure: Figure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(arguments: argparse.Namespace) -> list[Figure]:
        return [figure]

    monkeypatch.setattr(bench_scale, "measure", measured)
    monkeypatch.setattr("sys.argv", ["bench_scale.py", "--json"])
    bench_scale.main()
    printed = json.loads(capsys.readouterr().out)
    assert printed["figures"] == [vars(figure)]
    assert printed["length"] == 60.0
