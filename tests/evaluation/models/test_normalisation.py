"""How pixels become a foreign model's input."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.errors import InvalidInput
from seesawnas.evaluation.models.normalisation import (
    NORMALISATIONS,
    parse_normalisation,
    scale_caution,
)

_NUMBERS = st.floats(0.01, 1000)


def test_names_and_their_numbers_say_the_same() -> None:
    assert parse_normalisation("none") == parse_normalisation("0,1") == (0.0, 1.0)
    assert parse_normalisation("0..1") == parse_normalisation("0, 255")
    assert parse_normalisation("128") == parse_normalisation("127.5,128")
    assert parse_normalisation("ImageNet") == parse_normalisation(
        "123.675,116.28,103.53,58.395,57.12,57.375"
    )


@given(st.tuples(_NUMBERS, _NUMBERS, _NUMBERS), st.tuples(_NUMBERS, _NUMBERS, _NUMBERS))
def test_three_means_and_stds_are_read_in_their_order(
    means: tuple[float, float, float], stds: tuple[float, float, float]
) -> None:
    found = parse_normalisation(",".join(map(repr, means + stds)))
    for values, wanted in zip(found, (means, stds), strict=True):
        assert (values if isinstance(values, tuple) else (values,) * 3) == wanted


_ODD = (
    "",
    "256",
    "127",
    "1,2,3",
    "1,2,3,4",
    "a,b",
    "1_0,1",
    "١,١",
    ",",
    "1,",
    "\x1b[31m",
    "1," * 5000,
)
_WRONG_NUMBERS = (
    "nan,1",
    "1,nan",
    "inf,1",
    "1,inf",
    "1,0",
    "1,-2",
    "1e400,1",
    "1,1e-320",
    "1,2,3,1,0,1",
)


@pytest.mark.parametrize("text", [*_ODD, *_WRONG_NUMBERS])
def test_other_texts_are_one_printable_line(text: str) -> None:
    with pytest.raises(InvalidInput, match="--normalise") as caught:
        parse_normalisation(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@given(st.text())
def test_any_text_is_numbers_or_one_line(text: str) -> None:
    with suppress(InvalidInput):
        assert len(parse_normalisation(text)) == 2


def test_numbers_for_pixels_from_0_to_1_get_a_caution() -> None:
    assert not any(scale_caution(*values) for values in NORMALISATIONS.values())
    assert "127.5,127.5" in scale_caution(0.5, 0.5)[0]
    assert scale_caution((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
