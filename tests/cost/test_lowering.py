"""What the deploy form makes of a block."""

from __future__ import annotations

import math

import pytest

from seesawnas.arch import Body, Draft, Shape
from seesawnas.arch.body import shapes
from seesawnas.arch.layers import Conv, Norm, Shuffle, Slice
from seesawnas.cost.lowering import LoweredBody, Lowering, lower_body

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
    assert (project in found.scattered) == (first == 2)
    assert project not in found.dense


def test_uneven_groups_run_as_one_to_make_what_others_read_in_order() -> None:
    draft = Draft()
    x = draft.shuffle("shuffle", draft.conv("expand", -1, 32, groups=(1, 3)), 4)
    draft.conv("project", x, 16, groups=2)
    body = draft.body()
    expand, project = named(body, "expand"), named(body, "project")
    separate, one = lowered(body, waste=0), lowered(body, waste=math.inf)
    assert (project in separate.scattered, expand in separate.dense) == (True, False)
    assert (project in one.scattered, expand in one.dense, project in one.dense) == (
        False,
        True,
        False,
    )


@pytest.mark.parametrize(("wasted", "runs_as_one"), [(0, True), (-1, False)])
def test_uneven_groups_run_as_one_up_to_what_is_wasted(wasted: int, runs_as_one: bool) -> None:
    draft = Draft()
    draft.conv("conv", -1, 32, groups=(1, 3), norm=False)
    zeros = (4 * 24 + 12 * 8) * X.height * X.width
    assert (0 in lowered(draft.body(), zeros + wasted).dense) == runs_as_one


def test_equal_groups_run_as_they_are() -> None:
    draft = Draft()
    draft.conv("conv", -1, 32, groups=4)
    assert lowered(draft.body(), math.inf)[1:] == (frozenset(), frozenset())


def test_a_batch_norm_is_constants_of_the_convolution_before_or_after_it() -> None:
    draft = Draft()
    x = draft.conv("conv", -1, 32, activation="relu")
    x = draft.conv("reader", draft.norm("before", x), 16, norm=False)
    assert not left(draft.body(), Norm)
    draft.norm("after", draft.shuffle("shuffle", x, 16))  # one that does nothing
    draft.conv("last", len(draft.nodes) - 1, 16, groups=2)
    assert not left(draft.body(), Norm)


@pytest.mark.parametrize("reader", ["padded", "groups", "activation", "two", "none"])
def test_a_batch_norm_that_no_convolution_can_take_over_runs(reader: str) -> None:
    draft = Draft()
    x = draft.norm("norm", -1)
    match reader:
        case "padded":
            draft.conv("conv", x, 16, 3)
        case "groups":
            draft.conv("conv", x, 16, groups=2)
        case "activation":
            draft.conv("conv", draft.act("act", x, "relu"), 16)
        case "two":
            draft.join("sum", draft.conv("conv", x, 16), x)
    assert left(draft.body(), Norm) == [0]


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
