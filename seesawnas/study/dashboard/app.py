"""The study in optuna-dashboard, with notes, diagrams and plots, and read-only.

optuna-dashboard answers; its answer about a study of networks is completed on its way to the
browser: notes, diagrams and plots, and readable attributes. So nothing of this is stored: the
search pays nothing for it, a journal does not grow by it, a study of any age and storage has it,
and it is as fresh as the page. (If it were stored, optuna-dashboard would look through the notes of
all trials once per trial, and every refreshed plot would stay in the journal for good.)
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from optuna.storages import BaseStorage

from seesawnas.errors import StudyError
from seesawnas.study.dashboard.api import DashboardContent, StudyJson
from seesawnas.study.dashboard.guard import add_security_headers
from seesawnas.study.library.view import load_view
from seesawnas.text import escape_line, plain_json

Environ: TypeAlias = dict[str, Any]
Respond: TypeAlias = Callable[..., Any]
App: TypeAlias = Callable[[Environ, Respond], Iterable[bytes]]

READ_ONLY = "This dashboard is read-only."


def dashboard_app(storage: BaseStorage, showcase: DashboardContent) -> App:
    """optuna-dashboard on ``storage`` as a WSGI application.

    Raises:
        StudyError: If optuna-dashboard is not installed.
    """
    try:
        import optuna_dashboard
    except ImportError:
        rule = (
            "the dashboard requires the package optuna-dashboard: pip install "
            "'seesawnas[dashboard]'"
        )
        raise StudyError(rule) from None
    return add_security_headers(_Dashboard(storage, optuna_dashboard.wsgi(storage), showcase))


@dataclass
class _Dashboard:
    storage: BaseStorage
    app: App
    showcase: DashboardContent
    lock: Lock = field(default_factory=Lock)
    answers: dict[int, StudyJson] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)

    def __call__(self, environ: Environ, respond: Respond) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _answer(respond, "403 Forbidden", json.dumps({"reason": READ_ONLY}))
        environ["wsgi.errors"] = io.StringIO()  # tracebacks; one line is said below
        path = str(environ.get("PATH_INFO", "")).rstrip("/")
        if match := re.fullmatch(r"/artifacts/\d+/(\d+)/([0-9a-f]+)", path):
            return self._file(respond, int(match[1]), match[2])
        if match := re.fullmatch(r"/api/studies/(\d+)", path):
            text = self._study(int(match[1]), str(environ.get("QUERY_STRING", "")))
            if text is not None:
                return _answer(respond, "200 OK", text)
        if (match := re.fullmatch(r"/api/studies/(\d+)/plot/(\w+)", path)) and (
            text := self._plot(int(match[1]), match[2])
        ):
            return _answer(respond, "200 OK", text)
        status, headers, body = _ask(self.app, environ)
        if status.startswith("5"):
            self._say(f"{path}: {_last_line(environ['wsgi.errors'].getvalue()) or status}")
        elif path == "/api/meta":
            return _answer(
                respond, status, json.dumps({**json.loads(body), "artifact_is_available": True})
            )
        elif any(
            k.lower() == "content-type" and v.startswith("application/json") for k, v in headers
        ):
            body = plain_json(body.decode()).encode()
        respond(
            status, [*((k, v) for k, v in headers if k.lower() != "content-length"), _length(body)]
        )
        return [body]

    def _study(self, number: int, query: str) -> str | None:
        """Our answer; None if optuna-dashboard's is better, as for another program's study.

        A plot that fails does not cost the page.
        """
        try:
            study = load_view(self.storage, number)
            after = int(parse_qs(query).get("after", ["0"])[0])
            with self.lock:
                answer = self.answers.setdefault(number, StudyJson(self.showcase))
                return answer.text(study, after) if study.is_shipped else None
        except Exception as error:  # the storage is away, or whatever another program stored
            self._say(
                f"study {number}: shown without notes: {type(error).__name__}: "
                f"{_last_line(str(error))}"
            )
            return None

    def _plot(self, number: int, kind: str) -> str | None:
        """A plot that would be too large of a large study; None if optuna-dashboard's will do."""
        # A quarter of a second that only plots need.
        from seesawnas.study.dashboard.plots import (
            bounded_plot,
        )

        try:
            return bounded_plot(self.storage, number, kind)
        except Exception as error:  # as above
            self._say(
                f"study {number}: plot {kind} cannot be drawn: {type(error).__name__}: "
                f"{_last_line(str(error))}"
            )
            return None

    def _file(self, respond: Respond, trial_id: int, artifact: str) -> Iterable[bytes]:
        try:
            trial = self.storage.get_trial(trial_id)
            file = next(file for file in self.showcase.attached(trial) if file.id == artifact)
            body = self.showcase.content(trial, file)
        except (KeyError, StopIteration):
            return _answer(
                respond, "404 Not Found", json.dumps({"reason": "there is no such file"})
            )
        except Exception as error:  # as above: one image is missing
            self._say(
                f"{artifact}: cannot be drawn: {type(error).__name__}: {_last_line(str(error))}"
            )
            return _answer(respond, "500 Internal Server Error", json.dumps({"reason": str(error)}))
        respond(
            "200 OK",
            [("Content-Type", file.mimetype), ("Cache-Control", "max-age=86400"), _length(body)],
        )
        return [body]

    def _say(self, line: str) -> None:
        """Report a fault once, not at every poll."""
        if line not in self.said:
            self.said.add(line)
            print(escape_line(line), file=sys.stderr, flush=True)


def _ask(app: App, environ: Environ) -> tuple[str, list[tuple[str, str]], bytes]:
    answered: list[Any] = []

    def respond(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        answered[:] = [status, headers]

    parts = app(environ, respond)
    try:
        body = b"".join(parts)
    finally:
        getattr(parts, "close", lambda: None)()
    return answered[0], answered[1], body


def _answer(respond: Respond, status: str, text: str) -> Iterable[bytes]:
    body = text.encode()
    respond(status, [("Content-Type", "application/json"), _length(body)])
    return [body]


def _length(body: bytes) -> tuple[str, str]:
    return "Content-Length", str(len(body))


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
