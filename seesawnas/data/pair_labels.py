"""What the third thing of a pair may be: whether both images show one identity, in the words that files use."""

from __future__ import annotations

from collections.abc import Iterable

from seesawnas.errors import DataError

ANSWERS = {
    **dict.fromkeys(("1", "1.0", "true", "t", "yes", "same", "genuine", "match", "positive"), True),
    **dict.fromkeys(("0", "0.0", "-1", "-1.0", "false", "f", "no", "different", "diff", "impostor", "imposter"), False),
    **dict.fromkeys(("mismatch", "negative"), False),
}
"""A label in small letters -> whether it says "same"."""

_ZERO, _MINUS = {"0", "0.0"}, {"-1", "-1.0"}


def answer(label: str) -> bool:
    """Whether ``label`` says that both images show one identity. Raises DataError."""
    try:
        return ANSWERS[label.lower()]
    except KeyError:
        raise DataError(f"must have a label such as 1 or 0, got {label!r:.40}") from None


def check_words(labels: Iterable[str]) -> None:
    """Raise DataError for 0 beside -1: one of them may mean "unknown"."""
    known = set(labels)
    if known & _ZERO and known & _MINUS:
        raise DataError("must have labels of two kinds (1 and 0, or 1 and -1), got both 0 and -1")
