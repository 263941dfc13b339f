"""What other packages offer: found by name, imported when asked for, refused in one line."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from seesawnas.errors import InvalidInput, RunError
from seesawnas.io.entry_points import Extensions, offers
from tests.offers import Offer, offer

__all__ = ["offer"]
GROUP = "seesawnas.tests"


def _number(found: Any) -> int:
    if not isinstance(found, int):
        raise TypeError(f"must be a whole number, got {found}")
    return found


NUMBERS = Extensions(GROUP, ("one", "two"), _number, RunError)


def test_without_packages_there_are_the_included_names() -> None:
    assert offers(GROUP) == ()
    assert NUMBERS.names() == ("one", "two")
    assert NUMBERS.find("three") is None
    assert NUMBERS.find("one") is None


def test_one_is_imported_when_it_is_asked_for_and_not_before(offer: Offer) -> None:
    offer("pack", GROUP, {"three": "lazy_number:N"}, {"lazy_number": "N = 3"})
    assert NUMBERS.names() == ("one", "two", "three")
    assert "lazy_number" not in sys.modules
    assert NUMBERS.find("three") == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise OSError('a\\nb')", "cannot be imported: OSError: a b"),
        ("import sys; sys.exit(3)", "cannot be imported: SystemExit: 3"),
        ("import no_such_module", "cannot be imported: ModuleNotFoundError: "),
        ("M = 3", "cannot be imported: AttributeError: "),
        ("N = 'three'", "must be a whole number, got three"),
    ],
)
def test_a_broken_one_is_one_line_that_names_it_and_its_package(
    offer: Offer, text: str, words: str
) -> None:
    module = f"broken_{abs(hash(text))}"
    offer("pack", GROUP, {"three": f"{module}:N"}, {module: text})
    assert NUMBERS.find("one") is None
    with pytest.raises(RunError) as caught:
        NUMBERS.find("three")
    assert str(caught.value).startswith(f"entry point {GROUP}: three of pack: {words}")
    assert "\n" not in str(caught.value)


def test_what_is_printed_at_import_goes_to_standard_error(
    offer: Offer, capsys: pytest.CaptureFixture[str]
) -> None:
    offer("pack", GROUP, {"three": "talking:N"}, {"talking": "print('hello'); N = 3"})
    assert NUMBERS.find("three") == 3
    assert capsys.readouterr() == ("", "hello\n")


def test_what_is_included_keeps_its_name_and_who_asks_for_it_is_warned(offer: Offer) -> None:
    for package in ("pack", "other"):
        offer(package, GROUP, {"two": f"{package}_two:N"}, {f"{package}_two": "N = 2"})
    assert NUMBERS.names() == ("one", "two")
    assert NUMBERS.find("one") is None
    with pytest.warns(UserWarning, match=r"^entry point .*: two of .*: is not used: ") as warned:
        assert NUMBERS.find("two") is None
    assert len(warned) == 1
    assert not {"pack_two", "other_two"} & set(sys.modules)


def test_a_name_of_two_packages_is_refused_when_it_is_asked_for(offer: Offer) -> None:
    for package in ("first", "second"):
        offer(package, GROUP, {"three": f"{package}_three:N"}, {f"{package}_three": "N = 3"})
    with pytest.raises(InvalidInput, match="must have a unique name, got three") as caught:
        NUMBERS.find("three")
    assert "first" in str(caught.value)
    assert "second" in str(caught.value)
