"""Optuna's storage in a database, for a study that outlives the outages of its database.

The database is SQLite, or PostgreSQL for drivers on other machines.

Optuna's own storage ends the study at the first lost connection. This one waits until the database
is back and repeats what failed; each write is safe to repeat if it was done and only its
acknowledgement was lost.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakMethod, finalize

from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages._cached_storage import _CachedStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from seesawnas.errors import StudyError
from seesawnas.study.storage.journal import DAMAGE
from seesawnas.study.storage.lease import RENEWED_EVERY, STALE_AFTER, Lease
from seesawnas.study.storage.tables import Database, has_tables
from seesawnas.text import one_line

PATIENCE = 300.0
_PAUSE = 1.0
# SQLSTATE classes and codes after which the same statement may well succeed: connection exceptions,
# rolled back for others' sake, shut down, crashed, starting up, too many connections, a standby
# that is being promoted.
_PASSING_CLASSES = ("08", "40")
_PASSING = ("57P01", "57P02", "57P03", "53300", "25006")

# Of damaged rows Optuna prints its SQL, and reads them in another way; what comes of it is said in
# a line by whoever asked.
logging.getLogger("optuna.storages._rdb.storage").setLevel(logging.ERROR)

P = ParamSpec("P")
R = TypeVar("R")
Say = Callable[[str], None]


class DamagedError(StudyError):
    """A database that can be asked, and answers with what is not a study's."""


def _silent(line: str) -> None:
    pass


def _patient(
    method: Callable[Concatenate[PatientStorage, P], R],
) -> Callable[Concatenate[PatientStorage, P], R]:
    def repeat(self: PatientStorage, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.repeated(lambda again: method(self, *args, **kwargs))

    return repeat


def _fenced(
    method: Callable[Concatenate[PatientStorage, P], R],
) -> Callable[Concatenate[PatientStorage, P], R]:
    def write(self: PatientStorage, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.writing():
            return method(self, *args, **kwargs)

    return _patient(write)


class PatientStorage(_CachedStorage):
    """A database that a driver holds by a lease (:meth:`hold`) and waits for when it is out.

    It waits for up to ``patience`` seconds per outage. Reading, and all before a lease is held,
    waits for nothing. ``say`` reports in a line when an outage begins and ends.
    """

    def __init__(self, url: str, shown: str, *, writing: bool = True) -> None:
        """Open the database of ``url``; if ``writing``, make the tables if they are missing.

        Raises:
            StudyError: If the tables are missing and ``writing`` is False.
        """
        if not writing and not has_tables(url):
            raise StudyError(f"storage {shown}: contains no study")
        self.database = Database(url)
        super().__init__(self.database)
        self.say: Say = _silent
        self.lease: Lease | None = None
        self._shown = shown
        self._patience = 0.0
        self._writing = False
        # SQLAlchemy keeps its listeners for ever: a method would keep this storage, and its
        # connections, as long as the process lives.
        fence = WeakMethod(self._fence)
        event.listen(
            self.database.scoped_session,
            "before_commit",
            lambda session: method(session) if (method := fence()) else None,
        )
        # Connections are closed with it, and not whenever they are collected.
        finalize(self, self.database.engine.dispose)

    @contextmanager
    def hold(
        self,
        study_id: int,
        name: str,
        *,
        patience: float = PATIENCE,
        every: float = RENEWED_EVERY,
        stale: float = STALE_AFTER,
    ) -> Iterator[None]:
        """Hold a study for this process.

        Raises:
            StudyError: If another process has it.
        """
        lease = Lease(self.database.engine, study_id, name, every=every, stale=stale)
        self.repeated(lambda again: lease.take())
        self.lease, self._patience = lease, patience
        try:
            yield
        finally:
            self._patience, self.lease = 0.0, None
            lease.release()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """What is written within goes in only as long as the lease is held."""
        self._writing = True
        try:
            yield
        finally:
            self._writing = False

    def repeated(self, call: Callable[[bool], R]) -> R:
        """The result of ``call``, as soon as the database gives it.

        ``call`` gets whether it was tried before.

        Raises:
            StudyError: In a line, if that takes longer than the patience, or if waiting would not
                help.
        """
        since: float | None = None
        while True:
            try:
                result = call(since is not None)
            except (StorageInternalError, SQLAlchemyError) as error:
                since = self._wait(_cause(error), since)
            except Exception as error:
                if not _is_damage(error):
                    raise
                raise DamagedError(f"storage {self._shown}: {_damage(error)}") from None
            else:
                if since is not None:
                    self.say(
                        f"storage {self._shown}: available again after "
                        f"{time.monotonic() - since:.0f} s"
                    )
                return result

    def _wait(self, error: BaseException, since: float | None) -> float:
        now = time.monotonic()
        why = _line(error)
        if not _passes(error):
            raise StudyError(
                f"storage {self._shown}: {why}; fix this, then run the same command to resume"
            ) from None
        if since is None and self._patience:
            self.say(
                f"storage {self._shown}: cannot be reached, waiting up to {self._patience:.0f} s: "
                f"{why}"
            )
        if now - (since or now) >= self._patience:
            self._patience = 0.0  # what is cleared up after giving up shall not wait again
            raise StudyError(
                f"storage {self._shown}: cannot be reached: {why}; run the same command to resume "
                "once it is available"
            )
        try:
            time.sleep(_PAUSE)
        except BaseException:
            self._patience = 0.0  # nor after Ctrl-C
            raise
        return since or now

    def _fence(self, session: Session) -> None:
        if self._writing and self.lease is not None:
            self.lease.fence(session)

    get_study_id_from_name = _patient(_CachedStorage.get_study_id_from_name)
    get_study_name_from_id = _patient(_CachedStorage.get_study_name_from_id)
    get_study_directions = _patient(_CachedStorage.get_study_directions)
    get_study_user_attrs = _patient(_CachedStorage.get_study_user_attrs)
    get_study_system_attrs = _patient(_CachedStorage.get_study_system_attrs)
    get_all_studies = _patient(_CachedStorage.get_all_studies)
    get_trial = _patient(_CachedStorage.get_trial)
    get_all_trials = _patient(_CachedStorage.get_all_trials)
    get_best_trial = _patient(_CachedStorage.get_best_trial)
    get_trial_id_from_study_id_trial_number = _patient(
        _CachedStorage.get_trial_id_from_study_id_trial_number
    )

    create_new_study = _patient(_CachedStorage.create_new_study)
    set_study_user_attr = _fenced(_CachedStorage.set_study_user_attr)
    set_study_system_attr = _fenced(_CachedStorage.set_study_system_attr)
    set_trial_param = _fenced(_CachedStorage.set_trial_param)
    set_trial_intermediate_value = _fenced(_CachedStorage.set_trial_intermediate_value)
    set_trial_user_attr = _fenced(_CachedStorage.set_trial_user_attr)
    set_trial_system_attr = _fenced(_CachedStorage.set_trial_system_attr)

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Store a trial, once."""

        def create(again: bool) -> int:
            self.database.tried = again
            with self.writing():
                return super(PatientStorage, self).create_new_trial(study_id, template_trial)

        return self.repeated(create)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Any = None) -> bool:
        """Bring a trial into ``state``; if that was done and not acknowledged, it is done.

        The study has one writer: a state that is found when trying again is its own work.
        """

        def bring(again: bool) -> bool:
            try:
                with self.writing():
                    done = super(PatientStorage, self).set_trial_state_values(
                        trial_id, state, values
                    )
            except UpdateFinishedTrialError:
                if not again:
                    raise
                done = False
            return done or (again and self.database.get_trial(trial_id).state is state)

        return self.repeated(bring)


def _cause(error: Exception) -> BaseException:
    return error.__cause__ if isinstance(error, StorageInternalError) and error.__cause__ else error


def _is_damage(error: Exception) -> bool:
    """Whether ``error`` is what a cell of a wrong type makes of Optuna and SQLAlchemy.

    A KeyError that says that something does not exist is Optuna's answer to a question.
    """
    if isinstance(error, KeyError):
        return "exist" not in str(error)
    return isinstance(error, DAMAGE)


def _damage(error: Exception) -> str:
    return one_line(
        f"contains data that Optuna did not write: {str(error) or type(error).__name__}"
    )


def _passes(error: BaseException) -> bool:
    """Whether the same may succeed later without anything being done at this end."""
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlstate", None)
    if code is not None:
        return error.connection_invalidated or code.startswith(_PASSING_CLASSES) or code in _PASSING
    if "sqlite" in type(error.orig).__module__:
        return "locked" in str(error.orig)
    return isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated


def _line(error: BaseException) -> str:
    lines = str(getattr(error, "orig", error)).strip().splitlines()
    return lines[0].rstrip(":,") if lines else type(error).__name__
