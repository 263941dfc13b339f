"""The label of a pair: whether both images show one identity, in the words that files use."""

from __future__ import annotations

from collections.abc import Iterable

from seesawnas.errors import DataError

_KINDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("1", "1.0", "+1"), ("0", "0.0", "-1", "-1.0")),
    (("true", "t"), ("false", "f")),
    (("yes",), ("no",)),
    (("same",), ("different", "diff")),
    (("match",), ("mismatch",)),
    (("genuine",), ("impostor", "imposter")),
    (("positive",), ("negative",)),
)

LABEL_VALUES = {
    word: place == 0 for kind in _KINDS for place, words in enumerate(kind) for word in words
}
"""A label in small letters -> whether it says "same"."""

_ZERO, _MINUS = {"0", "0.0"}, {"-1", "-1.0"}


def are_alike(one: str, two: str) -> bool:
    """Whether a file that writes the label ``one`` could write ``two``.

    "same" and "different" are alike, "same" and "1" are not.
    """
    return any(one in yes + no and two in yes + no for yes, no in _KINDS)


def answer(label: str) -> bool:
    """Whether ``label`` says that both images show one identity.

    Raises:
        DataError: If it is no known label.
    """
    try:
        return LABEL_VALUES[label.lower()]
    except KeyError:
        raise DataError(f"must have a label such as 1 or 0, got {label!r:.40}") from None


def check_words(labels: Iterable[str]) -> None:
    """Refuse 0 beside -1: one of them may mean "unknown".

    Raises:
        DataError: If both occur.
    """
    known = set(labels)
    if known & _ZERO and known & _MINUS:
        raise DataError("labels must be 1 and 0, or 1 and -1, got both 0 and -1")
