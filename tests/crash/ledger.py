"""Every epoch that a study was told of, in order, also those told twice.

The study itself keeps only the last.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Protocol

from tests.postgres import PostgresServer

Epochs = list[tuple[int, int]]
"""Number of the trial, epoch."""

_INTERMEDIATE_VALUE = 7  # Optuna's operation code in a journal
_TABLE = "CREATE TABLE ledger (place INTEGER PRIMARY KEY {auto}, trial_id INTEGER, step INTEGER)"
_ENTRY = "INSERT INTO ledger (trial_id, step) VALUES (NEW.trial_id, NEW.step);"
_READ = "SELECT number, step FROM ledger JOIN trials USING (trial_id) ORDER BY place"


class Ledger(Protocol):
    @property
    def url(self) -> str | None:
        """Where the study is stored; None for its folder's journal."""
        ...

    def epochs(self) -> Epochs:
        """What was told so far."""
        ...


class JournalLedger:
    """A journal keeps every operation."""

    url = None

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    def epochs(self) -> Epochs:
        text = self._journal.read_bytes() if self._journal.is_file() else b""
        whole = text[: text.rfind(b"\n") + 1].splitlines()
        found = [line for line in map(json.loads, whole) if line["op_code"] == _INTERMEDIATE_VALUE]
        return [(line["trial_id"], line["step"]) for line in found]


class SqliteLedger:
    """A trigger keeps what an update would overwrite."""

    def __init__(self, place: Path) -> None:
        self._place, self.url = place, f"sqlite:///{place}"
        make_tables(self.url)
        with sqlite3.connect(place) as connection:
            connection.execute(_TABLE.format(auto=""))
            for what in ("INSERT", "UPDATE"):
                on = f"AFTER {what} ON trial_intermediate_values"
                connection.execute(f"CREATE TRIGGER ledger_{what} {on} BEGIN {_ENTRY} END")
        connection.close()

    def epochs(self) -> Epochs:
        connection = sqlite3.connect(self._place, timeout=30)
        try:
            return connection.execute(_READ).fetchall()
        finally:
            connection.close()


class PostgresLedger:
    """A trigger keeps what an update would overwrite."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self._server, self._name, self.url = server, name, server.new_database(name)
        make_tables(self.url)
        server.execute(_TABLE.format(auto="GENERATED ALWAYS AS IDENTITY"), name)
        body = f"BEGIN {_ENTRY} RETURN NEW; END"
        server.execute(
            f"CREATE FUNCTION enter() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$", name
        )
        on = "AFTER INSERT OR UPDATE ON trial_intermediate_values FOR EACH ROW"
        server.execute(f"CREATE TRIGGER ledger {on} EXECUTE FUNCTION enter()", name)

    def epochs(self) -> Epochs:
        return [
            (int(str(number)), int(str(step)))
            for number, step in self._server.execute(_READ, self._name)
        ]


def make_tables(url: str) -> None:
    from seesawnas.study.storage.open import open_url

    open_url(url)
