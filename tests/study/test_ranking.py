"""Ranking and the Pareto front."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seesawnas.study import ResultRow, pareto_front, rank
from tests.study.results import result


def row(number: int, accuracy: float, madds: int, auc: float = 0.9) -> ResultRow:
    return result(number, f"{number:016x}", None, accuracy, auc, madds, 1_000_000, 60.0)


ROWS = st.lists(
    st.builds(
        row,
        st.integers(0, 99),
        st.sampled_from((0.5, 0.6, 0.7, 0.8)),
        st.integers(1, 6),
        st.sampled_from((0.8, 0.9)),
    ),
    max_size=12,
)


def beats(one: ResultRow, other: ResultRow) -> bool:
    no_worse = one.accuracy >= other.accuracy and one.madds <= other.madds
    return no_worse and (one.accuracy, one.madds) != (other.accuracy, other.madds)


@given(rows=ROWS)
def test_the_front_is_exactly_what_no_row_beats(rows: list[ResultRow]) -> None:
    unbeaten = [row for row in rows if not any(beats(other, row) for other in rows)]
    assert sorted(pareto_front(rows), key=repr) == sorted(unbeaten, key=repr)


@given(rows=ROWS)
def test_the_front_rises(rows: list[ResultRow]) -> None:
    front = pareto_front(rows)
    assert front == sorted(front, key=lambda row: (row.madds, row.accuracy, -row.auc, row.number))


def test_rank_is_accuracy_then_auc_then_fewer_madds() -> None:
    best, by_auc, by_madds, last = (
        row(3, 0.9, 9),
        row(2, 0.8, 9, 0.95),
        row(1, 0.8, 5),
        row(0, 0.8, 9),
    )
    assert rank([last, by_madds, by_auc, best]) == [best, by_auc, by_madds, last]


@given(rows=ROWS)
def test_ranking_does_not_depend_on_the_order_of_trials_that_differ(rows: list[ResultRow]) -> None:
    distinct = list({(r.number, r.accuracy, r.auc, r.madds): r for r in rows}.values())
    assert rank(distinct) == rank(distinct[::-1])
