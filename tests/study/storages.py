"""The storages a study may lie in, each ready to be opened anew any number of times."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from seesawnas.study import StudyRecord, open_storage
from tests.postgres import PostgresServer
from tests.study.fakes import small_set

KINDS = ("journal", "sqlite", "postgresql")
DATABASES = ("sqlite", "postgresql")
_numbers = itertools.count()

Reopen = Callable[[], StudyRecord]


def new_url(kind: str, folder: Path, request: pytest.FixtureRequest) -> str | None:
    if kind == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        # What a test leaves open holds its connections until it is collected; a server has few.
        request.addfinalizer(lambda: gc.collect() and None)
        return server.new_database(f"study_{next(_numbers)}")
    return f"sqlite:///{folder}/study.db" if kind == "sqlite" else None


def record_at(url: str | None, folder: Path) -> StudyRecord:
    return StudyRecord(open_storage(url, folder, writing=True), "s", small_set().decisions)
