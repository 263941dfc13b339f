"""Images by the paths that a stranger's list gives them, below one folder and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

from seesawnas.data.images import SUFFIXES
from seesawnas.errors import DataError


class FileFinder:
    """Finds files below ``root``.

    Extensions are compared without regard to case, folders and names exactly.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._home = os.path.realpath(root)
        self._listings: dict[str, dict[str, list[str]]] = {}

    def find(self, path: str) -> str | None:
        """Where ``path`` lies, relative to the root; None if there is no such file.

        ``path`` is relative to the root or absolute, and may have the separators of Windows. A file
        of exactly this name is preferred to those whose extension differs in case.

        Raises:
            DataError: If the path leads out of the root, or if there is no exact match and several
                files differ from it only in the case of their extension.
        """
        place = self._look(path)
        return self._look(path.replace("\\", "/")) if place is None and "\\" in path else place

    def _look(self, path: str) -> str | None:
        if self._is_file(path):
            return self._relative(path)
        folder, name = os.path.split(path)
        stem, extension = os.path.splitext(name)
        if extension.lower() not in SUFFIXES:
            return None
        alike = self._listing(folder).get(stem + extension.lower(), [])
        if len(alike) > 1:
            raise DataError(
                f"must match only one image, got {path!r:.100} (matches "
                f"{', '.join(alike[:3])!r:.100})"
            )
        found = os.path.join(folder, alike[0]) if alike else None
        return self._relative(found) if found is not None and self._is_file(found) else None

    def _is_file(self, path: str) -> bool:
        try:
            real = os.path.realpath(os.path.join(self._home, path))
        except (OSError, ValueError):  # a zero byte, half a surrogate pair, or a name too long
            return False
        if not real.startswith(self._home.rstrip(os.sep) + os.sep) and real != self._home:
            raise DataError(
                f"must be an image path inside {self._root} (--images), got {path!r:.100}"
            )
        return os.path.isfile(real)

    def _relative(self, path: str) -> str:
        # One file, one place, whether a list calls it a.jpg, ./a.jpg or by its whole path.
        if (
            not os.path.isabs(path)
            and not path.startswith("./")
            and "//" not in path
            and "/./" not in path
        ):
            return path
        return os.path.relpath(os.path.realpath(os.path.join(self._home, path)), self._home)

    def _listing(self, folder: str) -> dict[str, list[str]]:
        """Names of images in ``folder`` by themselves, their extension in lower case."""
        if folder not in self._listings:
            found: dict[str, list[str]] = {}
            try:
                names = sorted(os.listdir(os.path.join(self._home, folder)))
            except (OSError, ValueError):
                names = []
            for name in names:
                stem, extension = os.path.splitext(name)
                if extension.lower() in SUFFIXES:
                    found.setdefault(stem + extension.lower(), []).append(name)
            self._listings[folder] = found
        return self._listings[folder]
