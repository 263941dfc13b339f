"""Search points: reading, writing, and what was printed of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesawnas.arch import ArchSpec, Input, InvertedBottleneck, Stem
from seesawnas.errors import DocumentError
from seesawnas.space import PublishedValue, read_yaml, to_mapping, to_point, write_yaml
from tests.space.documents import choice, document, stage
from tests.strategies import arch_specs

colours = st.tuples(*[st.integers(0, 255).map(float) | st.floats(0.5, 255)] * 3)
images = st.builds(Input, st.integers(16, 40), st.integers(16, 40), colours, colours.filter(min))


def again(spec: ArchSpec) -> ArchSpec:
    return to_point(read_yaml(write_yaml(to_mapping(spec)), "FILE"), "FILE").spec


@settings(max_examples=80)
@given(
    arch_specs(max_blocks=4),
    images,
    st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=16),
)
def test_a_network_written_as_yaml_and_read_back_is_the_same(
    spec: ArchSpec, image: Input, name: str
) -> None:
    spec = replace(spec, input=image, name=name)
    assert again(spec) == spec
    assert again(spec).name == name
    assert again(spec).digest() == spec.digest()


def test_equal_blocks_make_one_row_but_each_stride_of_2_its_own() -> None:
    one = InvertedBottleneck(inputs=8, middle=16, outputs=8)
    two = replace(one, stride=2)
    spec = ArchSpec((two, two, one, one), stem=Stem(8))
    assert [row["depth"] for row in to_mapping(spec)["stages"]] == [1, 1, 2]
    assert again(spec) == spec


@pytest.mark.parametrize("name", ["089", "12345678901234e5", "off", "1:3", "null", "true"])
def test_a_name_that_looks_like_another_value_stays_a_name(name: str) -> None:
    spec = ArchSpec((InvertedBottleneck(inputs=8, middle=16, outputs=8),), stem=Stem(8), name=name)
    assert again(spec).name == name


def test_a_point_with_choices_left_is_one_fault_that_counts_them() -> None:
    values = document(
        stage(width=choice(8, 16), se=choice("off", 4)), head={"width": choice(8, 16)}
    )
    with pytest.raises(DocumentError) as caught:
        to_point(values, "FILE")
    (fault,) = caught.value.faults
    assert "stages.0.width and 2 more" in fault


def test_a_point_whose_numbers_do_not_fit_is_refused_by_its_block() -> None:
    with pytest.raises(DocumentError) as caught:
        to_point(document(stage(), stage(width=10)), "FILE")
    expected = (
        "FILE: stages.1.blocks.0: split [1, 3] must divide the channels: 10 is not a multiple of 4"
    )
    assert str(caught.value) == expected


def test_an_expansion_that_gives_no_whole_width_is_refused() -> None:
    with pytest.raises(
        DocumentError,
        match=r"^FILE: stages.0.blocks.0: expansion x inputs must be a whole number, got 1.3 x 8$",
    ):
        to_point(document(stage(expansion=1.3)), "FILE")


def test_an_expansion_is_exact_decimal_arithmetic() -> None:
    assert (
        to_point(
            document(stage(kind="inverted_bottleneck", expansion=0.1), stem={"width": 30}), "FILE"
        )
        .spec.blocks[0]
        .middle
        == 3
    )


@pytest.mark.parametrize(
    ("text", "counted", "agrees"),
    [
        ("1.3M", 1_370_176, True),  # truncated
        ("1.3M", 1_300_000, True),
        ("1.3M", 1_250_000, True),  # rounded
        ("1.3M", 1_249_999, False),
        ("1.3M", 1_400_000, False),
        ("146M", 145_762_816, True),
        ("146M", 145_499_999, False),
        ("462M", 231_974_912, False),
        ("0.99M", 1_003_136, False),
        ("0.99M", 995_584, True),
        ("5", 5, True),
        ("5", 6, False),
    ],
)
def test_a_count_agrees_with_print_that_rounds_or_truncates(
    text: str, counted: int, agrees: bool
) -> None:
    assert PublishedValue.parse(text).agrees(counted) is agrees


@given(st.integers(1, 10**9), st.sampled_from(("", "K", "M")))
def test_every_print_agrees_with_the_number_that_it_says(value: int, suffix: str) -> None:
    printed = PublishedValue.parse(f"{value}{suffix}")
    assert printed.agrees(printed.value)
    assert not printed.agrees(printed.value + printed.step)
    assert not printed.agrees(printed.value - printed.step)


def test_what_was_published_comes_with_the_point() -> None:
    published = {"params": "1.3M", "madds": 146_000_000, "lfw": 99.55, "source": "a paper"}
    point = to_point(document(published=published, counted={"params": 5}, about="small"), "FILE")
    assert point.published.params == PublishedValue(1_300_000, 100_000)
    assert point.published.madds == PublishedValue(146_000_000, 1)
    assert point.published.accuracies == {"lfw": 99.55}
    assert point.published.source == "a paper"
    assert point.counted == {"params": 5}
    assert point.about == "small"
