"""seesawnas paper."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seesawnas.report.network import published as ledger
from seesawnas.space import load_point, shipped
from tests.cli.running import Ran

KEYS = {
    "name",
    "params",
    "madds",
    "published_params",
    "published_madds",
    "agrees",
    "explained_by",
    "faults",
}
KEYS |= {"published_flops", "buildable", "explained", "is_published"}
DIFFERING = [
    f"paper/{name}"
    for name in (
        "ghostfacenet_v1_1",
        "ghostfacenet_v1_2",
        "mobiface",
        "mobilenet_v2",
        "vargfacenet",
    )
]


def test_every_shipped_point_has_a_row_that_agrees_or_differs_for_a_stated_reason() -> None:
    rows = [row for row in Ran("paper", "--json").json if row["buildable"]]
    assert [row["name"] for row in rows] == list(shipped("paper"))
    assert all(set(row) == KEYS for row in rows)
    assert [row["name"] for row in rows if not row["agrees"]] == DIFFERING
    assert [row["name"] for row in rows if row["explained"]] == DIFFERING


def test_the_table_counts_those_that_agree_and_prints_the_errata() -> None:
    ran = Ran("paper")
    assert ran.code == 0
    assert "27 of 27 agree, or differ for a documented reason: 22 agree, 5 differ." in ran.out
    assert [
        line.split()[0] for line in ran.out.splitlines() if "  differs, see (" in line
    ] == DIFFERING
    assert "leaves out PReLU's 7,552 slopes" in ran.out


def test_where_nothing_is_published_nothing_is_said_to_agree() -> None:
    published = ("published_params", "published_madds", "published_flops")
    silent = [
        row["name"]
        for row in Ran("paper", "--json").json
        if row["buildable"] and not any(row[key] for key in published)
    ]
    assert len(silent) == 4
    assert silent == [
        row["name"]
        for row in Ran("paper", "--json").json
        if row["buildable"] and not row["is_published"]
    ]
    lines = [line for line in Ran("paper").out.splitlines() if "  no published figure" in line]
    assert [line.split()[0] for line in lines] == silent


def test_flops_printed_as_madds_stand_in_the_column_of_flops() -> None:
    (line,) = [line for line in Ran("paper").out.splitlines() if "paper/mobiface " in line]
    assert line.split()[1:9] == [
        "2,568,832",
        "2.4",
        "M",
        "231,974,912",
        "-",
        "462",
        "M",
        "differs,",
    ]
    (row,) = [row for row in Ran("paper", "--json").json if row["name"] == "paper/mobiface"]
    assert row["published_madds"] == 462_000_000


@pytest.mark.parametrize("arguments", [("paper",), ("paper", "--json")])
def test_an_unexplained_difference_exits_with_1(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    point = replace(load_point("paper/mobiface"), errata=())
    monkeypatch.setattr(ledger, "load_point", lambda ref: point)
    ran = Ran(*arguments)
    assert ran.code == 1
    assert "published 462.00 M, counted 231974912" in ran.out


def test_networks_known_by_results_alone_are_told_and_said_not_to_be_buildable() -> None:
    ran = Ran("paper")
    assert "cannot be built here" in ran.out
    results = {row["name"]: row for row in Ran("paper", "--json").json if not row["buildable"]}
    assert set(results) >= {
        "AirFace",
        "EdgeFace-S",
        "EdgeFace-XS",
        "EdgeFace-XXS",
        "LMobileNetE",
        "ShrinkTeaNet-MFNR",
    }
    assert all(
        set(row) >= KEYS and row["madds"] is row["agrees"] is row["explained"] is None
        for row in results.values()
    )
    assert results["AirFace"]["published_flops"] == 1_000_000_000
    assert results["AirFace"]["published_madds"] is None
    assert results["EdgeFace-S"]["published_madds"] == 151_900_000
    assert all(name in ran.out for name in results)
