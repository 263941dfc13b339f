"""The URLs of databases.

Here is which URLs are accepted, with which driver, and how they are shown (never with a password).
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from seesawnas.errors import InvalidInput, StudyError
from seesawnas.io.files import expanded
from seesawnas.study.storage.journal import check_regular

_SQLITE = "sqlite:///"
_POSTGRESQL = "postgresql+psycopg"
# Spellings of PostgreSQL that other programs take, and whose options mean the same to the driver
# that this project brings.
_SAME = re.compile(r"postgres(?:ql)?(?:\+psycopg(?:2|2cffi)?)?", re.IGNORECASE)


def normal_url(url: str) -> str:
    """``url`` with the driver that this project brings.

    ``~`` at the beginning of SQLite's file is the home folder.

    Raises:
        StudyError: If there is no home folder.
    """
    scheme, separator, rest = url.strip().partition("://")
    if separator and _SAME.fullmatch(scheme):
        return f"{_POSTGRESQL}://{rest}"
    if separator and scheme.lower() == "sqlite":
        scheme = "sqlite"
        if rest.startswith("/~"):
            try:
                rest = f"/{expanded(rest[1:])}"
            except InvalidInput:
                raise StudyError(
                    f"storage {url}: the home directory for ~ is unknown; give an absolute path"
                ) from None
    return f"{scheme}{separator}{rest}"


def check_url(url: str) -> None:
    """Check that a study can be stored at ``url``.

    Raises:
        StudyError: If ``url`` is none, would keep nothing, or names a file that no database can be.
    """
    if "://" not in url:
        raise StudyError(f"storage must be a URL such as sqlite:///study.db, got {shown_url(url)}")
    scheme, _, rest = url.partition("://")
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite" and "@" in (parsed.database or ""):
            # of a password's @ and / an end would be taken for the host, and shown
            raise ValueError
    except (ArgumentError, ValueError):  # their words repeat parts of a password that is not quoted
        rule = (
            "must be a URL such as postgresql://user:password@host:5432/name(write @ : / in "
            "passwords as %40 %3A %2F)"
        )
        raise StudyError(f"storage {shown_url(url)}: {rule}") from None
    if parsed.get_backend_name() == "postgresql" and scheme != _POSTGRESQL:
        raise StudyError(
            f"storage {shown_url(url)}: must be postgresql:// (driver psycopg 3), got {scheme}://"
        )
    if parsed.get_backend_name() == "sqlite":
        if scheme != "sqlite" and scheme != "sqlite+pysqlite":
            raise StudyError(f"storage {url}: must be {_SQLITE}FILE, got {scheme}://")
        if rest and not rest.startswith("/"):
            raise StudyError(
                f"storage {url}: must have three slashes before the file, {_SQLITE}{rest}"
            )
        if not parsed.database or parsed.database == ":memory:" or "mode=memory" in rest:
            raise StudyError(
                f"storage {url}: must name a file, {_SQLITE}study.db; an in-memory database "
                "cannot be resumed"
            )
        if (file := sqlite_file(url)) is not None:
            check_regular(file)


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite URL; None of other URLs."""
    match = re.match(r"sqlite(?:\+pysqlite)?:///(?!file:)([^?]+)", url)
    return Path(match[1]) if match else None


def missing_file(url: str) -> Path | None:
    """The file of an SQLite URL if it is not there; None if it is, and of other URLs."""
    file = sqlite_file(url)
    return None if file is None or file.is_file() else file


def shown_url(url: str) -> str:
    """``url`` as it may be shown: without its user and whatever in it is a password."""
    url = re.sub(r"//.*@", "//...@", url)
    return re.sub(r"([?&]\w*(?:password|passwd|passfile|key)=)[^&]*", r"\1...", url)


def without_secrets(line: str, url: str) -> str:
    """``line``, an error's, without the secrets in ``url``."""
    for secret in re.findall(r"//[^:@]*:(.*)@|password=([^&]*)", url):
        for word in filter(None, {*secret, *map(unquote, secret)}):
            line = line.replace(word, "...")
    return line.replace(url, shown_url(url)).rstrip(":,")
