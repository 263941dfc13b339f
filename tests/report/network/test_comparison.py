"""Networks side by side."""

from __future__ import annotations

from dataclasses import replace

from seesawnas.cost import cost
from seesawnas.report.network.comparison import Comparison, compare, shown
from seesawnas.report.pages.comparison import comparison_html
from seesawnas.space import load_point
from tests.latency import model

SHARE, SHUFFLE, MOBILE = (
    load_point(f"paper/{name}") for name in ("seesaw_share", "seesaw_shuffle", "mobilefacenet")
)


def values(found: Comparison, part: str, name: str) -> tuple[object, ...]:
    return next(row.values for row in found.rows if (row.part, row.name) == (part, name))


def test_what_differs_is_marked_and_nothing_else() -> None:
    found = compare([SHARE, SHUFFLE], ["a", "b"])
    differing = {(row.part, row.name) for row in found.rows if row.differs}
    assert {
        ("network", "digest"),
        ("stages.0", "kind"),
        ("stages.1", "kind"),
        ("stages.2", "kind"),
    } <= differing
    assert all(name in ("digest", "kind", "LFW as published (%)") for _, name in differing)
    assert (
        found.sentence() == "They differ in stages.0, stages.1, stages.2; the same in stem, head."
    )


def test_costs_are_those_of_the_networks_and_add_up_over_the_parts() -> None:
    found = compare([SHARE, MOBILE], ["a", "b"])
    assert values(found, "network", "MAdds") == (cost(SHARE.spec).madds, cost(MOBILE.spec).madds)
    parts = [row for row in found.rows if row.name == "params" and row.part != "network"]
    for place, point in enumerate((SHARE, MOBILE)):
        assert sum(int(row.values[place] or 0) for row in parts) == cost(point.spec).params
    madds = next(row for row in found.rows if (row.part, row.name) == ("network", "MAdds"))
    assert shown(madds) == ["145,762,816", "220,965,376 (+51.6%)"]


def test_a_latency_model_predicts_each_part_and_the_parts_add_up() -> None:
    predicts = model()
    short = replace(SHARE, spec=replace(SHARE.spec, blocks=SHARE.spec.blocks[:4]))
    found = compare([SHARE, MOBILE, short], ["a", "b", "c"], predicts)
    rows = [row for row in found.rows if row.name == "predicted latency"]
    assert [row.part for row in rows] == [part for part, _ in found.parts]
    whole, *parts = rows
    specs = [point.spec for point in (SHARE, MOBILE, short)]
    assert whole.values == tuple(predicts.predict(spec) for spec in specs)
    for place in range(3):
        assert sum(int(row.values[place] or 0) for row in parts) == whole.values[place]
    assert shown(whole)[0].endswith(" ms")
    assert "%" in shown(whole)[1]
    assert rows[-2].values[2] is None
    assert not [row for row in compare([SHARE, MOBILE], ["a", "b"]).rows if row in rows]


def test_a_network_with_fewer_stages_has_empty_places() -> None:
    blocks = SHARE.spec.blocks[: SHARE.spec.stages[2].first]
    short = replace(SHARE, spec=replace(SHARE.spec, blocks=blocks))
    found = compare([SHARE, short], ["long", "short"])
    assert values(found, "stages.2", "depth") == (3, None)
    row = next(row for row in found.rows if (row.part, row.name) == ("stages.2", "MAdds"))
    assert shown(row)[1] == "-"


def test_an_attribute_that_a_network_lacks_is_a_dash_and_one_that_is_off_is_none() -> None:
    found = compare(
        [MOBILE, load_point("paper/vargfacenet"), load_point("paper/pocketnet_s128")],
        ["a", "b", "c"],
    )
    assert values(found, "stages.0", "middle") == (128, None, None)
    assert values(found, "stages.0", "se") == ("none", "none, 2 x 4", None)
    assert values(found, "stages.0", "skip") == ("none, 4 x residual", None, None)
    assert values(found, "stages.0", "group_width") == (None, 8, None)
    assert values(found, "stages.0", "op_2a") == (None, None, "dw1")
    row = next(row for row in found.rows if (row.part, row.name) == ("stages.0", "se"))
    assert (shown(row)[0], shown(row)[2], row.differs) == ("none", "-", True)


def test_what_all_lack_is_no_row() -> None:
    found = compare(
        [load_point("paper/vargfacenet"), load_point("paper/pocketnet_s128")], ["a", "b"]
    )
    assert not {row.name for row in found.rows} & {"split", "middle", "skip"}
    assert all(any(value is not None for value in row.values) for row in found.rows)
    last = [row.name for row in found.rows if row.part == "stages.3"]
    assert "group_width" not in last
    assert "op_2a" in last


def test_a_network_beside_itself_is_the_same() -> None:
    found = compare([SHARE, SHARE], ["a", "b"])
    assert found.is_same
    assert not any(row.differs for row in found.rows)
    assert found.sentence() == "They are the same network."


def test_the_page_holds_diagrams_and_marks_and_escapes_names() -> None:
    names = ["<i>a</i>", "b"]
    page = comparison_html(compare([SHARE, MOBILE], names), [SHARE, MOBILE])
    assert page.count("<svg") == 2
    assert "<i>a" not in page
    assert "&lt;i&gt;a&lt;/i&gt;" in page
    assert '<tr class="differs">' in page
    assert "default-src 'none'" in page.replace("&#39;", "'")
    assert len(page) < 300_000
