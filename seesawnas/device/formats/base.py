"""What a format is: how a deploy form becomes files that a runtime opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from seesawnas.errors import InvalidInput
from seesawnas.nn.deploy import DeployForm

Images: TypeAlias = NDArray[np.float32]
Say: TypeAlias = Callable[[str], None]


def say_nothing(_: str) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is written besides the network, and what shows how far that is.

    Attributes:
        batch: Images at a time; None: any number, if the format can.
        about: Short texts for the file's own metadata, if the format has any.
        say: Shows what is being done, if it takes more than a moment.
    """

    batch: int | None = 1
    about: Mapping[str, str] | None = None
    say: Say = say_nothing


@dataclass(frozen=True, slots=True)
class Format:
    """A runtime's format.

    Attributes:
        name: As ``--format`` takes it.
        runtime: The runtime that opens it.
        suffixes: Of its files; the first is the one by which the model is named and opened.
        extra: The extra of this package that installs what writes and opens it; None: none needed.
        waste: Up to how many multiply-adds by zero, an image, a convolution over uneven groups
            runs as one dense convolution in this runtime (``benchmarks/bench_deploy.py``).
        least_cosine: Between the embeddings of the written network and of ours, over faces.
        any_batch: Whether a file can take any number of images.
        write: (form, stem, contents) writes ``stem`` + each suffix.
        write_int8: The same in eight bits, calibrated on images (N, 3, H, W) as the network takes
            them; None: the format has none.
        precision: Of the weights that ``write`` writes.
        others: Other runtimes that open its files, as ``seesawnas latency`` takes them.
    """

    name: str
    runtime: str
    suffixes: tuple[str, ...]
    extra: str | None
    waste: float
    least_cosine: float
    any_batch: bool
    write: Callable[[DeployForm, Path, Contents], None]
    write_int8: Callable[[DeployForm, Path, Contents, Images], None] | None = None
    precision: str = "float32"
    others: tuple[str, ...] = ()

    @property
    def runtimes(self) -> tuple[str, ...]:
        """All that open its files, its own first."""
        return self.runtime, *self.others

    def files(self, stem: Path) -> tuple[Path, ...]:
        """The files of the model ``stem``."""
        return tuple(stem.with_name(stem.name + suffix) for suffix in self.suffixes)


def needs(package: str, what: str, extra: str) -> InvalidInput:
    """The error for a package that is not installed."""
    return InvalidInput(
        f"{what} needs {package}, which is not installed: pip install 'seesawnas[{extra}]'"
    )
