"""Hypothesis strategy: any body that fits together, of every layer."""

from __future__ import annotations

from hypothesis import strategies as st

from seesawnas.arch import ACTIVATIONS, Body, Draft, Shape
from seesawnas.arch.body import read_shapes
from seesawnas.arch.layers import (
    Act,
    Add,
    Concat,
    Conv,
    Layer,
    Linear,
    Norm,
    Pool,
    Scale,
    Shuffle,
    Slice,
)
from seesawnas.errors import SpecError

INPUTS = (Shape(8, 9, 10), Shape(12, 9, 10))


def _of_one(x: Shape) -> st.SearchStrategy[Layer]:
    outputs, stride = st.sampled_from((4, 8, 12)), st.sampled_from((1, 1, 2))
    kernel = st.sampled_from(((1, 1), (3, 3), (5, 5), (2, 2), None))
    groups = st.sampled_from((1, 2, 4, (1, 3), (1, 2, 1)))
    return st.one_of(
        st.builds(Conv, outputs, kernel, stride, groups, st.booleans()),
        st.builds(Conv, st.just(x.channels), kernel, stride, st.just(x.channels)),
        st.builds(Norm),
        st.builds(Act, st.sampled_from((*ACTIVATIONS, "sigmoid", "hard_sigmoid"))),
        st.builds(
            Pool,
            st.sampled_from(("average", "max")),
            st.sampled_from((2, 3)),
            stride,
            st.sampled_from((0, 1)),
        ),
        st.builds(Pool, st.just("max"), st.just(2), st.just(2), st.just(0), st.just(True)),
        st.builds(Shuffle, st.sampled_from((1, 2, 4, 8))),
        st.builds(
            Slice, st.sampled_from((0, 2)), st.sampled_from((4, None)), st.sampled_from((0, 1))
        ),
    )


@st.composite
def bodies(draw: st.DrawFn, most: int = 9) -> Body:
    """On ``INPUTS``; each node is read, and the last one is a vector."""
    draft, shapes = Draft(), list[Shape]()
    readable = [-1, -2]

    def add(layer: Layer, *reads: int) -> bool:
        draft.add(f"n{len(shapes)}", layer, *reads)
        try:
            shapes.append(layer.output(*read_shapes(draft.nodes[-1], shapes, INPUTS)))
        except SpecError:
            draft.nodes.pop()
            return False
        readable.append(len(shapes) - 1)
        return True

    def shape(read: int) -> Shape:
        return shapes[read] if read >= 0 else INPUTS[-read - 1]

    for _ in range(draw(st.integers(2, most))):
        x = draw(st.sampled_from(readable))
        alike = [read for read in readable if shape(read) == shape(x)]
        sized = [read for read in readable if shape(read)[1:] == shape(x)[1:]]
        match draw(st.sampled_from(("one", "one", "one", "add", "concat", "excite"))):
            case "one":
                add(draw(_of_one(shape(x))), x)
            case "add":
                add(Add(), *draw(st.lists(st.sampled_from(alike), min_size=2, max_size=3)))
            case "concat":
                add(Concat(), *draw(st.lists(st.sampled_from(sized), min_size=2, max_size=3)))
            case _:
                add(Pool("average"), x)
                add(Linear(shape(x).channels, draw(st.booleans())), len(shapes) - 1)
                add(Scale(), x, len(shapes) - 1)
    read = {index for node in draft.nodes for index in node.reads}
    ends = [index for index in range(len(shapes)) if index not in read] or [-1]
    pools = [len(shapes) for end in ends if add(Pool("average"), end)]
    add(Concat(), *(index - 1 for index in pools))
    return draft.body()
