"""What a browser may do with the dashboard.

Nothing is loaded from elsewhere, and no page from elsewhere can ask.

A page of another site can have its own name resolve to this machine, and then read what answers to
any name (DNS rebinding). So only the names that the dashboard listens under are answered. Ports are
not compared: a tunnel may have another.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any, TypeAlias

from seesawnas.text import escape_line

App: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_EVERYWHERE = ("", "0.0.0.0", "::")
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[^\[\]:/?#@,\s]{1,253}?)\.?(?::[0-9]{1,5})?")
# optuna-dashboard writes styles as it draws; its parallel coordinates (WebGL) are compiled by eval.
_PAGE = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline' data:; "
    "img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; frame-src 'none'; base-uri "
    "'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_FILE = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)


def check_request_origin(app: App, host: str) -> App:
    """``app``, answering only to the names of ``host``, the address that its server listens on."""
    names = _names(host)

    def answer(environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
        asked = str(environ.get("HTTP_HOST", ""))
        if not _is_ours(asked, names, is_everywhere=host in _EVERYWHERE):
            listed = ", ".join(names)
            return _refuse(
                respond,
                "421 Misdirected Request",
                f"Host: must be {listed}, got {asked}; see --host",
            )
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and str(origin).lower() not in (
            f"http://{asked.lower()}",
            f"https://{asked.lower()}",
        ):
            return _refuse(
                respond, "403 Forbidden", f"Origin: must be http://{asked}, got {origin}"
            )
        return app(environ, respond)

    return answer


def add_security_headers(app: App) -> App:
    """``app`` with headers that restrict what a browser does with its pages.

    It loads nothing from elsewhere, shows them in no frame and guesses no type.
    """

    def answer(environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
        is_file = str(environ.get("PATH_INFO", "")).startswith("/artifacts/")
        ours = (("Content-Security-Policy", _FILE if is_file else _PAGE), *_HEADERS)
        replaced = {name.lower() for name, _ in ours}

        def with_headers(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            theirs = [(name, value) for name, value in headers if name.lower() not in replaced]
            return respond(status, [*theirs, *ours], *rest)

        return app(environ, with_headers)

    return answer


def _names(host: str) -> tuple[str, ...]:
    name = host.lower()
    if name in _EVERYWHERE:
        return (*_LOOPBACK, socket.gethostname().lower())
    shown = f"[{name}]" if ":" in name else name
    is_loopback = shown in _LOOPBACK or (_is_address(shown) and ip_address(name).is_loopback)
    return tuple(dict.fromkeys((*_LOOPBACK, shown))) if is_loopback else (shown,)


def _is_ours(asked: str, names: tuple[str, ...], *, is_everywhere: bool) -> bool:
    """Whether the server may be asked by the name ``asked``.

    If it listens on every address, each may be asked by itself: no other site can have an address
    for its name.
    """
    match = _HOST.fullmatch(asked.lower())
    return match is not None and (match[1] in names or (is_everywhere and _is_address(match[1])))


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _refuse(respond: Callable[..., Any], status: str, line: str) -> Iterable[bytes]:
    body = f"{escape_line(line)[:300]}\n".encode("utf-8", "replace")
    respond(
        status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    )
    return [body]
