"""Study after study under random faults, until enough were done."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from tests.crash.faults import FAULTS, Fault, disturb, restart_postgres
from tests.crash.ledger import JournalLedger, Ledger, PostgresLedger, SqliteLedger
from tests.crash.searching import Figures, Searching
from tests.postgres import PostgresServer

STORAGES = ("journal", "sqlite", "postgresql")


def ledger_for(storage: str, folder: Path, server: PostgresServer | None) -> Ledger:
    folder.mkdir(parents=True, exist_ok=True)
    if storage == "sqlite":
        return SqliteLedger(folder / "study.db")
    if storage == "postgresql":
        assert server is not None
        return PostgresLedger(server, f"crash_{abs(hash(str(folder)))}")
    return JournalLedger(folder / "runs" / "crash" / "journal.log")


def faults_for(storage: str, server: PostgresServer | None) -> dict[str, Fault]:
    faults = dict(FAULTS)
    if storage != "journal":
        del faults["torn tail"]
    if server is not None and storage == "postgresql":
        faults["PostgreSQL restarted"] = restart_postgres(server)
    return faults


def one_study(
    folder: Path,
    order: list[str],
    seed: int,
    *,
    engine: str,
    storage: str,
    server: PostgresServer | None = None,
    trials: int = 6,
) -> Figures:
    """One study under the faults of ``order``, then run to its end and counted."""
    ledger = ledger_for(storage, folder, server)
    search = Searching(folder, engine=engine, trials=trials, ledger=ledger)
    disturb(search, faults_for(storage, server), order, random.Random(seed))
    search.finish()
    figures = search.count()
    assert not search.left_over(), search.left_over()
    assert figures.faultless(), f"{figures}\n{search.errors}"
    return figures


def campaign(
    root: Path,
    kills: int,
    seed: int,
    *,
    engine: str,
    storage: str,
    server: PostgresServer | None,
    say: Callable[[str], None],
) -> Figures:
    """Studies of six trials, four faults or fewer each, until ``kills`` faults were done.

    Every kind comes in turn.
    """
    rng, total, number = random.Random(seed), Figures(studies=0), 0
    deck: list[str] = []
    while (done := sum(total.kills.values())) < kills:
        wanted = min(4, kills - done)
        while len(deck) < wanted:
            names = list(faults_for(storage, server))
            deck += rng.sample(names, len(names))
        order, deck = deck[:wanted], deck[wanted:]
        folder = root / f"study{number}"
        figures = one_study(
            folder, order, rng.randrange(2**32), engine=engine, storage=storage, server=server
        )
        total.add(figures)
        deck = [
            name for name in order if name not in figures.kills
        ] + deck  # the study was done before them
        number += 1
        say(f"study {number}: {figures}")
    return total
