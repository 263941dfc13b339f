"""Whether a run's data, storage and engine are there, before anything is written; every fault at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from seesawnas.data import open_source
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.io.files import expanded
from seesawnas.study.engines.registry import EngineSettings, check_engine
from seesawnas.study.storage.open import check_storage


@dataclass
class Faults:
    """The faults of several checks, each of which may raise."""

    errors: list[InvalidInput] = field(default_factory=list)

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Keep the error of a check, and go on."""
        try:
            yield
        except InvalidInput as error:
            self.errors.append(error)

    def raised(self) -> None:
        """Raise what was kept: the one error where there is just one, whose kind says more than a StudyError."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise StudyError("\n".join(line for error in self.errors for line in str(error).splitlines()))


def check_run(faults: Faults, data: str | None, storage: str | None, folder: Path, engine: EngineSettings) -> None:
    """Collect what is wrong with where a run's trials get their faces, are stored and run. The faces are not read."""
    with faults.collected():
        check_storage(storage, folder)
    with faults.collected():
        if data is not None and not expanded(data).is_dir():
            open_source(data)  # which says what is wrong with it
    with faults.collected():
        check_engine(engine)
