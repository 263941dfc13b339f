"""Levels as words: how a word is made a level of an attribute by its own rule, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

from seesawnas.arch import rules
from seesawnas.arch.blocks import AttributeInfo
from seesawnas.arch.rules import Option
from seesawnas.text import short

_DIGITS = 20
_TRUTHS = {"true": True, "false": False}


def ruled(one: AttributeInfo) -> Callable[[str], str]:
    """Makes a word the one spelling of a level. Raises ValueError with the rule and then the word."""
    return _ratio if one.rule is rules.ratio else lambda word: level_word(one, _option(one, word))


def option_of(one: AttributeInfo, level: str) -> Option:
    """The option that a level stands for. Raises ValueError."""
    if one.rule is rules.ratio:
        value = Fraction(level)
        return one.rule(int(value) if value.denominator == 1 else float(value))
    return _option(one, level)


def level_word(one: AttributeInfo, value: Any) -> str:
    """A level's word for an option, or for a block's own value."""
    if one.rule is rules.ratio:
        return ratio_word(Fraction(str(value)))
    if isinstance(value, (tuple, list)):
        return ":".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value == 0 and one.rule is rules.size_or_none else str(value)


def ratio_word(ratio: Fraction) -> str:
    """As a decimal where that says it all."""
    word = f"{float(ratio):g}"
    return word if Fraction(word) == ratio else str(ratio)


def _option(one: AttributeInfo, word: str) -> Option:
    meant = list(_meanings(one, word))
    for value in meant[1:]:
        with suppress(ValueError):
            return one.rule(value)
    try:
        return one.rule(meant[0])
    except ValueError as error:  # with the word as it was written
        raise ValueError(f"{str(error).partition(', got ')[0]}, got {short(word)}") from None


def _meanings(one: AttributeInfo, word: str) -> Iterator[Any]:
    """What YAML would read in the word, and the word itself."""
    if one.rule is rules.split or len(word) > _DIGITS or not word.isascii():
        yield word
    elif word.isdecimal():
        yield int(word)
    elif word in _TRUTHS:
        yield word
        yield _TRUTHS[word]
    else:
        yield word
        with suppress(ValueError):
            yield float(word)


def _ratio(word: str) -> str:
    try:
        ratio = Fraction(word if len(word) <= _DIGITS and "e" not in word.lower() else "")
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"must be a number such as 1.5 or 3/2, got {short(word)}") from None
    if not 0 < ratio <= 1000:
        raise ValueError(f"must be positive and at most 1000, got {short(word)}")
    return ratio_word(ratio)
