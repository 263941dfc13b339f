"""Exact counts on a trellis: how many networks from a node on cost at most so much.

The last stage answers from its sorted costs. A stage before it asks its children at every budget that its own edges leave, all
distinct budgets at once. Deep in a space of many stages the distinct budgets grow too many; there the answer is tabulated once
on the grid of the costs' greatest common divisor, which loses nothing because every cost lies on it.
"""

from __future__ import annotations

import itertools
from functools import reduce
from math import gcd

import numpy as np

from seesawnas.errors import BudgetError
from seesawnas.space.rows import Ints
from seesawnas.space.trellis import Node

_CHUNK = 2_000_000
_ASK_AT_MOST = 100_000_000
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
        node.memo["total"] = sum(int(w) * below[c] for w, c in zip(node.weights, node.child, strict=True))
    found: int = node.memo["total"]
    return found


def count(node: Node, budgets: Ints) -> Ints:
    """Networks from ``node`` on of at most each of ``budgets`` MAdds, in the shape of ``budgets``."""
    if not node.children:
        return _cumulative(node)[np.searchsorted(node.costs, budgets, side="right")]
    unique, inverse = np.unique(budgets, return_inverse=True)
    if "table" in node.memo or len(unique) * len(node.costs) > _ASK_AT_MOST:
        return _from_table(node, unique)[inverse].reshape(budgets.shape)
    return _ask_children(node, unique)[inverse].reshape(budgets.shape)


def choose(node: Node, low: Ints, high: Ints, ranks: Ints) -> tuple[Ints, Ints]:
    """(group of edges, rank below it) for each rank among the networks that cost ``low`` to ``high`` from ``node`` on."""
    if not node.children:
        ends = _cumulative(node)
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
    """(budgets, groups) running sums of the groups' networks."""
    key = "ends", int(low[0]), int(high[0])
    if node.stage > 0:
        return np.cumsum(_edge_counts(node, low, high), axis=0).T.copy()
    if key not in node.memo:  # every draw begins at the root with the whole budget
        node.memo[key] = np.cumsum(_edge_counts(node, low, high), axis=0).T.copy()
    found: Ints = node.memo[key]
    return found


def _edge_counts(node: Node, low: Ints, high: Ints) -> Ints:
    """(groups, budgets) networks through each group of edges that cost ``low`` to ``high`` from ``node`` on."""
    ways: Ints = np.zeros((len(node.costs), len(high)), _dtype(node))
    for span, child in zip(_spans(node), node.children, strict=True):
        # Budgets rise along the last axis: a search among sorted costs goes fastest in their order.
        left = node.costs[span, None]
        ways[span] = count(child, high - left) - (count(child, low - 1 - left) if low.max() > 0 else 0)
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


def _from_table(node: Node, budgets: Ints) -> Ints:
    if "table" not in node.memo:
        step = max(1, _step(node))
        ways: Ints = np.cumsum(_histogram(node, step), dtype=_dtype(node))
        node.memo["table"] = step, np.concatenate([np.zeros(1, ways.dtype), ways])
    step, table = node.memo["table"]
    low, _ = extremes(node)
    found: Ints = table[np.clip((budgets - low) // step + 1, 0, len(table) - 1)]
    return found


def _histogram(node: Node, step: int) -> Ints:
    """Networks from ``node`` on that cost exactly its smallest cost + i x step."""
    low, high = extremes(node)
    cells = (high - low) // step + 1
    if cells > MAX_CELLS:
        rule = (
            f"stages.{node.stage} and on have {cells} distinct costs, of at most {MAX_CELLS} that are counted exactly"
        )
        raise BudgetError(f"the space must be coarser: {rule}; let widths be multiples of 8 or 16")
    ways: Ints = np.zeros(cells, _dtype(node))
    if not node.children:
        np.add.at(ways, (node.costs - low) // step, node.weights)
        return ways
    below = [(extremes(child)[0], _histogram(child, step)) for child in node.children]
    for cost, child, weight in zip(node.costs.tolist(), node.child.tolist(), node.weights.tolist(), strict=True):
        start, counts = below[child]
        first = (cost + start - low) // step
        ways[first : first + len(counts)] += counts.astype(ways.dtype, copy=False) * weight
    return ways


def _step(node: Node) -> int:
    """The greatest common divisor of all differences between costs from ``node`` on."""
    low, _ = extremes(node)
    below = [_step(child) for child in node.children]
    ends = [extremes(child)[0] for child in node.children] or [0]
    offsets = node.costs + np.array(ends, np.int64)[node.child] - low
    return reduce(gcd, below, int(np.gcd.reduce(offsets)))


def _cumulative(node: Node) -> Ints:
    if "cumulative" not in node.memo:
        node.memo["cumulative"] = np.concatenate([[0], np.cumsum(node.weights)]).astype(_dtype(node))
    found: Ints = node.memo["cumulative"]
    return found


def _dtype(node: Node) -> type:
    """Machine integers where they hold every count, Python's where they might not."""
    return np.int64 if total(node) < 2**62 else object
