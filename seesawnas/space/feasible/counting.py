"""Exact counts on a graph: how many networks from a node on cost at most so much.

The last stage answers from its sorted costs. A stage before it asks its children at every budget
that its own edges leave, all distinct budgets at once; or, if that is more work, it lists once all
costs from it on with their numbers of networks, and answers from the list. A list is never longer
than the grid of the costs' greatest common divisor.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import reduce
from math import gcd

import numpy as np

from seesawnas.errors import BudgetError
from seesawnas.space.feasible.graph import Node
from seesawnas.space.feasible.stages import Ints

_CHUNK = 2_000_000
_SORT_AT_MOST = 20_000_000
MAX_CELLS = 20_000_000


def extremes(node: Node) -> tuple[int, int]:
    """Smallest and largest MAdds from ``node`` to the end."""
    if "extremes" not in node.memo:
        below = [extremes(child) for child in node.children] or [(0, 0)]
        low, high = (np.array(ends, np.int64)[node.child] for ends in zip(*below, strict=True))
        node.memo["extremes"] = int((node.costs + low).min()), int((node.costs + high).max())
    found: tuple[int, int] = node.memo["extremes"]
    return found


def total(node: Node) -> int:
    """Networks from ``node`` on, whatever they cost; a Python integer, so never an overflow."""
    if "total" not in node.memo:
        below = [total(child) for child in node.children] or [1]
        node.memo["total"] = sum(
            int(w) * below[c] for w, c in zip(node.weights, node.child, strict=True)
        )
    found: int = node.memo["total"]
    return found


def count(node: Node, budgets: Ints) -> Ints:
    """Networks from ``node`` on of at most ``budgets`` MAdds each, in the shape of ``budgets``."""
    unique, inverse = np.unique(budgets, return_inverse=True) if node.children else (budgets, None)
    if (
        "listed" in node.memo
        or not node.children
        or _work_to_ask(node, len(unique)) > _work_to_list(node)
    ):
        costs, ways = _listed(node)
        found: Ints = ways[np.searchsorted(costs, unique, side="right")]
    else:
        found = _ask_children(node, unique)
    return found if inverse is None else found[inverse].reshape(budgets.shape)


def choose(node: Node, low: Ints, high: Ints, ranks: Ints) -> tuple[Ints, Ints]:
    """The group of edges and the rank below it for each of ``ranks``.

    The ranks are among the networks that cost ``low`` to ``high`` from ``node`` on.
    """
    if not node.children:
        ends = _listed(node)[1]
        ranks = ranks.astype(ends.dtype) + count(node, low - 1)
        groups = np.searchsorted(ends, ranks, side="right") - 1
        return groups, ranks - ends[groups]
    groups, ranks = np.zeros(len(ranks), np.int64), ranks.astype(_dtype(node))
    bounds, inverse = np.unique(np.stack([high, low]), axis=1, return_inverse=True)
    step = max(1, _CHUNK // len(node.costs))
    for start in range(0, bounds.shape[1], step):
        part = bounds[:, start : start + step]
        members = np.flatnonzero((inverse >= start) & (inverse < start + part.shape[1]))
        ends = _ends(node, part[1], part[0])
        for member, column in zip(members, inverse[members] - start, strict=True):
            group = np.searchsorted(ends[column], ranks[member], side="right")
            groups[member] = group
            ranks[member] -= ends[column, group - 1] if group else 0
    return groups, ranks


def _ends(node: Node, low: Ints, high: Ints) -> Ints:
    """Running sums of the groups' networks, (budgets, groups)."""
    key = "ends", int(low[0]), int(high[0])
    if node.stage > 0:
        return np.cumsum(_edge_counts(node, low, high), axis=0).T.copy()
    if key not in node.memo:  # every draw begins at the root with the whole budget
        node.memo[key] = np.cumsum(_edge_counts(node, low, high), axis=0).T.copy()
    found: Ints = node.memo[key]
    return found


def _edge_counts(node: Node, low: Ints, high: Ints) -> Ints:
    """Networks from ``node`` on that cost ``low`` to ``high``, by group: (groups, budgets)."""
    ways: Ints = np.zeros((len(node.costs), len(high)), _dtype(node))
    for span, child in zip(_spans(node), node.children, strict=True):
        # Budgets rise along the last axis: a search among sorted costs goes fastest in their order.
        left = node.costs[span, None]
        ways[span] = count(child, high - left) - (
            count(child, low - 1 - left) if low.max() > 0 else 0
        )
    return ways * node.weights[:, None]


def _spans(node: Node) -> list[slice]:
    """Where each child's edges lie: they are sorted by child."""
    if "spans" not in node.memo:
        ends = np.searchsorted(node.child, np.arange(len(node.children) + 1)).tolist()
        node.memo["spans"] = [slice(start, end) for start, end in itertools.pairwise(ends)]
    found: list[slice] = node.memo["spans"]
    return found


def _ask_children(node: Node, budgets: Ints) -> Ints:
    out: Ints = np.zeros(len(budgets), _dtype(node))
    for span, child in zip(_spans(node), node.children, strict=True):
        costs, weights = node.costs[span], node.weights[span]
        step = max(1, _CHUNK // len(costs))
        for start in range(0, len(budgets), step):
            part = budgets[start : start + step]
            ways = count(child, (part[:, None] - costs[None, :]).ravel()).reshape(len(part), -1)
            out[start : start + step] += ways.astype(out.dtype, copy=False) @ weights
    return out


def _work_to_ask(node: Node, budgets: int) -> float:
    """Number of searches that answering ``budgets`` takes.

    At each level below, distinct budgets are no more than the grid's cells. Every node asks each of
    its children, also those that another has asked.
    """
    if not node.children or "listed" in node.memo:
        return float(budgets)
    asked = min(budgets * len(node.costs), max(map(_cells, node.children)))
    first, children = node.children[0], float(len(node.children))
    return budgets * len(node.costs) + children * min(
        _work_to_ask(first, asked), _work_to_list(first) + asked
    )


def _work_to_list(node: Node) -> float:
    """What listing takes, in searches: a cost to be sorted takes about as long as five.

    Nodes below share nodes: each is counted once.
    """
    if not node.children or "listed" in node.memo:
        return 0.0
    if all(not child.children or "listed" in child.memo for child in node.children):
        return _own_work(node)
    if "work" not in node.memo:
        node.memo["work"] = sum(map(_own_work, _below(node)))
    found: float = node.memo["work"]
    return found


def _own_work(node: Node) -> float:
    return 5.0 * len(node.costs) * max(map(_length, node.children)) if node.children else 0.0


def _below(node: Node) -> Iterator[Node]:
    """``node`` and every node after it, once."""
    seen, layer = {id(node)}, [node]
    while layer:
        yield from layer
        after = {id(child): child for each in layer for child in each.children}
        layer = [child for key, child in after.items() if key not in seen]
        seen.update(after)


def _length(node: Node) -> int:
    """An upper bound on the number of distinct costs from ``node`` on."""
    if not node.children:
        return len(node.costs)
    if "length" not in node.memo:
        node.memo["length"] = min(_cells(node), len(node.costs) * max(map(_length, node.children)))
    found: int = node.memo["length"]
    return found


def _cells(node: Node) -> int:
    if "cells" not in node.memo:
        low, high = extremes(node)
        node.memo["cells"] = (high - low) // _step(node) + 1
    found: int = node.memo["cells"]
    return found


def _listed(node: Node) -> tuple[Ints, Ints]:
    """Costs and ways: ``ways[i]`` networks from ``node`` on cost less than ``costs[i]``.

    ``ways[-1]`` counts all networks.
    """
    if "listed" not in node.memo:
        costs, ways = (node.costs, node.weights) if not node.children else _merged(node)
        node.memo["listed"] = (
            costs,
            np.concatenate([[0], np.cumsum(ways, dtype=_dtype(node))]).astype(_dtype(node)),
        )
    found: tuple[Ints, Ints] = node.memo["listed"]
    return found


def _merged(node: Node) -> tuple[Ints, Ints]:
    """(distinct costs from ``node`` on, networks of each)."""
    below = [_listed(child) for child in node.children]
    parts = (
        (below[child][0] + cost, np.diff(below[child][1]).astype(_dtype(node), copy=False) * weight)
        for cost, child, weight in zip(
            node.costs.tolist(), node.child.tolist(), node.weights.tolist(), strict=True
        )
    )
    if len(node.costs) * max(len(costs) for costs, _ in below) < min(_cells(node), _SORT_AT_MOST):
        return _sorted(list(parts))
    return _gridded(node, parts)


def _sorted(parts: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    costs, ways = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(costs, kind="stable")
    costs = costs[order]
    starts = np.flatnonzero(np.r_[True, costs[1:] != costs[:-1]])
    return costs[starts], np.add.reduceat(ways[order], starts)


def _gridded(node: Node, parts: Iterator[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    low, _ = extremes(node)
    step, cells = _step(node), _cells(node)
    if cells > MAX_CELLS:
        rule = (
            f"stages.{node.stage} and later: must have at most {MAX_CELLS} distinct costs, "
            f"got {cells}"
        )
        raise BudgetError(f"{rule}; use widths that are multiples of 8 or 16")
    grid: Ints = np.zeros(cells, _dtype(node))
    for costs, ways in parts:
        grid[(costs - low) // step] += ways
    used = np.flatnonzero(grid)
    return low + step * used, grid[used]


def _step(node: Node) -> int:
    """The greatest common divisor of all differences between costs from ``node`` on, 1 at least."""
    if "step" not in node.memo:
        low, _ = extremes(node)
        ends = [extremes(child)[0] for child in node.children] or [0]
        offsets = node.costs + np.array(ends, np.int64)[node.child] - low
        node.memo["step"] = reduce(gcd, map(_step, node.children), int(np.gcd.reduce(offsets))) or 1
    found: int = node.memo["step"]
    return found


def _dtype(node: Node) -> type:
    """Machine integers if they hold every count, Python's if they might not."""
    return np.int64 if total(node) < 2**62 else object
