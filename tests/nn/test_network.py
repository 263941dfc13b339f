"""Whole networks."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from torch.nn import functional as F

from seesawnas.arch import ArchSpec, Input, Stem, body_of
from seesawnas.arch.blocks.parts import read_before
from seesawnas.arch.graph import shuffled
from seesawnas.arch.layers import Conv, Shape
from seesawnas.nn import build
from seesawnas.nn.cpu import by_images
from seesawnas.nn.grouped import GroupedConv
from seesawnas.nn.layers import make_conv
from tests.nn.interpreter import interpret
from tests.nn.literal import LiteralNetwork, to_literal
from tests.nn.specs import SEESAW
from tests.space.documents import choice, space_of, stage
from tests.space.kinds import CELL, TRIPLE
from tests.strategies import arch_specs


@pytest.mark.parametrize("size", [(40, 32), (112, 96), (33, 47)])
@pytest.mark.parametrize("embedding", [0, 12])
def test_any_input_size_gives_an_embedding_an_image(size: tuple[int, int], embedding: int) -> None:
    spec = replace(SEESAW, input=Input(*size), head=replace(SEESAW.head, embedding=embedding))  # type: ignore[call-arg]
    assert build(spec)(torch.zeros(2, 3, *size)).shape == (2, spec.embedding_size)


def test_a_proxy_at_lower_resolution_has_the_head_of_its_own_map() -> None:
    network = build(SEESAW.at_resolution(16))
    assert network.head.pool.weight.shape[2:] == (1, 1)
    assert network(torch.zeros(2, 3, 16, 16)).shape == (2, 12)


@given(spec=arch_specs())
@settings(max_examples=15, deadline=None)
def test_generated_networks_train_as_the_literal_ones_do(spec: ArchSpec) -> None:
    torch.manual_seed(0)
    ours, literal = build(spec).double(), LiteralNetwork(spec).double()
    literal.load_state_dict(to_literal(ours.state_dict(), spec))
    images = torch.randn(4, 3, spec.input.height, spec.input.width, dtype=torch.float64)
    torch.testing.assert_close(ours(images), literal(images), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours.eval()(images), literal.eval()(images), rtol=1e-5, atol=1e-6)


def test_plain_sgd_with_a_learning_rate_of_a_tenth_trains_from_the_initial_weights() -> None:
    torch.manual_seed(0)
    network, labels = build(SEESAW), torch.arange(12)
    images = torch.randn(12, 3, 40, 32)
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)
    losses = []
    for _ in range(12):
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4


def test_weights_read_after_eval_was_called_count_at_once() -> None:
    network, other = build(SEESAW).eval(), build(SEESAW).eval()
    images = torch.randn(2, 3, 40, 32)
    before = network(images)
    network.load_state_dict(other.state_dict())
    torch.testing.assert_close(network(images), other(images), rtol=0, atol=0)
    assert not torch.allclose(network(images), before)


@pytest.mark.parametrize("change", ["data", "statistics"])
def test_weights_changed_in_place_count_at_once_in_inference(change: str) -> None:
    network, images = build(SEESAW).eval(), torch.randn(2, 3, 40, 32)
    with torch.no_grad():
        before = network(images)
        if change == "data":
            network.stem.conv.weight.data.mul_(2)  # moves no version counter
        else:
            network.stem.conv.norm.get_buffer("running_mean").add_(1)
        after = network(images)
    assert not torch.allclose(after, before)
    torch.testing.assert_close(after, network(images).detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_images_shared_out_to_threads_give_the_same_embeddings(
    threads: int, mode: type[torch.no_grad] | type[torch.inference_mode]
) -> None:
    network, images, before = (
        build(SEESAW).eval(),
        torch.randn(240, 3, 40, 32),
        torch.get_num_threads(),
    )
    torch.set_num_threads(threads)
    try:
        with mode():
            y = network(images)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    torch.testing.assert_close(y.clone(), network(images).detach(), rtol=1e-4, atol=1e-5)


def test_a_fault_in_a_thread_is_raised_and_leaves_the_number_of_threads() -> None:
    def fail(x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no such layer")

    threads = torch.get_num_threads()
    with pytest.raises(RuntimeError, match="no such layer"):
        by_images(fail, torch.zeros(64, 3, 112, 112))
    assert torch.get_num_threads() == threads


def test_the_memory_layout_of_the_images_does_not_matter() -> None:
    network, images = build(SEESAW).eval(), torch.randn(3, 3, 40, 32)
    other = images.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(network(images), network(other), rtol=0, atol=0)


def test_a_trace_takes_any_number_of_images() -> None:
    network = build(SEESAW).eval()
    images = torch.randn(900, 3, 40, 32)
    with torch.no_grad():
        with warnings.catch_warnings():
            # Torch deprecates its tracer, which its ONNX export and fvcore build on.
            warnings.simplefilter("ignore")
            traced = torch.jit.trace(network, images[:2])  # type: ignore[no-untyped-call]
        torch.testing.assert_close(traced(images), network(images), rtol=1e-4, atol=1e-5)


def test_a_network_survives_saving_and_loading_whole() -> None:
    network, buffer = build(SEESAW).eval(), io.BytesIO()
    torch.save(network, buffer)
    buffer.seek(0)
    images = torch.randn(2, 3, 40, 32)
    torch.testing.assert_close(
        torch.load(buffer, weights_only=False)(images), network(images), rtol=0, atol=0
    )


def test_cumulative_averages_of_the_statistics_work_in_the_fused_batch_norm_too() -> None:
    torch.manual_seed(1)
    ours = build(replace(SEESAW, stem=Stem(8, "swish"))).double()
    literal = LiteralNetwork(ours.spec).double()
    literal.load_state_dict(to_literal(ours.state_dict(), ours.spec))
    for module in [*ours.modules(), *literal.modules()]:
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = None
    for _ in range(3):
        images = torch.randn(4, 3, 40, 32, dtype=torch.float64)
        with torch.no_grad():
            ours(images)
            literal(images)
    torch.testing.assert_close(to_literal(ours.state_dict(), ours.spec), dict(literal.state_dict()))


def test_one_value_a_channel_has_no_statistics_and_torch_says_so() -> None:
    network = build(SEESAW.at_resolution(2))
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        network(torch.zeros(1, 3, 2, 2))


def test_the_shuffle_is_a_matter_of_which_group_reads_which_channel() -> None:
    assert shuffled(8, 2) == [0, 4, 1, 5, 2, 6, 3, 7]
    conv = make_conv(Conv(8, groups=(1, 3)), Shape(8, 1, 1), shuffled(8, 2))
    assert isinstance(conv, GroupedConv)
    assert conv.runs == (((0, 1), (4, 5)), ((1, 4), (5, 8)))


def test_training_runs_wide_groups_apart_and_narrow_ones_as_one_convolution() -> None:
    narrow, wide = (make_conv(Conv(2 * n, groups=(1, 3)), Shape(n, 1, 1)) for n in (128, 256))
    assert isinstance(narrow, GroupedConv)
    assert isinstance(wide, GroupedConv)
    assert narrow.is_dense
    assert not wide.is_dense


def test_blocks_of_three_inputs_read_what_the_counted_ones_do() -> None:
    torch.manual_seed(0)
    kinds = {
        "kind": choice(CELL, TRIPLE, "share"),
        "expansion": 2,
        "width": 8,
        "stride": 2,
        "depth": 2,
    }
    spec = space_of(stage(), {**kinds}, {**kinds, "width": 12}).choose(
        {"stages.1.kind": TRIPLE, "stages.2.kind": TRIPLE}
    )
    network, images = build(spec).double().eval(), torch.randn(2, 3, 16, 16, dtype=torch.float64)
    found = [images]
    for name, block in spec.parts:
        weights = {
            key.removeprefix(f"{name}."): value
            for key, value in network.state_dict().items()
            if key.startswith(f"{name}.")
        }
        found.append(interpret(body_of(block), weights, read_before(block, found), training=False))
    torch.testing.assert_close(network(images), found[-1].flatten(1))
