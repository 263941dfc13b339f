"""The lease on a study in a database: one driver at a time, whatever folder or host it runs in.

It is a row beside the study, changed by compare-and-swap alone, so that of two newcomers exactly
one wins. Its holder renews it; if it is not renewed, or its process is known to be dead, a newcomer
takes it over. Ages are by the database's clock, the one that all drivers share. Clocks decide only
how soon a lease is taken over, never whether two may write: every write of the holder checks the
lease in its own transaction.
"""

from __future__ import annotations

import json
import math
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, column, delete, insert, select, table, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from seesawnas.errors import StudyError
from seesawnas.io.stored_json import stored_mapping
from seesawnas.study.storage.process import ProcessName
from seesawnas.text import escape_line

RENEWED_EVERY = 15.0
STALE_AFTER = 60.0
_RETRY = 2.0
_UNKNOWN = "holder unknown"
KEY = "seesawnas:lease"
"""The study's system attribute that holds its lease."""
# Optuna's table of what programs keep with a study; its user attributes would be shown to users.
_ROWS = table("study_system_attributes", column("study_id"), column("key"), column("value_json"))
_CLOCKS = {
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())",
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400.0",
}


@dataclass(frozen=True, slots=True)
class _Entry:
    """The content of the row.

    Holder, start (UTC), and the database's second of its last renewal.
    """

    token: str
    holder: ProcessName
    since: str
    renewed: float

    def to_json(self) -> str:
        values = {"token": self.token, "since": self.since, "renewed": self.renewed}
        return json.dumps({**values, "holder": self.holder.to_mapping()})

    @classmethod
    def from_json(cls, text: Any) -> _Entry:
        """From the row's text.

        Raises:
            ValueError: If it is not a lease's.
            KeyError: If a value is missing.
        """
        values = stored_mapping(text)
        holder = values["holder"]
        if not isinstance(holder, dict):
            raise ValueError("holder must be a mapping")
        renewed = (
            float(number) if isinstance(number := values["renewed"], int | float) else math.nan
        )
        if not math.isfinite(renewed):
            raise ValueError("renewed must be a number")
        return cls(
            str(values["token"]), ProcessName.from_mapping(holder), str(values["since"]), renewed
        )

    def __str__(self) -> str:
        return f"{self.holder}, since {escape_line(self.since)}"


class Lease:
    """This process's hold on study ``study_id``, called ``name`` in messages; times in seconds."""

    def __init__(
        self,
        engine: Engine,
        study_id: int,
        name: str,
        *,
        every: float = RENEWED_EVERY,
        stale: float = STALE_AFTER,
    ) -> None:
        self._engine, self._study_id, self._name = engine, study_id, name
        self._every, self._stale = every, stale
        self._token = secrets.token_hex(16)
        self._since = ""
        self._lost: str | None = None
        self._end = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="lease", daemon=True)

    def take(self) -> None:
        """Take the lease, and renew it in the background until :meth:`release`.

        Raises:
            StudyError: If another process has it; the message says which, and since when.
            SQLAlchemyError: If the database cannot be asked.
        """
        while True:
            now, old = self._now(), self._read()
            if old is not None:
                self._refuse_if_alive(old, now)
            self._since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
            if self._swap(old, self._entry(now)):
                break
        self._keeper.start()

    def holder(self) -> str | None:
        """Which process has the lease, and since when, in words; None if none has it.

        Raises:
            SQLAlchemyError: If the database cannot be asked.
        """
        now, row = self._now(), self._read()
        if row is None:
            return None
        try:
            entry = _Entry.from_json(row)
        except (ValueError, KeyError, TypeError, OverflowError):
            return _UNKNOWN
        is_over = now - entry.renewed >= self._stale or entry.holder.is_gone()
        return None if is_over else str(entry)

    def check(self) -> None:
        """Check that the lease was not found lost.

        Raises:
            StudyError: If it was.
        """
        if self._lost is not None:
            raise StudyError(
                f"study {self._name}: another search ({self._lost}) took over this study because "
                "this one did not "
                "respond; this one stops writing"
            )

    def fence(self, session: Session) -> None:
        """Keep the lease until the transaction of ``session`` ends: nobody takes it before.

        Raises:
            StudyError: If another process holds it.
        """
        session.flush()  # SQLite locks at the first write
        row = session.execute(
            select(_ROWS.c.value_json).where(*self._where()).with_for_update(read=True)
        ).scalar()
        self._compare(row)

    def release(self) -> None:
        """Give the lease up, if the database can be reached; otherwise it goes stale."""
        self._end.set()
        if self._keeper.ident is not None:
            self._keeper.join(timeout=_RETRY)
        with suppress(SQLAlchemyError), self._engine.begin() as connection:
            connection.execute(delete(_ROWS).where(*self._where(), self._mine()))

    def _refuse_if_alive(self, old: str, now: float) -> None:
        try:
            entry = _Entry.from_json(old)
        except (ValueError, KeyError, TypeError, OverflowError):
            raise StudyError(
                f"study {self._name}: its lock was written by another version of seesawnas"
            ) from None
        age = now - entry.renewed
        if age >= self._stale or entry.holder.is_gone():
            return
        raise StudyError(
            f"study {self._name}: another search is using this study ({entry}), last active "
            f"{max(0.0, age):.0f} s ago; "
            f"after {self._stale:.0f} s without activity the same command can take over"
        )

    def _keep(self) -> None:
        pause = self._every
        while not self._end.wait(pause) and self._lost is None:
            try:
                self._renew()
                pause = self._every
            # Whoever writes hears of it and waits; here the next moment is tried.
            except SQLAlchemyError:
                pause = min(_RETRY, self._every)

    def _renew(self) -> None:
        entry = self._entry(self._now())
        with self._engine.begin() as connection:
            renewed = connection.execute(
                update(_ROWS).where(*self._where(), self._mine()).values(value_json=entry)
            )
        if not renewed.rowcount:
            with suppress(StudyError):
                self._compare(self._read())

    def _compare(self, row: str | None) -> None:
        if row is None or self._token not in row:
            self._lost = self._lost or _holder(row)
            self.check()

    def _swap(self, old: str | None, new: str) -> bool:
        """Put ``new`` in the place of ``old``.

        Return False if something else stands there by now.
        """
        try:
            with self._engine.begin() as connection:
                if old is None:
                    connection.execute(
                        insert(_ROWS).values(study_id=self._study_id, key=KEY, value_json=new)
                    )
                    return True
                swap = (
                    update(_ROWS)
                    .where(*self._where(), _ROWS.c.value_json == old)
                    .values(value_json=new)
                )
                return connection.execute(swap).rowcount == 1
        except IntegrityError:
            return False

    def _read(self) -> str | None:
        with self._engine.begin() as connection:
            found: str | None = connection.execute(
                select(_ROWS.c.value_json).where(*self._where())
            ).scalar()
        return found

    def _now(self) -> float:
        clock = _CLOCKS.get(self._engine.dialect.name)
        if clock is None:
            return time.time()
        with self._engine.begin() as connection:
            return float(connection.execute(text(clock)).scalar_one())

    def _entry(self, now: float) -> str:
        return _Entry(self._token, ProcessName.mine(), self._since, now).to_json()

    def _where(self) -> tuple[Any, Any]:
        return _ROWS.c.study_id == self._study_id, _ROWS.c.key == KEY

    def _mine(self) -> Any:
        return _ROWS.c.value_json.contains(self._token)


def _holder(row: str | None) -> str:
    try:
        return str(_Entry.from_json(row or ""))
    except (ValueError, KeyError, TypeError, OverflowError):
        return _UNKNOWN
