"""Latency models: additive, exact about their factor, and strict about their files."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.arch import ArchSpec, Shape
from seesawnas.arch.blocks.parts import block_output, inputs_of
from seesawnas.arch.layers import Act, Add, Conv, Linear, Norm, Pool, Shuffle
from seesawnas.cost.latency import (
    UNITS,
    LatencyModel,
    block_counts,
    layer_counts,
    network_counts,
)
from seesawnas.errors import BudgetError, DocumentError
from seesawnas.io.yaml import write_yaml
from seesawnas.space import load
from tests.latency import COEFFICIENTS, mapping, model, models
from tests.strategies import arch_specs


def parts_of(spec: ArchSpec):  # type: ignore[no-untyped-def]
    shapes = [Shape(3, spec.input.height, spec.input.width)]
    for _, block in spec.parts:
        inputs = inputs_of(block, shapes)
        yield block, inputs
        shapes.append(block_output(block, inputs))


def measured_at(found: LatencyModel, spec: ArchSpec) -> LatencyModel:
    return replace(found, inputs=((spec.input.height, spec.input.width),))


@settings(max_examples=60)
@given(arch_specs(max_blocks=4), models())
def test_a_network_takes_what_its_blocks_take(spec: ArchSpec, found: LatencyModel) -> None:
    found = measured_at(found, spec)
    blocks = [found.predict_block(block, inputs) for block, inputs in parts_of(spec)]
    assert all(isinstance(one, int) and one >= 0 for one in blocks)
    assert found.predict(spec) == sum(blocks)


@settings(max_examples=60)
@given(arch_specs(max_blocks=4), models())
def test_rounding_costs_at_most_half_a_microsecond_a_block(
    spec: ArchSpec, found: LatencyModel
) -> None:
    counts, known = network_counts(spec), dict(found.coefficients)
    exact = sum(known[name] * number / UNITS[name] for name, number in counts.items())
    assert (
        abs(measured_at(found, spec).predict(spec) - exact) <= 0.5 * len(spec.parts) + 1e-6 * exact
    )


@settings(max_examples=60)
@given(arch_specs(max_blocks=4))
def test_counts_are_known_and_positive_and_add_up(spec: ArchSpec) -> None:
    total: dict[str, int] = {}
    for block, inputs in parts_of(spec):
        for name, number in block_counts(block, inputs).items():
            assert name in UNITS
            assert number > 0
            total[name] = total.get(name, 0) + number
    assert total == network_counts(spec)


@pytest.mark.parametrize(
    ("layer", "read", "expected"),
    [
        (Norm(), (Shape(8, 4, 4),), {}),
        (Linear(10), (Shape(8, 1, 1),), {"linear.madds": 80, "small": 1}),
        (Act("swish"), (Shape(8, 1, 1),), {"small": 1}),
        (Act("swish"), (Shape(8, 4, 4),), {"swish.elements": 128, "layers": 1}),
        (Conv(16), (Shape(8, 1, 1),), {"linear.madds": 128, "small": 1}),
        (
            Conv(16, (3, 3), stride=2),
            (Shape(3, 4, 4),),
            {"full.madds": 9 * 3 * 16 * 4, "layers": 1},
        ),
        (
            Conv(16, (3, 3), groups=16),
            (Shape(16, 4, 4),),
            {"depthwise.madds": 9 * 16 * 16, "depthwise.elements": 512, "layers": 1},
        ),
        (
            Conv(16, None, groups=16),
            (Shape(16, 4, 4),),
            {"depthwise.madds": 256, "depthwise.elements": 272, "layers": 1},
        ),
        (
            Conv(32),
            (Shape(24, 2, 2),),
            {
                "pointwise.madds": 24 * 32 * 4,
                "pointwise.elements": 56 * 4,
                "unaligned.elements": 24 * 4,
                "layers": 1,
            },
        ),
        (
            Conv(64, groups=(1, 3)),
            (Shape(32, 2, 2),),
            {
                "grouped.madds": (8 * 16 + 24 * 48) * 4,
                "pointwise.elements": 96 * 4,
                "unaligned.elements": 32 * 4,
                "groups": 2,
                "layers": 1,
            },
        ),
        (Pool("average", None), (Shape(8, 4, 4),), {"average_pool.elements": 128, "layers": 1}),
        (Shuffle(2), (Shape(8, 4, 4),), {"shuffle.elements": 128, "layers": 1}),
        (Add(), (Shape(8, 4, 4),) * 2, {"add.elements": 128, "layers": 1}),
    ],
)
def test_what_a_layer_counts(layer, read, expected) -> None:  # type: ignore[no-untyped-def]
    found = {name: number for name, number in layer_counts(layer, read).items() if number}
    assert found == expected


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
        version=2,
        threads=0,
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
        "more: is not a known key",
        "threads: must be a whole number from 1 to 1000000, got 0",
        "version: must be 1, the version that is read here, got 2",
    ]


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
