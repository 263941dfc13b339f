"""The files of a fit: the model, its measurements and its plot."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from seesawnas.errors import InvalidInput
from seesawnas.io.files import check_writable, write_atomically
from seesawnas.text import short

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class FitFiles:
    """The files that a fit writes, side by side; no two models share one.

    Attributes:
        model: ``phone.yaml``.
        measurements: ``phone.jsonl``; beside ``phone.yml`` it is ``phone.yml.jsonl``.
        plot: ``phone.html``, or ``phone.yml.html``.
    """

    model: Path
    measurements: Path
    plot: Path

    @classmethod
    def of(cls, out: Path) -> FitFiles:
        """The files of the model ``out``.

        Raises:
            InvalidInput: If its name does not end in .yaml or .yml, or it is a folder.
        """
        if os.path.isdir(out):
            raise InvalidInput(f"--out must be a file, got the folder {out}")
        if out.suffix not in _SUFFIXES:
            raise InvalidInput(f"--out must end in .yaml or .yml, got {short(str(out))}")
        is_plain = out.suffix == ".yaml" and not out.stem.endswith(_SUFFIXES)
        stem = out.stem if is_plain else out.name
        return cls(out, out.with_name(f"{stem}.jsonl"), out.with_name(f"{stem}.html"))

    def prepare(self) -> None:
        """Check that the files can be written, and take over an earlier version's measurements.

        Earlier versions kept those of ``phone.yml`` in ``phone.jsonl``, as those of ``phone.yaml``.

        Raises:
            InvalidInput: If a file cannot be written.
        """
        for path in (self.model, self.measurements, self.plot):
            check_writable(path)
        earlier = self.model.with_suffix(".jsonl")
        is_own = self.model.is_file() and not self.model.with_suffix(".yaml").is_file()
        if is_own and earlier.is_file() and not self.measurements.exists():
            write_atomically(self.measurements, earlier.read_bytes())

    def to_mapping(self) -> dict[str, str]:
        """As JSON values."""
        return {name: str(getattr(self, name)) for name in self.__slots__}
