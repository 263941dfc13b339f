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
from seesawnas.arch.layers import Conv, Shuffle
from seesawnas.cost.cost import block_cost
from seesawnas.nn.block import BlockLayers
from seesawnas.nn.passes import Graph, dropped_shuffles
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
    torch.testing.assert_close(made.train()(*xs).flatten(1), interpret(body, weights, xs, True).flatten(1))
    torch.testing.assert_close(xs, kept, rtol=0, atol=0)


@settings(max_examples=100, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(bodies())
def test_the_counted_params_are_the_modules(body: Body) -> None:
    counted = block_cost(Any2(nodes=body), INPUTS).params
    assert counted == sum(parameter.numel() for parameter in module(body).parameters())


@settings(max_examples=50, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(bodies())
def test_a_training_step_reaches_every_parameter_and_overwrites_nothing_that_it_needs(body: Body) -> None:
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
