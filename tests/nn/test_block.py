"""Any body as a module: the passes over its graph change nothing but the time that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import pytest
import torch
from hypothesis import Phase, assume, given, settings
from torch import Tensor

from seesawnas.arch import Block, Body, Draft, Inputs, SeesawBlock, Shape
from seesawnas.arch.body import shapes
from seesawnas.arch.graph import Graph, dropped_shuffles
from seesawnas.arch.layers import Add, Concat, Conv, Linear, Norm, Pool, Scale, Shuffle
from seesawnas.cost.cost import block_cost
from seesawnas.nn.block import BlockLayers
from seesawnas.nn.steps import ShuffleStep
from tests.bodies import INPUTS, bodies
from tests.nn.interpreter import interpret


@dataclass(frozen=True, slots=True, kw_only=True)
class Any2(Block):
    """A block of any body."""

    kind: ClassVar[str] = "any"
    reads: ClassVar[int] = 2

    nodes: Body
    inputs: int = 8
    outputs: int = 0
    stride: int = 1

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        return cls(nodes=())

    def body(self) -> Body:
        return self.nodes


def module(body: Body) -> BlockLayers:
    """In float64, with statistics that are not the initial ones."""
    torch.manual_seed(1)
    made = BlockLayers(Any2(nodes=body), INPUTS).double()
    for name, buffer in made.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.uniform_(0.5, 1.5)
    return made


def images(n: int = 4) -> list[Tensor]:
    return [torch.randn(n, *shape, dtype=torch.float64) for shape in INPUTS]


@settings(max_examples=100, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(bodies())
def test_a_module_is_its_body_node_by_node(body: Body) -> None:
    made = module(body)
    assume(not any(isinstance(node.layer, Shuffle) for node in body) or _runs_its_shuffles(body))
    xs = images()
    weights = {name: value.clone() for name, value in made.state_dict().items()}
    kept = [x.clone() for x in xs]
    theirs = interpret(body, weights, xs, False).flatten(1)
    with torch.no_grad():
        single = module(body).float().eval()(*(x.float() for x in xs)).flatten(1)
    torch.testing.assert_close(single.double(), theirs, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(made.eval()(*xs).flatten(1), theirs)
    torch.testing.assert_close(
        made.train()(*xs).flatten(1), interpret(body, weights, xs, True).flatten(1)
    )
    torch.testing.assert_close(xs, kept, rtol=0, atol=0)


@settings(max_examples=100, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(bodies())
def test_the_counted_params_are_the_modules(body: Body) -> None:
    counted = block_cost(Any2(nodes=body), INPUTS).params
    assert counted == sum(parameter.numel() for parameter in module(body).parameters())


@settings(max_examples=50, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(bodies())
def test_a_training_step_reaches_every_parameter_and_overwrites_nothing_that_it_needs(
    body: Body,
) -> None:
    made = module(body)
    made(
        *(x.requires_grad_() for x in images())
    ).square().sum().backward()  # torch refuses, if something was overwritten
    assert [name for name, parameter in made.named_parameters() if parameter.grad is None] == []


def test_a_shuffle_that_is_joined_to_something_is_run() -> None:
    draft = Draft()
    x = draft.conv("conv", draft.shuffle("shuffle", -1, 2), 8)
    draft.join("join", x, 0)
    steps = module(draft.body()).steps
    assert any(isinstance(placed.step, ShuffleStep) for placed in steps)


@pytest.mark.parametrize("groups", [1, 8])
@pytest.mark.parametrize("is_made_here", [False, True])
def test_a_map_is_not_overwritten_through_a_shuffle_that_moves_nothing(
    groups: int, is_made_here: bool
) -> None:
    draft = Draft()
    x = draft.add("conv", Conv(8), -1) if is_made_here else -1
    shuffled = draft.shuffle("shuffle", x, groups)
    act = draft.act("act", shuffled, "relu")
    again = draft.add("sum", Add(), draft.shuffle("shuffle_again", x, groups), act)
    draft.add("both", Concat(), again, x)
    assert_plain_inference_is_the_body(draft.body())


def test_a_shuffle_that_moves_channels_leaves_its_copy_to_be_overwritten() -> None:
    draft = Draft()
    draft.act("act", draft.shuffle("shuffle", draft.add("conv", Conv(8), -1), 2), "relu")
    assert module(draft.body()).steps[-1].own == (True,)


def test_a_gate_is_left_to_no_convolution_that_comes_when_what_it_scales_is_gone() -> None:
    draft = Draft()
    x = draft.add("conv", Conv(8), -1)
    gate = draft.add("excite", Linear(8, bias=True), draft.add("squeeze", Pool("average"), x))
    scaled = draft.add("scale", Scale(), x, gate)
    act = draft.act("act", x, "relu")  # the last to read the map, which it overwrites
    grouped = draft.add("grouped", Conv(8, (1, 1), 1, (1, 3)), scaled)
    draft.add("both", Concat(), act, grouped)
    assert_plain_inference_is_the_body(draft.body())


@pytest.mark.parametrize("groups", [2, 8])
def test_a_batch_norm_takes_a_vector_through_a_shuffle_and_from_the_block_before(
    groups: int,
) -> None:
    draft = Draft()
    vector = draft.shuffle("shuffle", draft.add("linear", Linear(8), -1), groups)
    norm = draft.add("norm", Norm(), vector)
    draft.add("again", Linear(4), norm)
    made, xs = module(draft.body()), images()
    assert made(*xs).flatten(1).shape == made.eval()(*xs).flatten(1).shape == (4, 4)
    only = Draft()
    only.add("norm", Norm(), -1)
    vectors = [x.mean((2, 3)) for x in xs]
    made = module(only.body())
    for mode in (made.train(), made.eval()):
        torch.testing.assert_close(
            mode(*vectors), mode(*(x[:, :, None, None] for x in vectors)), check_stride=False
        )


@pytest.mark.parametrize("kernel", [None, (9, 10)])
@pytest.mark.parametrize("groups", [1, (1, 2, 1)])
def test_a_group_of_one_output_may_have_a_kernel_as_large_as_the_map(
    kernel: tuple[int, int] | None, groups: int | tuple[int, ...]
) -> None:
    draft = Draft()
    draft.add("conv", Conv(1 if groups == 1 else 4, kernel, 1, groups, padding=0), -1)
    assert_plain_inference_is_the_body(draft.body())


def assert_plain_inference_is_the_body(body: Body) -> None:
    """In both layouts, and what is read is left as it was."""
    made, xs = module(body).float().eval(), [x.float() for x in images()]
    expected = interpret(body, made.state_dict(), xs, False)
    for layout in (torch.contiguous_format, torch.channels_last):
        read = [x.clone(memory_format=layout) for x in xs]
        with torch.no_grad():
            torch.testing.assert_close(made(*read), expected, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(read, xs, rtol=0, atol=0)


@pytest.mark.parametrize("se", [0, 4])
def test_the_shuffle_of_a_seesaw_block_is_not_run(se: int) -> None:
    block = SeesawBlock(inputs=8, middle=16, outputs=8, split=(1, 3), mixing="shuffle", se=se)
    steps = BlockLayers(block, (Shape(8, 9, 9),)).steps
    assert any(isinstance(node.layer, Shuffle) for node in block.body())
    assert not any(isinstance(placed.step, ShuffleStep) for placed in steps)


def _runs_its_shuffles(body: Body) -> bool:
    return not dropped_shuffles(Graph.of(body, INPUTS, shapes(body, INPUTS)))


def test_a_convolution_of_uneven_groups_may_have_any_kernel_and_stride() -> None:
    draft = Draft()
    draft.add("conv", Conv(8, (3, 3), 2, (1, 3), bias=True), -1)
    assert module(draft.body())(*images()).shape == (4, 8, 5, 5)
