"""What running files has in common: an output is chosen, rows are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from seesawnas.data.skipped import printable
from seesawnas.errors import InvalidInput
from seesawnas.text import several

_LISTED = 20


@dataclass(frozen=True, slots=True)
class Opened:
    """A foreign model that runs.

    Attributes:
        run: Maps (N, 3, H, W) to (N, D).
        size: (H, W) if the file fixes it.
        normalises: The operator that the file begins with, if that looks like a normalisation.
        takes_bytes: Whether its input is uint8.
        notes: Cautions about it, one line each.
    """

    run: Callable[[Tensor], Tensor]
    size: tuple[int, int] | None
    normalises: str | None = None
    takes_bytes: bool = False
    notes: tuple[str, ...] = ()


def refuse_choices(path: Path, device: torch.device, output: str | None) -> None:
    """Refuse what a file of a runtime for the CPU, with one output, leaves no choice of.

    Raises:
        InvalidInput: If ``device`` is another one, or an ``output`` is named.
    """
    if device.type != "cpu":
        raise InvalidInput(f"{path}: runs on the CPU: --device must be cpu, got {device}")
    if output is not None:
        raise InvalidInput(f"{path}: has one output: --output must not be given, got {output}")


class Rows:
    """Runs ``call``, (N, 3, H, W) to any tensor, and checks that it returns one row per image.

    A row has ``width`` numbers. ``step`` is how many images the file takes at a time, any number if
    None; the last ones are padded with black. A file that takes any number and does not return one
    row per image is run image by image from then on.
    """

    def __init__(
        self, path: Path, call: Callable[[Tensor], Tensor], step: int | None, width: int
    ) -> None:
        self._path, self._call, self._step, self._width = path, call, step, width

    def __call__(self, images: Tensor) -> Tensor:
        """(N, width), float32.

        Raises:
            InvalidInput: If the file fails, or does not return one row per image.
        """
        try:
            return self._by(self._step or max(1, len(images)), images)
        except InvalidInput:
            if self._step is not None or len(images) < 2:
                raise
            rows = self._by(1, images)
            self._step = 1  # known only now that it helps
            return rows

    def _by(self, step: int, images: Tensor) -> Tensor:
        rows = [
            self._rows(images[start : start + step], step) for start in range(0, len(images), step)
        ]
        return torch.cat(rows) if rows else torch.empty(0, self._width)

    def _rows(self, images: Tensor, step: int) -> Tensor:
        missing = step - len(images)
        padded = (
            torch.cat([images, images.new_zeros(missing, *images.shape[1:])]) if missing else images
        )
        found = self._call(padded)
        rows = found.reshape(1, -1) if step == 1 and found.ndim == 1 else found
        if rows.ndim < 2 or len(rows) != step or rows[0].numel() != self._width:
            rule = f"must return one row of {self._width} numbers per image"
            raise InvalidInput(
                f"{self._path}: {rule}, got {list(found.shape)} for {several(step, 'image')}"
            )
        return rows.flatten(1).float()[: len(images)]


def choose_output(
    path: Path, found: Mapping[str, Tensor | None], images: int, wanted: str | None
) -> tuple[str, int, tuple[str, ...]]:
    """(name, width, notes) of the embedding among the outputs ``found`` for so many ``images``.

    An output that is None is no tensor of numbers. Without ``wanted``, the embedding is the only
    output that is wider than one number.

    Raises:
        InvalidInput: If there is no such output, or there are several; the message lists them.
    """
    widths = {
        name: 0 if tensor is None else tensor.numel() // images for name, tensor in found.items()
    }
    listed = ", ".join(
        f"{_shown(name)} {_shape(tensor)}" for name, tensor in list(found.items())[:_LISTED]
    )
    listed += f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    if wanted is not None and wanted not in found:
        raise InvalidInput(
            f"{path}: --output must be one of its outputs, {listed}; got {_shown(wanted)}"
        )
    wide = [wanted] if wanted is not None else [name for name, width in widths.items() if width > 1]
    if len(wide) == 1 and widths[wide[0]] > 1:
        chosen = wide[0]
        note = (f"takes output {_shown(chosen)} of {listed}; --output NAME chooses",)
        return chosen, widths[chosen], () if len(found) == 1 or wanted is not None else note
    if len(wide) > 1:
        raise InvalidInput(
            f"{path}: has several outputs that may be the embedding: {listed}; choose with "
            "--output NAME"
        )
    hint = "; choose with --output NAME" if len(found) > 1 else ""
    raise InvalidInput(
        f"{path}: must return an embedding with more than one number per image, got {listed}{hint}"
    )


def reason(error: BaseException, line: int = 0) -> str:
    """One printable line of ``error``: its first, or its last by -1."""
    text = str(error).partition("Status Message: ")[2] or str(error)
    return printable((text.strip().splitlines() or [type(error).__name__])[line])[:200]


def _shown(name: str) -> str:
    return printable(name)[:80] or "without a name"


def _shape(tensor: Tensor | None) -> str:
    return "(no tensor of numbers)" if tensor is None else str(list(tensor.shape))
