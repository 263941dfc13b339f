"""Teachers: trained networks whose embeddings of the training images another one learns from.

Their embeddings of each image and of its mirror image are computed once and kept in the cache. So a
teacher sees images as they lie in the data, cropped to its own size and not moved at random, and
costs a training nothing but the first pass.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seesawnas.data import FaceSource
from seesawnas.data.cache import decode_all
from seesawnas.errors import InvalidInput, RunError
from seesawnas.evaluation import FaceModel, embed_views, model_digest, open_model
from seesawnas.io.files import expanded
from seesawnas.nn import PerChannel
from seesawnas.nn.weights import WEIGHTS
from seesawnas.plan.documents import Place, flag_of
from seesawnas.space.catalog import ABOUT
from seesawnas.text import several
from seesawnas.train.feeds.row_cache import CachedRows, Progress, Rows, cached_rows

STAGES = "stages"
"""The folder, in that of a training run, of the network as it was during its training."""

_VERSION = 1  # of what an embedding is
_BATCH = 64
_ON_CPU = (".pte", ".ncnn.param")
_OPTIONS = {
    "--normalise": "teacher_normalise",
    "--output": "teacher_output",
    "--bgr": "teacher_channels",
}
"""Options of `seesawnas eval`, and the keys of a teacher's options."""


def stage_folder(folder: Path, epoch: int) -> Path:
    """Where a training run in ``folder`` keeps the network as it was after ``epoch``."""
    return folder / STAGES / f"epoch_{epoch:06d}"


def stages_of(path: str | Path) -> list[Path]:
    """The networks that a training run kept during its training, in order; none elsewhere.

    Raises:
        RunError: If the training is not finished, or a stage that it was to keep is missing.
    """
    place = expanded(path)
    there = sorted(file.parent for file in place.glob(f"{STAGES}/epoch_*/{WEIGHTS}"))
    if not there:
        return []
    if not (place / WEIGHTS).is_file():
        raise RunError(
            f"{path}: must be a finished training run, got one with {several(len(there), 'stage')} "
            "so far and no trained network; finish it with the same seesawnas train command"
        )
    wanted = [stage_folder(place, epoch) for epoch in _stage_epochs(place)]
    missing = [f"{STAGES}/{stage.name}" for stage in wanted if stage not in there]
    if missing:
        raise RunError(
            f"{path}: must have all {several(len(wanted), 'stage')} of its training, got no "
            f"{', '.join(missing)}"
        )
    return wanted or there


def _stage_epochs(place: Path) -> list[int]:
    """After which epochs a finished training run kept the network; none if it does not say so."""
    try:
        epochs = json.loads((place / ABOUT).read_text())["stages"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return []
    is_sound = isinstance(epochs, list) and all(type(epoch) is int for epoch in epochs)
    return epochs if is_sound else []


class RowTeacher:
    """Embeddings of a training's images that are there already.

    Args:
        rows: float16 (M, 2, D), of images and of their mirror images.
        places: int64 (N,), the row of each of the training's images; its index if None.
    """

    def __init__(self, rows: Rows, places: NDArray[np.int64] | None = None) -> None:
        self._rows, self._places = rows, places

    @property
    def dimensions(self) -> int:
        """How many numbers an embedding has."""
        return int(self._rows.shape[2])

    def take(self, indices: Tensor, flipped: Tensor) -> Tensor:
        """Embeddings by index, as ``TeacherEmbeddings`` describes it."""
        places = indices.numpy() if self._places is None else self._places[indices.numpy()]
        chosen = self._rows[places, flipped.numpy().astype(np.int64)]
        return torch.from_numpy(chosen.astype(np.float32))


class Teacher:
    """A trained network that teaches.

    It is opened at once; :meth:`embed` must have ended before :meth:`take` is called.

    Args:
        path: Whatever ``open_model`` takes.
        normalise: How pixels become the input of a file that does not say it; see ``open_model``.
        bgr: Give a file blue first.
        output: Which output of a file is the embedding.
        device: Where it runs; files of runtimes for the CPU alone run there.
        place: How the keys of its options are called in messages.

    Raises:
        InvalidInput: If it cannot be opened or gives no embeddings.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        normalise: str | None = None,
        bgr: bool = False,
        output: str | None = None,
        device: torch.device | None = None,
        place: Place = flag_of,
    ) -> None:
        is_for_cpu = device is None or str(path).lower().endswith(_ON_CPU)
        with _named_options(place):
            self._model: FaceModel | None = open_model(
                path,
                normalise=normalise,
                bgr=bgr,
                output=output,
                device="cpu" if is_for_cpu else str(device),
            )
        model = self._model
        self.name, self.notes = model.name, model.notes
        self.digest = model_digest(path)
        self._size, self._way = model.size, (model.mean, model.std, model.size, bgr, output)
        blank = np.zeros((1, *model.size, 3), dtype=np.uint8)
        # Black may well have no direction: only the length is asked for.
        self._dimensions = int(embed_views(model, blank, np.zeros(1, dtype=np.bool_)).shape[2])
        self._rows: Rows | None = None

    @property
    def dimensions(self) -> int:
        """How many numbers an embedding has."""
        return self._dimensions

    def about(self) -> dict[str, Any]:
        """What is known of it, as JSON values."""
        mean, std, (height, width), bgr, output = self._way
        return {
            "name": self.name,
            "digest": self.digest,
            "embedding": self.dimensions,
            "input": {
                "height": height,
                "width": width,
                "mean": mean,
                "std": std,
                "channels": "bgr" if bgr else "rgb",
            },
            "output": output,
        }

    @property
    def input(self) -> str:
        """How images become its input, in words: two with the same ones are fed the same."""
        mean, std, (height, width), bgr, output = self._way
        words = f"{height}x{width} {'bgr' if bgr else 'rgb'}, mean {_numbers(mean)}, std "
        return f"{words}{_numbers(std)}{'' if output is None else f', output {output}'}"

    def embed(self, source: FaceSource, copies: int = 1) -> Generator[Progress]:
        """Embed all images of ``source``, or take the embeddings from the cache.

        Args:
            source: The images.
            copies: How many times embeddings that the cache does not keep will be in memory.

        Yields:
            How many images are done, now and then; nothing if all were in the cache. The caller may
            stop in between, and the next process goes on from there. Before the first, that the
            embeddings are not kept, if they are not.

        Raises:
            InvalidInput: If an embedding is not finite or zero, if the cache cannot be written, or
                if the embeddings fit neither there nor in memory.
        """
        if self._rows is not None:
            return
        # A source that the cache of decoded images takes says when a file of it is written to.
        stamp = getattr(source, "stamp", str)()
        key = (_VERSION, self.digest, self._way, source.fingerprint, stamp)
        found: CachedRows = yield from cached_rows(
            key,
            (len(source), 2, self.dimensions),
            lambda first: self._batches(source, first),
            copies,
        )
        self._rows, self._model = found.rows, None

    @property
    def rows(self) -> Rows:
        """float16 (N, 2, D): the embeddings of all images and of their mirror images.

        Raises:
            RuntimeError: If :meth:`embed` has not ended.
        """
        if self._rows is None:
            raise RuntimeError("embed() must have ended before its rows are taken")
        return self._rows

    def take(self, indices: Tensor, flipped: Tensor) -> Tensor:
        """Embeddings by index; see :class:`~seesawnas.train.losses.distillation.TeacherEmbeddings`.

        Raises:
            RuntimeError: If :meth:`embed` has not ended.
        """
        return RowTeacher(self.rows).take(indices, flipped)

    def _batches(self, source: FaceSource, first: int) -> Iterator[Rows]:
        assert self._model is not None
        for start in range(first, len(source), _BATCH):
            order = np.arange(start, min(start + _BATCH, len(source)))
            decoded = list(decode_all(source, order, self._size))
            readable = np.array([pixels is not None for pixels in decoded])
            blank = np.zeros((*self._size, 3), dtype=np.uint8)
            pixels: NDArray[np.uint8] = np.stack(
                [blank if pixels is None else pixels for pixels in decoded]
            )
            # Half precision moves a direction by less than 0.0005 of a radian.
            yield embed_views(self._model, pixels, readable).astype(np.float16)


def open_teachers(
    paths: Sequence[str | Path],
    *,
    stages: bool = False,
    normalise: str | None = None,
    bgr: bool = False,
    output: str | None = None,
    device: torch.device | None = None,
    place: Place = flag_of,
) -> tuple[Teacher, ...]:
    """The teachers at ``paths``.

    Args:
        paths: Of a teacher; or of several ``stages`` of one, in the order of its training.
        stages: Whether several are wanted: then the folder of a training run that kept stages
            (``seesawnas train --stages``) stands for these.
        normalise: As in :class:`Teacher`.
        bgr: Likewise.
        output: Likewise.
        device: Likewise.
        place: Likewise.

    Raises:
        RunError: If there are too few or too many, their embeddings differ in length, or one cannot
            be opened.
    """
    with _named_teacher(place):
        found = [
            stage
            for path in map(Path, paths)
            for stage in (stages_of(path) if stages else []) or [path]
        ]
    if stages and len(found) < 2:
        raise RunError(
            f"{place('teacher')} must be several models in the order of a training, or the folder "
            "of one that kept its stages (seesawnas train --stages N), for multistep, got "
            f"{found[0]}"
        )
    with _named_teacher(place):
        teachers = tuple(
            Teacher(path, normalise=normalise, bgr=bgr, output=output, device=device, place=place)
            for path in found
        )
    lengths = [teacher.dimensions for teacher in teachers]
    if len(set(lengths)) > 1:
        raise RunError(
            f"{place('teacher')} must be stages of one training, with embeddings of the same "
            f"length, got {', '.join(map(str, lengths))}"
        )
    return teachers


def _numbers(values: PerChannel) -> str:
    """A mean or a standard deviation in words."""
    return "/".join(
        f"{value:.9g}" for value in (values if isinstance(values, tuple) else (values,))
    )


@contextmanager
def _named_teacher(place: Place) -> Iterator[None]:
    """Say of errors that begin with a path that it is a teacher's."""
    try:
        yield
    except InvalidInput as error:
        keys = tuple(place(key) for key in _OPTIONS.values())
        lines = str(error).splitlines()
        raise RunError(
            "\n".join(
                line if line.startswith(keys) else f"{place('teacher')} {line}" for line in lines
            )
        ) from None


@contextmanager
def _named_options(place: Place) -> Iterator[None]:
    """Call the options of a model in errors as ``place`` calls those of a teacher."""
    try:
        yield
    except InvalidInput as error:
        text = str(error)
        for option, key in _OPTIONS.items():
            # A rule that begins with its option says where it is; a sentence names the key.
            begins, inside = text.startswith(option), place(key).removesuffix(":")
            text = text.removeprefix(option).replace(option, inside)
            if begins:
                text = (inside if text.startswith(":") else place(key)) + text
        raise InvalidInput(text) from None
