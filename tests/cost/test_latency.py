"""Latency models: additive, exact about their factor, and strict about their files."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.arch import ArchSpec
from seesawnas.cost.counts import UNITS, network_counts, placed_blocks
from seesawnas.cost.latency import LatencyModel
from seesawnas.errors import BudgetError, DocumentError
from seesawnas.io.yaml import write_yaml
from seesawnas.space import load
from tests.latency import COEFFICIENTS, mapping, model, models
from tests.strategies import arch_specs


def measured_at(found: LatencyModel, spec: ArchSpec) -> LatencyModel:
    return replace(found, inputs=((spec.input.height, spec.input.width),))


@settings(max_examples=60)
@given(arch_specs(max_blocks=4), models())
def test_a_network_takes_what_its_blocks_take(spec: ArchSpec, found: LatencyModel) -> None:
    found = measured_at(found, spec)
    blocks = [found.predict_block(block, inputs) for block, inputs in placed_blocks(spec)]
    assert all(isinstance(one, int) and one >= 0 for one in blocks)
    assert found.predict(spec) == sum(blocks)


@settings(max_examples=60)
@given(arch_specs(max_blocks=4), models())
def test_rounding_costs_at_most_half_a_microsecond_a_block(
    spec: ArchSpec, found: LatencyModel
) -> None:
    counts, known = network_counts(spec, found.lowering), dict(found.coefficients)
    exact = sum(known[name] * number / UNITS[name] for name, number in counts.items())
    assert (
        abs(measured_at(found, spec).predict(spec) - exact) <= 0.5 * len(spec.parts) + 1e-6 * exact
    )


@given(models(), st.integers(0, 10**6))
def test_a_bound_is_inverted_exactly(found: LatencyModel, bound: int) -> None:
    most = found.most_predicted(bound)
    assert most < 0 or found.bound(most) <= bound
    assert found.bound(most + 1) > bound


def test_a_prediction_times_the_factor_is_rounded_up() -> None:
    assert model(factor=1.08).bound(1000) == 1080
    assert model(factor=1.0001).bound(1) == 2


def test_a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = model()
    path = tmp_path / "latency.yaml"
    path.write_text(found.to_yaml())
    assert LatencyModel.read(path) == found
    assert LatencyModel.read(path).digest == found.digest
    assert pickle.loads(pickle.dumps(found)) == found
    assert model(factor=1.09).digest != found.digest


def test_what_was_not_measured_is_not_predicted() -> None:
    known = {name: value for name, value in COEFFICIENTS.items() if not name.startswith("swish")}
    with pytest.raises(BudgetError, match=r"must have a coefficient of swish\.elements"):
        model(coefficients=known).predict(load("paper/seesaw_share"))
    with pytest.raises(BudgetError, match=r"input must be 112x112 or 16x16, .* got 56x56"):
        model().predict(load("paper/seesaw_share").at_resolution(56))


def test_every_fault_of_a_file_is_reported_at_once() -> None:
    values = mapping(
        version=3,
        threads=0,
        waste=-1,
        lanes=5,
        factor=math.nan,
        inputs=[[112]],
        more=1,
        coefficients={"layers": -1, "grouped.madd": 2.0},
    )
    del values["device"]
    with pytest.raises(DocumentError) as caught:
        LatencyModel.from_mapping(values, "mine.yaml")
    assert sorted(caught.value.faults) == [
        "coefficients: layers must be a number from 0 to 1e+09, got -1; must have counts that are "
        "known, got grouped.madd; did you mean grouped.madds?",
        "device: is required, got nothing",
        "factor: must be a number from 0.01 to 1000, got nan",
        "inputs: must be a list of [height, width], got [112]",
        "lanes: must be one of 4, 8, 16, got 5",
        "more: is not a known key",
        "threads: must be a whole number from 1 to 1000000, got 0",
        "version: must be 2, the version that is read here, got 3",
        "waste: must be any, or a number of multiply-adds, got -1",
    ]


def test_a_model_of_the_first_version_is_to_be_fitted_again() -> None:
    values = mapping(version=1)
    del values["waste"], values["lanes"]
    with pytest.raises(DocumentError) as caught:
        LatencyModel.from_mapping(values, "old.yaml")
    (fault,) = caught.value.faults
    assert "fit the model again by `seesawnas latency fit`" in fault


@pytest.mark.parametrize("waste", [0.0, 1e6, math.inf])
def test_the_form_is_kept(waste: float) -> None:
    found = model(waste="any" if math.isinf(waste) else waste)
    assert found.lowering.waste == waste
    assert LatencyModel.from_mapping(found.to_mapping()) == found


@pytest.mark.parametrize("content", ["[1, 2]", "budget: 150M", "", "{a"])
def test_a_file_of_another_kind_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "latency.yaml"
    path.write_text(content)
    with pytest.raises(DocumentError):
        LatencyModel.read(path)


def test_a_file_that_is_missing_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match="latency model cannot be read: no such file"):
        LatencyModel.read(tmp_path / "none.yaml")
    (tmp_path / "latency.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(DocumentError, match="UTF-8"):
        LatencyModel.read(tmp_path / "latency.yaml")


def test_text_in_a_file_is_plain_yaml() -> None:
    assert write_yaml(model().to_mapping()) == model().to_yaml()
