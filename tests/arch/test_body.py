"""Bodies: equal networks have equal digests, however they are written.

What is no graph is refused.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.arch import Body, Draft, InvertedBottleneck, Node, SeesawBlock
from seesawnas.arch.body import body_digest, check_body, output_shape, reads_of
from seesawnas.arch.layers import Act, Add, Concat, Conv, Norm, Shuffle
from seesawnas.errors import SpecError
from tests.bodies import INPUTS, bodies


@settings(max_examples=50, deadline=None)
@given(bodies(), st.randoms(use_true_random=False))
def test_names_and_the_order_of_writing_do_not_count(body: Body, random: object) -> None:
    order = _another_order(body, random)
    place = {old: new for new, old in enumerate(order)}
    moved = tuple(
        Node(
            f"other{old}", body[old].layer, tuple(place.get(read, read) for read in body[old].reads)
        )
        for old in order
    )
    check_body(moved)
    assert output_shape(moved, INPUTS) == output_shape(body, INPUTS)
    assert body_digest(moved) == body_digest(body)


def _another_order(body: Body, random: object) -> list[int]:
    """A topological order whose last node stays the last."""
    order: list[int] = []
    while len(order) < len(body):
        ready = [
            i
            for i in range(len(body))
            if i not in order and all(r < 0 or r in order for r in body[i].reads)
        ]
        order.append(random.choice(ready))  # type: ignore[attr-defined]
    return order


def _two(first: str, second: str) -> Body:
    draft = Draft()
    a, b = (draft.conv(name, -1, 8, kernel) for name, kernel in ((first, 1), (second, 3)))
    draft.join("join", *((a, b) if first < second else (b, a)))
    return draft.body()


def test_the_order_of_what_a_sum_reads_does_not_count_and_that_of_channels_does() -> None:
    body = _two("a", "b")
    turned = (*body[:-1], body[-1]._replace(reads=body[-1].reads[::-1]))
    assert body_digest(turned) == body_digest(body)
    rows = [(*each[:-1], each[-1]._replace(layer=Concat())) for each in (body, turned)]
    assert body_digest(rows[0]) != body_digest(rows[1])


def test_layers_that_do_nothing_are_left_out() -> None:
    plain = (Node("conv", Conv(8)),)
    assert body_digest((Node("shuffle", Shuffle(1)), Node("conv", Conv(8), (0,)))) == body_digest(
        plain
    )
    assert body_digest((Node("conv", Conv(8)), Node("join", Add(), (0,)))) == body_digest(plain)
    assert body_digest((Node("shuffle", Shuffle(2)), Node("conv", Conv(8), (0,)))) != body_digest(
        plain
    )


def _twins(*reads: int) -> Body:
    """Two equal convolutions of one input; then others, each of one of the two.

    And all of them together.
    """
    draft = Draft()
    twins = [draft.conv(f"twin{index}", -1, 8, norm=False) for index in range(2)]
    others = [
        draft.conv(f"other{index}", twins[read], 8, 3 + 2 * index)
        for index, read in enumerate(reads)
    ]
    draft.join("join", *twins, *others)
    return draft.body()


def test_it_counts_which_of_two_equal_nodes_is_read() -> None:
    assert body_digest(_twins(0, 0)) == body_digest(_twins(1, 1)) != body_digest(_twins(0, 1))
    assert body_digest(_twins(0, 1)) == body_digest(_twins(1, 0))
    once, twice = _twins(), _twins()[:1]
    assert body_digest(once) != body_digest((*twice, Node("join", Add(), (0, 0))))


def test_a_layer_without_weights_may_be_written_twice() -> None:
    one = (Node("act", Act("relu")), Node("join", Concat(), (0, 0)))
    two = (Node("act", Act("relu")), Node("again", Act("relu")), Node("join", Concat(), (0, 1)))
    assert body_digest(one) == body_digest(two)
    slopes = tuple(
        node._replace(layer=Act("prelu")) if node.layer == Act("relu") else node for node in two
    )
    assert body_digest(slopes) != body_digest((slopes[0], one[1]))


def test_one_group_is_none_whatever_the_kind() -> None:
    split = SeesawBlock(inputs=8, middle=16, outputs=8, split=(1,), mixing="shuffle")
    assert body_digest(split.body()) == body_digest(
        InvertedBottleneck(inputs=8, middle=16, outputs=8).body()
    )


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ((Node("a", Norm()), Node("a", Norm(), (0,))), "a"),
        ((Node("a", Norm(), (0,)),), "a"),
        ((Node("a", Norm(), ()),), "a"),
        ((Node("dead", Norm()), Node("b", Norm())), "dead"),
    ],
)
def test_what_is_no_graph_is_refused_by_the_nodes_name(body: Body, place: str) -> None:
    with pytest.raises(SpecError, match=f"^{place}: "):
        check_body(body)


def test_a_body_reads_as_many_outputs_as_it_names() -> None:
    assert reads_of((Node("a", Norm(), (-1,)),)) == 1
    assert reads_of((Node("a", Act("relu"), (-2,)), Node("b", Add(), (0, -1)))) == 2
