"""Text from strangers, cleaned."""

from __future__ import annotations

import csv
import io
import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.space import read_yaml, write_yaml
from seesawnas.text import csv_cell, escape_line, plain, plain_json, plain_values

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202eabc\u2028\x9b31m\udcff\x00\r"
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from(HOSTILE + "\t\n=+-@`|<&")))
VISIBLE_MARKS = {
    0x600,
    0x601,
    0x602,
    0x603,
    0x604,
    0x605,
    0x6DD,
    0x70F,
    0x890,
    0x891,
    0x8E2,
    0x110BD,
    0x110CD,
}


def steers(character: str) -> bool:
    hides = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return hides and character not in "\t\n" and ord(character) not in VISIBLE_MARKS


def test_every_character_that_steers_or_hides_is_spelled_out_and_no_other() -> None:
    egyptian = range(0x13430, 0x13440)  # joins hieroglyphs
    for code in range(sys.maxunicode + 1):
        if code not in egyptian and not 0xFFF0 <= code <= 0xFFFB and not 0x2060 <= code <= 0x206F:
            assert (plain(chr(code)) != chr(code)) is steers(chr(code)), hex(code)


@given(TEXTS)
def test_clean_text_stays_clean_and_has_the_same_lines(text: str) -> None:
    clean = plain(text)
    assert plain(clean) == clean
    assert not any(map(steers, clean))
    assert clean.count("\n") == text.count("\n")
    line = escape_line(text)
    assert "\n" not in line
    assert "\t" not in line
    clean.encode()


@given(
    st.recursive(
        TEXTS | st.integers() | st.booleans() | st.none(),
        lambda inner: st.dictionaries(TEXTS, inner),
    )
)
def test_a_document_is_cleaned_as_its_values_are(values: object) -> None:
    assert json.loads(plain_json(json.dumps(values))) == plain_values(values)
    assert json.loads(plain_json(json.dumps(values, ensure_ascii=False))) == plain_values(values)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "@SUM(1)", "-1+1", "-x", "\t=1", "\r=1", " =1", "=", "\uff1d1"]
)
def test_a_formula_becomes_text(text: str) -> None:
    assert str(csv_cell(text)).startswith("'")


@pytest.mark.parametrize(
    "value", ["-0.5", "+1", "-1e-3", -0.5, 3, None, True, "", "a=b", "1:3", "-inf"]
)
def test_numbers_and_words_stay(value: object) -> None:
    assert csv_cell(value) is value or csv_cell(value) == value


@given(TEXTS)
def test_no_cell_of_a_sheet_begins_a_formula(text: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerow([csv_cell(text)])
    ((cell,),) = list(csv.reader(io.StringIO(file.getvalue(), newline="")))
    if cell.strip()[:1] in ("=", "+", "-", "@"):
        float(cell)


@given(st.dictionaries(TEXTS, TEXTS, max_size=3))
def test_a_yaml_file_says_the_same_and_steers_nothing(values: dict[str, str]) -> None:
    values = {
        name: text
        for name, text in values.items()
        if not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in name + text)
    }
    text = write_yaml(values)
    assert not any(map(steers, text))
    assert read_yaml(text, "x.yaml") == values
