"""``python -m tests.crash --kills 40 --seed 1``.

A long campaign of random faults, and its figures.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.crash.campaign import STORAGES, campaign
from tests.crash.processes import ENGINES
from tests.postgres import private_server, server_binaries


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--storage", choices=STORAGES, default="journal")
    parser.add_argument("--engine", choices=sorted(ENGINES), default="local")
    given = parser.parse_args()
    with ExitStack() as stack:
        server = None
        if given.storage == "postgresql":
            binaries = server_binaries()
            if binaries is None:
                parser.error("no PostgreSQL server is installed")
            server = stack.enter_context(private_server(binaries))
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine, storage = given.engine, given.storage
        total = campaign(
            root, given.kills, given.seed, engine=engine, storage=storage, server=server, say=_say
        )
    print(f"{given.engine}, {given.storage}, seed {given.seed}: {total}")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
