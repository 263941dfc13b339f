"""Shared weights: what a network takes of them, what its gradients reach, which networks learn."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from benchmarks.shared_weights import A_STEP, Sandwich, SharedWeights, largest_network
from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget, cost
from seesawnas.nn import FaceNetwork, build
from seesawnas.nn.grouped import GroupedConv
from seesawnas.nn.layers import Convolution
from seesawnas.space import FeasibleSet, SearchSpace
from tests.benchmarks.tiny import SIDE, tiny_space
from tests.mixed_space import networks_of

BUDGET = Budget.parse("1M..20M")


@cache
def space() -> SearchSpace:
    with TemporaryDirectory() as folder:
        return tiny_space(Path(folder))


@cache
def shared() -> SharedWeights:
    return SharedWeights(largest_network(space()).at_resolution(SIDE))


NETWORKS = st.deferred(lambda: networks_of(space())).map(lambda spec: spec.at_resolution(SIDE))


def loaded(spec: ArchSpec) -> FaceNetwork:
    """``spec``, built and loaded with what it takes of the shared weights."""
    network = build(spec)
    slices = shared().slices(network)
    network.load_state_dict(slices, strict=False)
    assert {name for name, _ in network.named_parameters()} == set(slices)
    return network


def images(count: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, 3, SIDE, SIDE, generator=generator)


def test_the_largest_network_takes_the_shared_weights_themselves() -> None:
    whole = dict(shared().whole.named_parameters())
    slices = shared().slices(shared().whole)
    assert set(slices) == set(whole)
    assert all(slices[name] is weight for name, weight in whole.items())


@settings(max_examples=20)
@given(NETWORKS)
def test_no_network_of_the_space_is_larger(spec: ArchSpec) -> None:
    assert cost(spec).params <= cost(shared().whole.spec).params


@settings(max_examples=20)
@given(NETWORKS)
def test_a_network_computes_what_one_of_its_own_weights_does(spec: ArchSpec) -> None:
    assert torch.equal(shared().run(spec, images()), loaded(spec)(images()))


@settings(max_examples=20)
@given(NETWORKS)
def test_groups_are_what_a_mask_leaves_of_the_dense_matrix(spec: ArchSpec) -> None:
    network, whole = loaded(spec), shared().whole
    places = shared()._places(spec)
    for number, block in enumerate(network.blocks):
        dense = whole.blocks[places[number]]
        for name in ("expand", "project"):
            conv, all_of_it = block.get_submodule(name), dense.get_parameter(f"{name}.weight")
            if isinstance(conv, GroupedConv):
                weight = conv._dense_weight()
                assert torch.count_nonzero(weight) == sum(map(torch.numel, conv.weights))
                corner = all_of_it[: weight.shape[0], : weight.shape[1]]
                assert torch.equal(weight, torch.where(weight != 0, corner, 0.0))


@settings(max_examples=20)
@given(NETWORKS)
def test_a_small_kernel_is_the_centre_of_a_large_one(spec: ArchSpec) -> None:
    network, places = loaded(spec), shared()._places(spec)
    for number, block in enumerate(network.blocks):
        conv = block.get_submodule("depthwise")
        assert isinstance(conv, Convolution)
        large = shared().whole.blocks[places[number]].get_parameter("depthwise.weight")
        edge = (5 - conv.weight.shape[2]) // 2
        assert torch.equal(
            conv.weight, large[: len(conv.weight), :, edge : 5 - edge, edge : 5 - edge]
        )


@settings(max_examples=15)
@given(NETWORKS)
def test_gradients_reach_what_a_network_uses_and_nothing_else(spec: ArchSpec) -> None:
    weights, x = SharedWeights(shared().whole.spec), images()
    before = weights.run(spec, x)
    directions = torch.randn(before.shape, generator=torch.Generator().manual_seed(1))
    (before * directions).sum().backward()  # type: ignore[no-untyped-call]
    reached = 0
    with torch.no_grad():
        for weight in weights.whole.parameters():
            used = torch.zeros_like(weight) if weight.grad is None else weight.grad
            reached += int(torch.count_nonzero(used))
            weight[used == 0] += 1.0
    # A used one has none if it is multiplied by zeros, or if a batch norm takes back what it adds.
    assert 0.9 * cost(spec).params < reached <= cost(spec).params
    torch.testing.assert_close(weights.run(spec, x), before, rtol=0.0, atol=1e-3)


@settings(max_examples=5)
@given(NETWORKS)
def test_an_extracted_network_is_its_own_and_has_statistics_of_the_batches(spec: ArchSpec) -> None:
    batches = [images(), images() + 1.0]
    network = shared().extract(spec, batches)
    assert not network.training
    with torch.no_grad():
        first = [loaded(spec).stem.get_submodule("conv")(one) for one in batches]
    norm = network.stem.get_submodule("conv.norm")
    mean = torch.stack([one.mean((0, 2, 3)) for one in first]).mean(0)
    torch.testing.assert_close(norm.running_mean, mean, rtol=1e-4, atol=1e-5)
    own = {weight.data_ptr() for weight in network.parameters()}
    assert own.isdisjoint(weight.data_ptr() for weight in shared().whole.parameters())


@pytest.fixture(scope="module")
def feasible() -> FeasibleSet:
    return FeasibleSet(space(), BUDGET)


def test_the_networks_of_a_step_are_within_the_budget_its_ends_and_the_same_again(
    feasible: FeasibleSet,
) -> None:
    networks, others = Sandwich(feasible, SIDE, 0), Sandwich(feasible, SIDE, 0)
    found = [networks.at(step) for step in range(5)]
    assert [others.at(step) for step in reversed(range(5))] == found[::-1]
    assert len({one.digest() for step in found for one in step}) > A_STEP
    for most, fewest, *rest in found:
        params = [cost(one).params for one in rest]
        assert cost(fewest).params <= min(params) <= max(params) <= cost(most).params
        assert len(rest) == A_STEP - 2
        assert all(BUDGET.admits_network(one.at_resolution(112)) for one in (most, fewest, *rest))


def test_each_call_in_training_runs_the_next_network(feasible: FeasibleSet) -> None:
    networks = Sandwich(feasible, SIDE, 0)
    weights = SharedWeights(shared().whole.spec, networks)
    for step in range(2):
        for spec in networks.at(step):
            expected = weights.run(spec, images())
            assert torch.equal(weights(images()), expected)
    assert int(weights.turn) == 2 * A_STEP
