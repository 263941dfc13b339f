"""Fits: the truth is found if there is one, bounds hold, and nothing that was measured is lost."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from seesawnas.arch import ArchSpec
from seesawnas.cli.commands.latency_fit import fit
from seesawnas.cost import Budget, LatencyModel
from seesawnas.cost.counts import LANES
from seesawnas.cost.lowering import Lowering
from seesawnas.device.latency.design import counts_matrix, design_networks
from seesawnas.device.latency.files import FitFiles
from seesawnas.device.latency.fit import (
    LatencyFit,
    _held_out,
    conformal_factor,
    fit_latency,
    least_networks,
)
from seesawnas.device.latency.measurements import Setting, measure_networks, read_measurements
from seesawnas.device.latency.measuring import MAY_DISAGREE, NetworkTimer
from seesawnas.device.latency.remote import DeviceCommand
from seesawnas.errors import InvalidInput
from seesawnas.space import FeasibleSet, load_space
from tests.latency import COEFFICIENTS, model

SIDE = (112, 112)
SETTING = Setting("a test", "onnxruntime", "1.2.3", 1, 1, "seesaw")
TRUTH = model()


@cache
def networks() -> tuple[ArchSpec, ...]:
    feasible = FeasibleSet(load_space("seesaw"), Budget.parse("140M..150M"))
    return tuple(design_networks(feasible, 40))


def milliseconds(
    specs: Sequence[ArchSpec], noise: float = 0.0, truth: LatencyModel = TRUTH
) -> list[float]:
    random = np.random.default_rng(0)
    return [truth.predict(spec) / 1000 * (1 + noise * random.normal()) for spec in specs]


@cache
def fitted(noise: float) -> LatencyFit:
    return fit_latency(milliseconds(networks(), noise), networks(), SETTING)


def test_an_additive_truth_is_found() -> None:
    found = fitted(0.0).model
    assert found.mape < 0.002
    assert found.within_10_percent == 1.0
    assert found.tau > 0.99
    assert 1 <= found.factor < 1.01
    assert found.networks == 40
    assert found.inputs == ((112, 112),)
    for spec in FeasibleSet(load_space("seesaw"), Budget.parse("140M..150M")).specs(
        FeasibleSet(load_space("seesaw"), Budget.parse("140M..150M")).sample(20, 5)
    ):
        assert found.predict(spec) == pytest.approx(TRUTH.predict(spec), rel=0.02)


def test_noise_is_reported_and_bounded() -> None:
    found = fitted(0.05)
    assert 0.02 < found.model.mape < 0.12
    assert found.model.factor > 1.05
    assert all(value >= 0 for _, value in found.model.coefficients)
    assert LatencyModel.from_mapping(found.model.to_mapping()) == found.model
    shown = found.to_mapping()
    assert len(shown["measured"]) == 40
    assert set(shown["measured"][0]) == {"digest", "milliseconds", "held_out_prediction"}


def device_of(lanes: int, waste: float | str = "any") -> LatencyModel:
    """Slow where channels are no multiple of its ``lanes``."""
    slow = {name: 20_000.0 for name in COEFFICIENTS if name.startswith("unaligned")}
    slow |= {"unaligned_depthwise.channels": 3.0}
    return model(lanes=lanes, waste=waste, coefficients={**COEFFICIENTS, **slow})


@pytest.mark.parametrize("lanes", LANES)
def test_lanes_are_those_that_predict_the_device(lanes: int) -> None:
    times = milliseconds(networks(), truth=device_of(lanes, waste=0))
    found = fit_latency(times, networks(), replace(SETTING, waste=0.0)).model
    assert (found.lanes, found.waste) == (lanes, 0)
    assert found.mape < 0.01


def test_other_lanes_must_be_better_by_a_tenth() -> None:
    slow = {name: 600.0 for name in COEFFICIENTS if name.startswith("unaligned.")}
    truth = model(lanes=16, waste=0, coefficients={**COEFFICIENTS, **slow})
    times = milliseconds(networks(), 0.05, truth)
    measured = 1000 * np.array(times)
    errors = {
        lanes: np.abs(
            _held_out(counts_matrix(networks(), Lowering(0.0, lanes)), measured) / measured - 1
        ).mean()
        for lanes in (8, 16)
    }
    assert 0.9 * errors[8] < errors[16] < errors[8]
    assert fit_latency(times, networks(), replace(SETTING, waste=0.0)).model.lanes == 8


@given(st.lists(st.floats(0.5, 2), min_size=19, max_size=80))
def test_a_factor_is_the_ratio_of_the_conformal_rank(values: list[float]) -> None:
    rank = -(-95 * (len(values) + 1) // 100)
    ratio = sorted(values)[rank - 1]
    assert conformal_factor(np.array(values), 0.95) == math.ceil(ratio * 10_000) / 10_000


@pytest.mark.parametrize(
    ("networks", "rank"), [(19, 19), (20, 20), (38, 38), (39, 38), (40, 39), (59, 57), (100, 96)]
)
def test_the_conformal_rank_is_a_share_of_one_more(networks: int, rank: int) -> None:
    ratios = np.random.default_rng(0).permutation(np.arange(1, networks + 1)) / 64
    assert conformal_factor(ratios, 0.95) == math.ceil(rank / 64 * 10_000) / 10_000


def test_nineteen_ratios_are_needed_for_95_percent() -> None:
    assert least_networks(0.95) == 20
    assert least_networks(0.99) == 99
    with pytest.raises(InvalidInput, match=r"must be at least 20, .* got 5"):
        fit_latency(milliseconds(networks()[:5]), networks()[:5], SETTING)
    with pytest.raises(InvalidInput, match="must be positive"):
        fit_latency([0.0] * 40, networks(), SETTING)


class Machine:
    """Measures what the truth says, at some speed, until it is interrupted."""

    def __init__(self, speed: float = 1.0, batches: int = 100) -> None:
        self.speed, self.batches, self.asked = speed, batches, list[int]()

    def __call__(self, specs: Sequence[ArchSpec]) -> list[float]:
        if len(self.asked) == self.batches:
            raise KeyboardInterrupt
        self.asked.append(len(specs))
        return [self.speed * TRUTH.predict(spec) / 1000 for spec in specs]


def run(machine: Machine, path: Path, setting: Setting = SETTING) -> dict[str, float]:
    return list(measure_networks(networks(), machine, path, setting))[-1]


def test_measuring_is_resumed_and_drift_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "latency.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run(Machine(batches=1), path)
    assert len(read_measurements(path, SETTING).milliseconds) == 20
    slower = Machine(speed=1.1)
    found = run(slower, path)
    assert slower.asked == [21]  # the first network again
    assert [found[spec.digest()] for spec in networks()] == pytest.approx(milliseconds(networks()))
    idle = Machine()
    assert run(idle, path) == found
    assert not idle.asked


@pytest.mark.parametrize("known", [slice(20), slice(10, 30), slice(39, None)])
def test_drift_is_taken_out_if_other_networks_were_measured_before(
    known: slice, tmp_path: Path
) -> None:
    path = tmp_path / "latency.jsonl"
    list(measure_networks(networks()[known], Machine(), path, SETTING))
    others = networks()[:-1]  # the last may be all that the file has
    found = list(measure_networks(others, Machine(speed=1.1), path, SETTING))[-1]
    assert [found[spec.digest()] for spec in others] == pytest.approx(milliseconds(others))
    assert len(read_measurements(path, SETTING).milliseconds) == len(found)


def test_drift_is_taken_out_by_a_network_in_common_in_a_file_of_an_earlier_version(
    tmp_path: Path,
) -> None:
    path = tmp_path / "latency.jsonl"
    list(measure_networks(networks()[10:20], Machine(), path, SETTING))
    first, *lines = path.read_text().splitlines(keepends=True)
    earlier = json.dumps({"setting": json.loads(first)["setting"]}) + "\n" + "".join(lines)
    path.write_text(earlier)
    with pytest.raises(InvalidInput, match="got 10 others; give another"):
        list(measure_networks(networks()[:10], Machine(speed=1.1), path, SETTING))
    assert path.read_text() == earlier
    others = networks()[5:15]
    found = list(measure_networks(others, Machine(speed=1.1), path, SETTING))[-1]
    assert [found[spec.digest()] for spec in others] == pytest.approx(milliseconds(others))


def test_a_machine_that_has_changed_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latency.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run(Machine(batches=1), path)
    with pytest.raises(InvalidInput, match="must take about what it took before"):
        run(Machine(speed=2.0), path)


def test_measurements_of_another_setting_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "latency.jsonl"
    run(Machine(), path)
    other = Setting("a test", "onnxruntime", "1.2.3", 2, 1, "seesaw")
    with pytest.raises(InvalidInput, match="must be measurements with threads 2, got 1; delete"):
        run(Machine(), path, other)


def test_a_line_cut_off_by_a_kill_is_measured_again_and_another_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latency.jsonl"
    found = run(Machine(), path)
    text = path.read_text()
    path.write_text(text[:-10])
    assert run(Machine(), path) == pytest.approx(found)
    path.write_text("no\n" + text)
    with pytest.raises(InvalidInput, match="line 1 must be a measurement"):
        run(Machine(), path)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> typer.Typer:
    monkeypatch.chdir(tmp_path)

    monkeypatch.setattr(NetworkTimer, "__call__", lambda _, specs: Machine()(specs))
    found = typer.Typer()
    found.command()(fit)
    return found


def test_the_command_writes_a_model_that_a_budget_takes(app: typer.Typer, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--budget", "140M..150M", "--json"])
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert values["files"] == {
        "model": "latency.yaml",
        "measurements": "latency.jsonl",
        "plot": "latency.html",
    }
    assert values["networks"] == 40
    assert values["space"] == "seesaw within 140.00 M..150.00 M MAdds"
    assert "plotly" in (tmp_path / "latency.html").read_text()
    budget = Budget.parse("latency<=20ms@latency.yaml")
    assert budget.model is not None
    assert budget.model.factor == values["factor"]
    shown = CliRunner().invoke(app, ["--budget", "140M..150M"])
    assert shown.exit_code == 0
    assert "40 of 40 networks measured" in shown.output
    assert "mean error of held-out networks" in shown.output
    assert "--budget 'latency<=" in shown.output


def test_a_fit_lets_the_halves_of_a_few_networks_disagree(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[float] = []

    def call(timer: NetworkTimer, specs: Sequence[ArchSpec]) -> list[float]:
        shares.append(timer.may_disagree)
        return Machine()(specs)

    monkeypatch.setattr(NetworkTimer, "__call__", call)
    assert CliRunner().invoke(app, ["--budget", "140M..150M"]).exit_code == 0
    assert set(shares) == {MAY_DISAGREE}
    assert 0 < MAY_DISAGREE <= 0.1


@pytest.mark.parametrize("name", ["x.html", "x.jsonl", "phone.v1", ".yaml", "x.YAML"])
def test_a_model_has_a_name_that_no_other_file_of_the_fit_has(
    name: str, app: typer.Typer, tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, ["--out", name])
    assert isinstance(result.exception, InvalidInput)
    assert str(result.exception) == f"--out must end in .yaml or .yml, got {name}"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "out", ["/proc/x.yaml", "/dev/null/x.yaml", f"{'x' * 300}.yaml", "full.yaml"]
)
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_measured(
    out: str, app: typer.Typer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "full.html").mkdir()
    asked = list[int]()
    monkeypatch.setattr(NetworkTimer, "__call__", lambda _, specs: asked.append(len(specs)))
    result = CliRunner().invoke(app, ["--budget", "140M..150M", "--out", out])
    assert isinstance(result.exception, InvalidInput)
    assert "cannot be written" in str(result.exception)
    assert not asked


def test_no_two_models_share_a_file() -> None:
    names = ["a.yaml", "a.yml", "a.v1.yaml", "a.v2.yaml", "a.yml.yaml", "a.yaml.yaml", "a.yml.yml"]
    names += ["a.yml.yaml.yaml", "a.html.yaml", "a.jsonl.yaml"]
    found = [path for name in names for path in FitFiles.of(Path(name)).to_mapping().values()]
    assert len(set(found)) == len(found) == 3 * len(names)


def test_a_fit_of_an_earlier_version_is_found(tmp_path: Path) -> None:
    model, earlier = tmp_path / "a.yml", tmp_path / "a.jsonl"
    earlier.write_text("measurements")
    files = FitFiles.of(model)
    files.prepare()
    assert not files.measurements.exists()  # they may be those of a.yaml, not finished
    model.write_text("model")
    files.prepare()
    assert files.measurements.read_text() == earlier.read_text() == "measurements"
    assert FitFiles.of(tmp_path / "a.yaml").measurements == earlier
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "a.yml", "a.yml.jsonl"]


PHONE = """\
import os, pathlib, sys
size = len(pathlib.Path(sys.argv[1]).read_bytes())
print(os.environ["PHONE"])
for run in range(int(sys.argv[2])):
    print(size / 1e6)
"""


def test_a_device_s_name_is_kept_and_another_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "phone.py").write_text(PHONE)
    path = tmp_path / "phone.jsonl"
    template = f"{sys.executable} {tmp_path / 'phone.py'} {{model}} {{runs}}"
    setting = replace(SETTING, device="adb")

    def ask(name: str, batches: int = 100) -> str | None:
        monkeypatch.setenv("PHONE", name)
        command = DeviceCommand(template, runs=1, threads=1, seconds=60)
        machine = Machine(batches=batches)

        def measure(specs: Sequence[ArchSpec]) -> list[float]:
            command.times(tmp_path / "phone.py", SIDE)
            return machine(specs)

        with suppress(KeyboardInterrupt):
            list(measure_networks(networks(), measure, path, setting, command))
        return read_measurements(path, setting).device_name

    assert ask("# phone A", batches=1) == "phone A"
    kept = path.read_text()
    for name, got in (("# phone B", "phone B"), ("", "no name")):
        with pytest.raises(InvalidInput) as caught:
            ask(name)
        assert str(caught.value) == (
            f"{path}: must be measurements of one device, phone A, got {got} from --command; give "
            f"another --out"
        )
    assert path.read_text() == kept
    assert ask("# phone A") == "phone A"
    first, *lines = kept.splitlines(keepends=True)
    values = json.loads(first)
    del values["setting"]["device_name"]
    path.write_text(json.dumps(values) + "\n" + "".join(lines))
    assert ask("# phone B") == "phone B"  # an earlier version did not write which it was
    named = replace(setting, device_name="phone B")
    model = fit_latency(milliseconds(networks()), networks(), named).model
    assert model.device == "phone B: adb"


def test_a_device_that_changes_while_it_is_measured_is_refused(tmp_path: Path) -> None:
    command = DeviceCommand("sh x {model} {runs}", runs=1, threads=1, seconds=60)
    names = iter(["# phone A\n1", "# phone A\n1", "# phone B\n1"])
    command._output = lambda words: next(names)  # type: ignore[method-assign]
    command.require(tmp_path, None)
    assert command.times(tmp_path, SIDE) == command.times(tmp_path, SIDE) == [1.0]
    with pytest.raises(InvalidInput, match="of one device, phone A, got phone B"):
        command.times(tmp_path, SIDE)


def test_a_command_has_its_own_runs_and_time(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def call(timer: NetworkTimer, specs: Sequence[ArchSpec]) -> list[float]:
        assert timer.device is not None
        asked.append((timer.device.runs, timer.device.seconds))
        timer.device.device = "a phone"
        return Machine()(specs)

    monkeypatch.setattr(NetworkTimer, "__call__", call)
    device = ["--command", "sh x {model} {runs}", "--runs", "7", "--timeout", "5m"]
    result = CliRunner().invoke(app, ["--budget", "140M..150M", "--json", *device])
    assert result.exit_code == 0, result.output
    assert set(asked) == {(7, 300.0)}
    assert json.loads(result.stdout)["device"] == "a phone: sh x {model} {runs}"
    for option in (["--runs", "7"], ["--timeout", "5m"]):
        result = CliRunner().invoke(app, option)
        assert str(result.exception) == f"{option[0]} requires --command, got none"
