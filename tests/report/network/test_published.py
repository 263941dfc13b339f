"""The ledger agrees where it should, and only there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seesawnas.report.network.published import known_results, ledger, ledger_row
from seesawnas.space import (
    Erratum,
    PublishedValue,
    SearchPoint,
    load_point,
    shipped,
    to_mapping,
    to_point,
)

POCKETNETS = {f"paper/pocketnet_{size}" for size in ("s128", "s256", "m128", "m256")}
MIXFACENETS = {"paper/mixfacenet_s", "paper/mixfacenet_xs"}
SHUFFLEFACENETS = {f"paper/shufflefacenet_{size}" for size in ("0_5x", "1_5x", "2x")}
DIFFERING = {
    f"paper/{name}"
    for name in (
        "ghostfacenet_v1_1",
        "ghostfacenet_v1_2",
        "mobiface",
        "mobilenet_v2",
        "vargfacenet",
    )
}
FLOPS = {"paper/vargfacenet", *SHUFFLEFACENETS, *POCKETNETS, *MIXFACENETS}


@pytest.fixture
def mobiface() -> SearchPoint:
    return load_point("paper/mobiface")


@pytest.mark.parametrize("ref", shipped("paper"))
def test_each_shipped_point_agrees_or_differs_for_a_stated_reason(ref: str) -> None:
    row = ledger_row(load_point(ref))
    assert row.faults == ()
    assert (row.agrees, row.explained) == (ref not in DIFFERING, ref in DIFFERING)
    assert row.explained_by or row.agrees


def test_only_the_differences_that_the_print_has_are_explained() -> None:
    explained = {row.name for row in ledger() if row.explained_by}
    ghost = {"paper/ghostfacenet_v1_1", "paper/ghostfacenet_v1_2"}
    other = {"paper/mobiface", "paper/mobilefacenet", "paper/mobilenet_v2", "paper/shufflenet"}
    assert explained == {*other, *ghost, *FLOPS}


def test_a_network_prints_flops_as_madds_and_only_an_erratum_can_say_so(
    mobiface: SearchPoint,
) -> None:
    assert {row.name for row in ledger() if row.prints_flops} == {"paper/mobiface"}
    assert not ledger_row(replace(mobiface, errata=())).prints_flops


def test_what_is_printed_as_flops_is_on_file_as_flops() -> None:
    rows = {row.name: row for row in ledger() if row.published_flops is not None}
    assert set(rows) == FLOPS
    assert all(row.published_madds is None for row in rows.values())
    assert rows["paper/pocketnet_s128"].published_flops == 587_110_000
    assert rows["paper/vargfacenet"].published_flops == 1_022_000_000


def test_a_figure_that_is_not_printed_as_counted_disagrees() -> None:
    point = load_point("paper/seesaw_share")
    wrong = replace(point, published=replace(point.published, madds=PublishedValue.parse("147M")))
    row = ledger_row(wrong)
    assert not row.agrees
    assert row.faults == ("madds: published 147.00 M, counted 145762816, no erratum",)


def test_a_count_that_is_not_the_one_on_record_disagrees() -> None:
    point = load_point("paper/seesaw_share")
    assert not ledger_row(replace(point, counted={**point.counted, "params": 1_370_175})).agrees
    assert not ledger_row(replace(point, counted={})).agrees


def test_an_erratum_speaks_only_for_the_figures_that_it_names(mobiface: SearchPoint) -> None:
    assert ledger_row(mobiface).explained
    for left_out in mobiface.errata:
        kept = tuple(erratum for erratum in mobiface.errata if erratum is not left_out)
        row = ledger_row(replace(mobiface, errata=kept))
        assert [fault.partition(":")[0] for fault in row.faults] == list(left_out.explains)
        assert not row.explained


def test_text_alone_explains_nothing(mobiface: SearchPoint) -> None:
    talk = tuple(Erratum(erratum.text) for erratum in mobiface.errata)
    assert len(ledger_row(replace(mobiface, errata=talk)).faults) == 2


def test_a_reading_that_counts_to_something_else_explains_nothing(mobiface: SearchPoint) -> None:
    wrong = (Erratum("made up", {"madds": 300_000_000, "params": None}),)
    assert [
        fault.partition(":")[0] for fault in ledger_row(replace(mobiface, errata=wrong)).faults
    ] == ["madds"]


@pytest.mark.parametrize(
    ("print_", "reading", "agrees", "explained"),
    [
        ("130M", 130_400_000, True, False),
        ("130M", 130_999_999, True, False),
        ("130M", 131_000_000, False, True),
        ("0.13G", 134_999_999, True, False),
        ("1050M", 1_052_637_104, True, False),
        ("1050M", 1_060_000_000, False, True),
        ("1051M", 1_052_637_104, False, True),
        ("1050M", 1_070_000_000, False, False),
        ("1050M", None, False, True),
    ],
)
def test_a_reading_resolves_a_figure_only_if_it_prints_so(
    print_: str, reading: int | None, agrees: bool, explained: bool
) -> None:
    point = load_point("paper/seesaw_share")
    published = replace(point.published, madds=PublishedValue.parse(print_))
    row = ledger_row(
        replace(point, published=published, errata=(Erratum("made up", {"madds": reading}),))
    )
    assert (row.agrees, row.explained, not row.faults) == (agrees, explained, agrees or explained)


def test_a_count_off_the_record_is_no_stated_reason(mobiface: SearchPoint) -> None:
    row = ledger_row(replace(mobiface, counted={}))
    assert (row.agrees, row.explained, len(row.faults)) == (False, False, 2)


def test_the_readings_on_file_are_what_those_networks_count_to(mobiface: SearchPoint) -> None:
    relu = ledger_row(load_point("paper/mobilefacenet_relu"))
    readings = [erratum.explains for erratum in load_point("paper/mobilefacenet").errata]
    assert {"params": relu.params} in readings
    assert {"madds": 2 * ledger_row(mobiface).madds} in [
        erratum.explains for erratum in mobiface.errata
    ]


def test_a_print_in_flops_is_compared_with_twice_the_madds() -> None:
    point = load_point("paper/seesaw_share")

    def printed(text: str) -> SearchPoint:
        return replace(
            point, published=replace(point.published, madds=None, flops=PublishedValue.parse(text))
        )

    assert ledger_row(printed("292M")).agrees
    assert ledger_row(printed("292M")).published_flops == 292_000_000
    assert ledger_row(printed("146M")).faults == (
        "flops: published 146.00 M, counted 291525632, no erratum",
    )
    own = to_point({**to_mapping(point.spec), "published": {"flops": "292M"}}, "own")
    assert own.published.flops == PublishedValue(292_000_000, 1_000_000)


def test_results_alone_have_one_unit_each() -> None:
    for result in known_results():
        assert result.published_madds is None or result.published_flops is None, result.name
        assert result.accuracies
        assert result.source
        assert all(50 < value < 100 for value in result.accuracies.values())
