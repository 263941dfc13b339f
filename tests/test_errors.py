from __future__ import annotations

import re

import pytest

from seesawnas import errors
from seesawnas.errors import (
    BudgetError,
    DocumentError,
    InvalidInput,
    SeesawnasError,
    SpecError,
    TrialError,
)


def test_every_error_is_a_seesawnas_error() -> None:
    found = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert len(found) > 5
    assert all(issubclass(error, SeesawnasError) for error in found)


def test_the_tree_at_the_top_of_the_module_is_the_tree() -> None:
    doc = errors.__doc__ or ""
    drawn: dict[str, str] = {
        name: indent for indent, name in re.findall(r"^([| ]*)[|`]-- (\w+)", doc, re.MULTILINE)
    }
    for name, value in vars(errors).items():
        if (
            isinstance(value, type)
            and issubclass(value, SeesawnasError)
            and value is not SeesawnasError
        ):
            parent = SeesawnasError if drawn[name] == "" else InvalidInput
            assert value.__base__ is parent, name


def test_a_document_error_puts_the_file_before_every_fault() -> None:
    error = DocumentError("a.yaml", ["x: must be 1, got 2", "y: is required, got nothing"])
    assert error.faults == ("x: must be 1, got 2", "y: is required, got nothing")
    assert str(error) == "a.yaml: x: must be 1, got 2\na.yaml: y: is required, got nothing"


@pytest.mark.parametrize("error", [DocumentError, SpecError, BudgetError])
def test_faults_of_the_user_are_invalid_input(error: type[Exception]) -> None:
    assert issubclass(error, InvalidInput)


def test_a_failed_trial_is_not_the_users_fault() -> None:
    assert not issubclass(TrialError, InvalidInput)
