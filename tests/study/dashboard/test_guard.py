"""Who may ask the dashboard, and what its pages may load."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from seesawnas.study.dashboard.guard import add_security_headers, check_request_origin


def hello(environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
    respond(
        "200 OK", [("Content-Security-Policy", "default-src *"), ("Content-Type", "text/plain")]
    )
    return [b"hello"]


def asked(app: Any, **environ: str) -> tuple[int, bytes, dict[str, str]]:
    found: dict[str, Any] = {}
    filled: dict[str, Any] = dict(environ)
    setup_testing_defaults(filled)
    body = b"".join(
        app(filled, lambda status, headers, *_: found.update(status=status, headers=dict(headers)))
    )
    return int(found["status"][:3]), body, found["headers"]


@pytest.mark.parametrize(
    ("listens", "host", "status"),
    [
        *(
            ("127.0.0.1", host, 200)
            for host in ("127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080")
        ),
        *(
            ("127.0.0.1", host, 421)
            for host in ("evil.example", "127.0.0.1.evil.example:8080", "localhost.evil.example")
        ),
        *(
            ("127.0.0.1", host, 421)
            for host in (
                "",
                "10.0.0.1",
                "localhost:x",
                "a@localhost",
                "localhost, evil",
                "x" * 9999,
            )
        ),
        *(("::1", host, 200) for host in ("localhost", "[::1]:1")),
        *(
            ("gpu-box", host, status)
            for host, status in (("gpu-box:8080", 200), ("localhost", 421), ("evil", 421))
        ),
        *(
            ("10.0.0.2", host, status)
            for host, status in (("10.0.0.2:8080", 200), ("10.0.0.3", 421), ("evil", 421))
        ),
        *(
            ("0.0.0.0", host, status)
            for host, status in (("10.0.0.2:8080", 200), ("localhost", 200), ("evil", 421))
        ),
    ],
)
def test_only_names_that_it_listens_under_are_answered(
    listens: str, host: str, status: int
) -> None:
    found, body, _ = asked(check_request_origin(hello, listens), HTTP_HOST=host)
    assert found == status
    assert (body == b"hello") is (status == 200)
    assert status == 200 or (body.count(b"\n"), len(body) < 400) == (1, True)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8080", 200),
        ("http://127.0.0.1:9", 403),
        ("http://evil.example", 403),
        ("null", 403),
    ],
)
def test_pages_of_other_origins_are_refused(origin: str, status: int) -> None:
    app = check_request_origin(hello, "127.0.0.1")
    assert asked(app, HTTP_HOST="127.0.0.1:8080", HTTP_ORIGIN=origin)[0] == status


def test_pages_load_nothing_from_elsewhere_and_stand_in_no_frame() -> None:
    _, _, headers = asked(add_security_headers(hello), PATH_INFO="/dashboard")
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert not any(word in value for value in policy.values() for word in ("http", "*"))
    assert headers["X-Content-Type-Options"] == "nosniff"
    _, _, headers = asked(add_security_headers(hello), PATH_INFO="/artifacts/0/0/abc")
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]
