"""What the deploy form makes of a block."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from torch import nn

from seesawnas.arch import Body, Draft, Shape
from seesawnas.arch.body import shapes
from seesawnas.arch.graph import Graph
from seesawnas.arch.layers import Conv, Norm, Shuffle, Slice
from seesawnas.arch.order import are_equal_runs, is_scattered, runs_of
from seesawnas.cost.counts import layer_counts
from seesawnas.cost.lowering import LoweredBody, Lowering, lower_body
from seesawnas.nn.block import _Builder
from seesawnas.nn.deploy.build import _Reader
from seesawnas.nn.deploy.form import INPUT, ConcatMaps, DeployForm, SliceChannels, Writer
from seesawnas.nn.deploy.lowering import lower_groups
from seesawnas.nn.deploy.passes import fold_affines, order_channels
from tests.bodies import INPUTS, bodies
from tests.cost.test_counts import of_counts, of_form

X = Shape(16, 6, 6)


def test_a_shuffle_is_folded_into_the_convolutions_that_read_it() -> None:
    draft = Draft()
    x = draft.shuffle("shuffle", draft.conv("expand", -1, 32, groups=2), 2)
    x = draft.conv("project", draft.depthwise("depthwise", x, 32, 3), 16, groups=2)
    assert not left(draft.body(), Shuffle)
    draft.join("residual", x, -1)
    assert not left(draft.body(), Shuffle)


@pytest.mark.parametrize("reader", ["sum", "slice", "nothing", "shuffle", "more groups"])
def test_a_shuffle_that_others_read_moves_its_map(reader: str) -> None:
    draft = Draft()
    x = draft.shuffle("shuffle", -1, 2)
    if reader == "more groups":
        draft.conv("groups", x, 16, groups=16, kernel=1)
        draft.conv("last", 0, 32, groups=16)
    else:
        y = draft.conv("project", draft.depthwise("depthwise", x, 16, 3), 16)
        match reader:
            case "sum":
                draft.join("sum", x, y)
            case "slice":
                draft.add("half", Slice(0, 8), x)
            case "shuffle":
                draft.shuffle("again", x, 4)
            case _:
                draft.act("last", x, "relu")
    assert left(draft.body(), Shuffle)


@pytest.mark.parametrize("first", [1, 2])
def test_groups_read_in_order_what_a_dense_convolution_makes_for_them(first: int) -> None:
    draft = Draft()
    x = draft.conv("expand", -1, 32, groups=first, activation="prelu")
    x = draft.depthwise("depthwise", draft.shuffle("shuffle", x, 4), 32, 3)
    draft.conv("project", x, 16, groups=4)
    found, project = lowered(draft.body(), waste=0), named(draft.body(), "project")
    assert is_scattered(found.groups[project]) == (first == 2)


def test_uneven_groups_run_as_one_to_make_what_others_read_in_order() -> None:
    draft = Draft()
    x = draft.shuffle("shuffle", draft.conv("expand", -1, 32, groups=(1, 3)), 4)
    draft.conv("project", x, 16, groups=2)
    body = draft.body()
    expand, project = named(body, "expand"), named(body, "project")
    separate, one = lowered(body, waste=0), lowered(body, waste=math.inf)
    assert is_scattered(separate.groups[project])
    assert not separate.dense
    assert not is_scattered(one.groups[project])
    assert one.dense == {expand}


@pytest.mark.parametrize(("wasted", "runs_as_one"), [(0, True), (-1, False)])
def test_uneven_groups_run_as_one_up_to_what_is_wasted(wasted: int, runs_as_one: bool) -> None:
    draft = Draft()
    draft.conv("conv", -1, 32, groups=(1, 3), norm=False)
    zeros = (4 * 24 + 12 * 8) * X.height * X.width
    assert (0 in lowered(draft.body(), zeros + wasted).dense) == runs_as_one


def test_equal_groups_run_as_they_are() -> None:
    draft = Draft()
    draft.conv("conv", -1, 32, groups=4)
    found = lowered(draft.body(), math.inf)
    assert not found.dense
    assert found.groups[0] == tuple(tuple(range(i, i + 4)) for i in range(0, 16, 4))


def test_the_order_of_the_first_scattered_groups_is_made() -> None:
    draft = Draft()
    x = draft.shuffle("shuffle", draft.conv("expand", -1, 32), 4)
    draft.join("sum", draft.conv("fours", x, 16, groups=4), draft.conv("twos", x, 16, groups=2))
    body = draft.body()
    groups = lowered(body, waste=0).groups
    assert [is_scattered(groups[named(body, name)]) for name in ("fours", "twos")] == [False] * 2


@settings(max_examples=60)
@given(bodies())
def test_what_is_said_of_any_body_is_what_the_deploy_form_does(body: Body) -> None:
    for waste in (0.0, 2e4, math.inf):
        outputs = shapes(body, INPUTS)
        said, found = lower_body(body, INPUTS, outputs, Lowering(waste)), Counter[str]()
        graph = Graph.of(body, INPUTS, outputs)
        for index, node in enumerate(body):
            sides = [shape[1:] for shape in (outputs[index], *graph.read(index)[:1])]
            if index not in said.skipped and (1, 1) not in sides:
                groups, dense = said.groups.get(index), index in said.dense
                found.update(layer_counts(node.layer, graph.read(index), 8, groups, dense))
        form = form_of(body, waste)
        assert of_counts(found) == of_form(form, vectors=False)
        assert cuts(graph, said) == sum(
            isinstance(one.operator, SliceChannels) for one in form.steps
        )


class Alone(nn.Module):
    """The steps of a body that is no block's."""

    def __init__(self, body: Body) -> None:
        super().__init__()
        self.steps = _Builder(Graph.of(body, INPUTS, shapes(body, INPUTS)), self).placed()


def form_of(body: Body, waste: float) -> DeployForm:
    """The deploy form of a body alone, which reads what no pass looks through."""
    layers, reader = Alone(body).eval(), _Reader.__new__(_Reader)
    reader.names = {id(module): name for name, module in layers.named_modules()}
    reader.writer, reader.input, reader.shapes = Writer(), INPUTS[0], []
    with torch.no_grad():
        first = reader._add("first", ConcatMaps(), INPUT)
        part = reader._add("part", SliceChannels(Slice(0, 4)), first)
        reader._block("body", layers, [first, reader._add("second", ConcatMaps(), first, part)])  # type: ignore[arg-type]
        form = fold_affines(DeployForm(tuple(reader.writer.steps), INPUTS[0]))
        return lower_groups(order_channels(form, waste), waste)


def cuts(graph: Graph, said: LoweredBody) -> int:
    """The slices that run, with the one of :func:`form_of`."""
    found = 1 + sum(isinstance(node.layer, Slice) for node in graph.body)
    for index, groups in said.groups.items():
        conv = graph.body[index].layer
        assert isinstance(conv, Conv)
        if not are_equal_runs(groups, conv.parts(conv.outputs)):
            found += sum(len(runs_of(group)) for group in groups)
    return found


def lowered(body: Body, waste: float = math.inf) -> LoweredBody:
    """Of a body on one map."""
    return lower_body(body, (X,), shapes(body, (X,)), Lowering(waste))


def left(body: Body, kind: type[Shuffle | Norm]) -> list[int]:
    """The layers of a kind that run."""
    skipped = lowered(body).skipped
    return [i for i, one in enumerate(body) if isinstance(one.layer, kind) and i not in skipped]


def named(body: Body, name: str) -> int:
    """The index of a convolution."""
    return next(i for i, one in enumerate(body) if one.name == name and isinstance(one.layer, Conv))
