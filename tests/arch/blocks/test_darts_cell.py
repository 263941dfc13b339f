"""PocketNet's cell: any choice of edges fits together, and isomorphic cells are one."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from seesawnas.arch import Shape, body_of
from seesawnas.arch.blocks import declared
from seesawnas.arch.blocks.darts_cell import (
    NODES,
    OPERATIONS,
    DartsCell,
    Edge,
    Genotype,
    canonical_genotype,
)
from seesawnas.arch.blocks.parts import block_digest
from seesawnas.arch.body import reads_of, shapes
from seesawnas.arch.graph import Graph
from seesawnas.arch.layers import Concat
from seesawnas.errors import SpecError
from seesawnas.nn.block import BlockLayers
from tests.arch.blocks.face_networks import NORMAL, REDUCE, cell_options
from tests.arch.blocks.reference_weights import copy_block
from tests.nn.reference import pocketnet as literal


def edges(
    node: int, operations: tuple[Any, ...] = OPERATIONS
) -> st.SearchStrategy[tuple[Edge, Edge]]:
    edge = st.tuples(st.sampled_from(operations), st.integers(0, node - 1))
    return st.tuples(edge, edge)


GENOTYPES = st.tuples(*(edges(node) for node in NODES)).filter(
    lambda found: any(state == 1 for both in found for _, state in both)
)


OLD, NEW = Shape(12, 9, 11), Shape(8, 9, 11)


def cell(genotype: Genotype, stride: int = 1, old: Shape = OLD, new: Shape = NEW) -> DartsCell:
    return DartsCell.of((new, old), 16, stride, **cell_options(genotype))


@settings(max_examples=200, deadline=None)
@given(GENOTYPES, st.sampled_from((1, 2)), st.booleans())
def test_any_choice_fits_together_on_odd_maps_too(
    genotype: Genotype, stride: int, reduced: bool
) -> None:
    old, new = Shape(12, 17, 22) if reduced else Shape(12, 9, 11), Shape(8, 9, 11)
    made = cell(genotype, stride, old, new)
    found = shapes(body_of(made), (new, old))
    assert found[-1] == ((16, 9, 11) if stride == 1 else (16, 5, 6))
    assert reads_of(body_of(made)) == (
        2 if any(state == 0 for both in genotype for _, state in both) else 1
    )
    assert made.reduced_before == reduced


@settings(max_examples=200, deadline=None)
@given(GENOTYPES, st.permutations(range(4)), st.lists(st.booleans(), min_size=4, max_size=4))
def test_the_order_of_nodes_and_of_edges_does_not_count(
    genotype: Genotype, order: list[int], turned: list[bool]
) -> None:
    moved = move(genotype, tuple(order), turned)
    if moved is not None:
        assert cell(moved) == cell(genotype)
        assert body_of(cell(moved)) == body_of(cell(genotype))


def move(genotype: Genotype, order: tuple[int, ...], turned: list[bool]) -> Genotype | None:
    """Node ``order[i]`` comes i-th; None if one would then read a later one."""
    place = {0: 0, 1: 1, **{NODES[node]: NODES[new] for new, node in enumerate(order)}}
    found = []
    for own, node, turn in zip(NODES, order, turned, strict=True):
        both = [(operation, place[state]) for operation, state in genotype[node]]
        if any(state >= own for _, state in both):
            return None
        found.append((both[1], both[0]) if turn else (both[0], both[1]))
    return tuple(found)


def test_two_cells_share_a_digest_only_if_they_are_isomorphic() -> None:
    """Every cell whose edges are dw3, and read the states by turns and all ways."""
    classes: dict[Genotype, str] = {}
    spelled = 0
    states = [[(a, b) for a, b in product(range(node), repeat=2) if a <= b] for node in NODES]
    for picked in product(*states):
        if not any(1 in both for both in picked):
            continue
        genotype: Genotype = tuple((("dw3", a), ("dw3", b)) for a, b in picked)
        spelled += 1
        classes.setdefault(canonical_genotype(genotype), block_digest(cell(genotype)))
    assert len(set(classes.values())) == len(classes) == len(_orbits(states))
    assert len(classes) < spelled


def _orbits(states: list[list[tuple[int, int]]]) -> set[frozenset[Genotype]]:
    """Isomorphism by its definition: all orders of the nodes of every cell that reads state 1."""
    found = set()
    for picked in product(*states):
        if any(1 in both for both in picked):
            genotype: Genotype = tuple((("dw3", a), ("dw3", b)) for a, b in picked)
            moved = (move(genotype, order, [False] * 4) for order in permutations(range(4)))
            found.add(
                frozenset(
                    tuple((min(a, b), max(a, b)) for a, b in one)
                    for one in moved
                    if one is not None
                )
            )
    return found


def test_the_published_cells_keep_their_order_of_nodes() -> None:
    for published in (NORMAL, REDUCE):
        made = DartsCell.of((Shape(8, 8, 8),) * 2, 16, 1, **published)
        theirs = [
            tuple((published[f"op_{n}{x}"], published[f"from_{n}{x}"]) for x in "ab") for n in NODES
        ]
        assert [sorted(both) for both in made.genotype] == [sorted(both) for both in theirs]
    assert DartsCell.of((Shape(8, 8, 8),) * 2, 16, 1) == DartsCell.of(
        (Shape(8, 8, 8),) * 2, 16, 1, **NORMAL
    )


def test_the_nodes_make_the_output() -> None:
    made = DartsCell.of((Shape(8, 8, 8),) * 2, 16, 2, **REDUCE)
    assert isinstance(body_of(made)[-1].layer, Concat)
    assert [body_of(made)[read].name for read in body_of(made)[-1].reads] == [
        f"node{node}.join" for node in NODES
    ]
    assert made.channels == 4


def test_each_edge_has_a_rule_of_its_own() -> None:
    rules = declared(DartsCell)
    assert rules["from_2a"].rule(1) == 1
    assert rules["op_5b"].rule("max3") == "max3"
    for name, value in (
        ("from_2a", 2),
        ("from_5b", 5),
        ("from_5b", -1),
        ("from_3a", True),
        ("op_2a", "none"),
    ):
        with pytest.raises(ValueError, match="must be one of"):
            rules[name].rule(value)


ONLY_OLD: Genotype = (
    (("dw3", 0), ("dw3", 0)),
    (("dw3", 2), ("skip", 0)),
    (("skip", 2), ("skip", 3)),
    (("max3", 4), ("dw1", 0)),
)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: cell(ONLY_OLD), "state 1"),
        (lambda: cell(canonical_genotype(ONLY_OLD), 2), "state 1"),
        (lambda: DartsCell.of((Shape(8, 8, 8),) * 2, 18, 1), "18"),
        (lambda: DartsCell.of((Shape(8, 4, 4), Shape(8, 8, 8)), 12, 1), "two halves"),
        (lambda: DartsCell.of((Shape(8, 8, 8), Shape(8, 4, 4)), 16, 1), "got 4x4 and 8x8"),
        (lambda: DartsCell.of((Shape(8, 8, 8), Shape(8, 8, 15)), 16, 1), "got 8x15 and 8x8"),
        (lambda: DartsCell.of((Shape(8, 8, 8),) * 2, 16, 3), "stride"),
        (lambda: DartsCell.of((Shape(8, 8, 8),) * 2, 16, 1, op_2a="none"), "none"),
        (lambda: DartsCell.of((Shape(8, 8, 8),) * 2, 16, 1, from_2a=2), "got 2"),
    ],
)
def test_what_does_not_fit_is_refused(make: Any, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        make()


def test_what_was_reduced_counts_only_if_it_is_read() -> None:
    genotype: Genotype = (
        (("dw3", 1), ("dw3", 1)),
        (("dw3", 2), ("skip", 1)),
        (("skip", 2), ("skip", 3)),
        (("max3", 4), ("dw1", 1)),
    )
    one, other = cell(genotype), cell(genotype, 1, Shape(12, 17, 21), Shape(8, 9, 11))
    assert block_digest(one) == block_digest(other)
    assert replace(one, reduced_before=True).body() == one.body()


@settings(max_examples=40, deadline=None)
@given(GENOTYPES, st.sampled_from((1, 2)), st.booleans())
def test_any_cell_gives_what_the_literal_one_does(
    genotype: Genotype, stride: int, reduced: bool
) -> None:
    torch.manual_seed(1)
    inputs = (Shape(6, 8, 12), Shape(4, 16, 24) if reduced else Shape(4, 8, 12))
    made = DartsCell.of(inputs, 16, stride, activation="prelu", **cell_options(genotype))
    theirs = (
        literal.DartsCell(made.genotype, (4, 6), 4, reduces=stride == 2, after_reduce=reduced)
        .double()
        .eval()
    )
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean, module.running_var = (
                torch.randn(2, module.num_features).double().abs() + 0.1
            )
            module.weight.data.uniform_(0.5, 1.5)
    ours = BlockLayers(made, inputs).double().eval()
    read = any(state == 0 for both in genotype for _, state in both)
    kept = {name: one for name, one in theirs.state_dict().items() if "num_batches" not in name}
    queue = iter([one for name, one in kept.items() if read or not name.startswith("old.")])
    with torch.no_grad():
        copy_block(Graph.of(body_of(made), inputs, shapes(body_of(made), inputs)), ours, queue)
        assert next(queue, None) is None
        new, old = (torch.randn(2, *shape, dtype=torch.float64) for shape in inputs)
        expected = theirs(old, new)
        torch.testing.assert_close(
            ours(new, old), expected, rtol=0, atol=1e-10 * float(expected.abs().max())
        )
