"""``export``: a trained network as a file of a phone's runtime, checked in that runtime."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from seesawnas import __version__
from seesawnas.cost import cost
from seesawnas.cost.latency import waste_word
from seesawnas.data import FaceData, Faces
from seesawnas.device.card import PAGE, VERSION, card_page, card_text, file_entry
from seesawnas.device.fastest import distinct_forms, time_files, time_forms
from seesawnas.device.formats import FORMATS, Contents, Format, Say, find_format, say_nothing
from seesawnas.device.latency.machine import machine
from seesawnas.device.latency.protocol import Latency
from seesawnas.device.latency.runtimes import runtime_version
from seesawnas.errors import InvalidInput
from seesawnas.evaluation import (
    COSINE,
    DecodedImages,
    Evaluation,
    FaceModel,
    HowToVerify,
    Images,
    embed_batches,
    evaluate,
    gathered,
    make_pairs,
    open_model,
    verify_set,
)
from seesawnas.evaluation.benchmark import check_sets
from seesawnas.evaluation.embed import EmbeddedBatch
from seesawnas.evaluation.models.card import card_path
from seesawnas.evaluation.models.containment import trust
from seesawnas.io.drafts import draft_folder
from seesawnas.io.files import make_folder, write_atomically
from seesawnas.nn import FaceNetwork, normalised
from seesawnas.nn.deploy import DeployForm, deploy_form
from seesawnas.space import to_mapping

Lowering: TypeAlias = Literal["auto", "separate", "dense", "measured"]
LOWERINGS: tuple[Lowering, ...] = get_args(Lowering)
CALIBRATION_IMAGES = 200
LATENCY_ROUNDS = 30
FEWEST_CALIBRATION = 32
PAIRS = 12_000
LEAST_INT8_COSINE = 0.98
"""Mean cosine to the float network, below which a file in eight bits is refused."""
MOST_INT8_LOSS = 0.01
"""AUC that a file in eight bits may lose before it is refused."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is written, and how it is checked.

    Attributes:
        format: One of ``FORMATS``.
        int8: Whether weights and activations have eight bits.
        normalise: Whether the file itself normalises: ``inside``: it takes pixels from 0 to 255.
        l2: Whether embeddings are of length 1.
        batch: Images at a time; None: any number.
        pairs: Verification sets to score both networks on.
        images: Folder that their image paths are relative to.
        lowering: How convolutions over uneven groups run: ``separate``, each group by itself;
            ``dense``, as one whose weight is zero between groups; ``auto``, whichever the runtime
            was measured to run faster, in eight bits whichever is smaller; ``measured``, whichever
            form of this network runs fastest in the runtime on this machine.
    """

    format: str
    int8: bool = False
    normalise: Literal["inside", "outside"] = "outside"
    l2: bool = False
    batch: int | None = 1
    pairs: tuple[str, ...] = ()
    images: Path | None = None
    lowering: Lowering = "auto"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the files, the model's first, and the card."""

    files: tuple[Path, ...]
    card: dict[str, Any]


def export(
    network: FaceNetwork,
    out: Path | None,
    options: ExportOptions,
    faces: FaceData,
    *,
    trained: bool,
    training: dict[str, Any] | None = None,
    say: Say = say_nothing,
) -> Exported:
    """Write ``network`` for a runtime, and keep it only if the runtime agrees with torch.

    Args:
        network: In eval mode, on the CPU.
        out: The model's file, with or without the format's suffix; None: the network's name in the
            current folder.
        options: What to write.
        faces: Of the network's resolution: those to train on calibrate, those to verify on check.
        trained: Whether the weights are more than random, for the card.
        training: What is known of the training, for the card.
        say: Shows what is being done.

    Raises:
        InvalidInput: If the format or an option of it is not possible, a package or a verification
            set is missing, or the runtime's embeddings differ from torch's by more than the
            format's limit.
    """
    format = find_format(options.format)
    _check(format, options, faces)
    check_sets(options.pairs)
    stem = _stem(out, format, network)
    make_folder(stem.parent)
    with _draft_folder(stem) as folder:
        draft = folder / stem.name
        say(f"writing {format.name}")
        about = {"spec": network.spec.name, "digest": network.spec.digest()}
        contents = Contents(options.batch, about, say)

        def write(form: DeployForm, path: Path) -> None:
            _write(form, path, format, contents, network, options, faces)

        form, lowering = _lowered(network, format, options, draft, write, say)
        files = format.files(draft)
        trust(files)
        card = _card(network, format, options, form, trained, training, files)
        card["lowering"] = lowering
        write_atomically(card_path(files[0]), card_text(card))
        checked = _check_parity(network, files[0], format, options, faces, trained, say)
        say(f"timing it in {format.runtime}")
        card = {**card, **checked, "latency": _latency(files[0], format, options, network)}
        write_atomically(card_path(files[0]), card_text(card))
        write_atomically(files[0].with_name(files[0].name + PAGE), card_page(card))
        # The card last: if it is there, so are the files that it is of.
        moved = [
            *files[1:],
            files[0],
            files[0].with_name(files[0].name + PAGE),
            card_path(files[0]),
        ]
        for path in moved:
            os.replace(path, stem.parent / path.name)
    kept = (files[0], *files[1:], card_path(files[0]), files[0].with_name(files[0].name + PAGE))
    return Exported(tuple(stem.parent / path.name for path in kept), card)


@contextmanager
def _draft_folder(stem: Path) -> Iterator[Path]:
    """A folder beside ``stem``'s files, gone afterwards, as are those that kills left.

    Raises:
        InvalidInput: If it, or what is written meanwhile, cannot be written.
    """
    try:
        with draft_folder(stem.parent, stem.name) as folder:
            yield folder
    except OSError as error:
        raise InvalidInput(f"{stem.parent}: cannot be written: {error.strerror or error}") from None


def _check(format: Format, options: ExportOptions, faces: FaceData) -> None:
    if options.batch is None and not format.any_batch:
        raise InvalidInput(
            f"--batch must be a number for format {format.name}, which fixes it, got dynamic"
        )
    if options.int8 and format.write_int8 is None:
        able = ", ".join(one.name for one in FORMATS.values() if one.write_int8 is not None)
        raise InvalidInput(f"--int8 must be given with one of {able}, got --format {format.name}")
    count = len(faces.training)
    if options.int8 and count < FEWEST_CALIBRATION:
        raise InvalidInput(
            f"--calibrate must have at least {FEWEST_CALIBRATION} images to calibrate on, got "
            f"{count}"
        )


def _stem(out: Path | None, format: Format, network: FaceNetwork) -> Path:
    if out is None:
        name = (network.spec.name or "network").replace("/", "_").replace(":", "_")
        return Path(name)
    suffix = format.suffixes[0]
    if out.is_dir():
        return out / "model"
    name = out.name.removesuffix(suffix)
    if name in ("", ".."):
        raise InvalidInput(f"--out must be a file with a name before {suffix}, got {out}")
    return out.with_name(name)


def _lowered(
    network: FaceNetwork,
    format: Format,
    options: ExportOptions,
    draft: Path,
    write: Callable[[DeployForm, Path], None],
    say: Say,
) -> tuple[DeployForm, dict[str, Any]]:
    """The form that was written to ``draft``, and what the card says of how it was chosen."""
    if options.lowering == "measured":
        forms = distinct_forms(network)
    else:
        auto = 0.0 if options.int8 else format.waste
        waste = {"auto": auto, "separate": 0.0, "dense": math.inf}[options.lowering]
        forms = {waste: deploy_form(network, waste)}
    stems: dict[float, Path] = {}
    for waste, form in forms.items():
        forms[waste] = _completed(form, network, options)
        stems[waste] = draft.with_name(f"{draft.name}.{len(stems)}") / draft.name
        stems[waste].parent.mkdir()
        write(forms[waste], stems[waste])
    found: dict[float, Latency] = {}
    if len(forms) > 1:
        say(f"timing {len(forms)} lowerings in {format.runtime}")
        inputs = network.spec.input
        size = (options.batch or 1, 3, inputs.height, inputs.width)
        files = {waste: format.files(stem)[0] for waste, stem in stems.items()}
        found = time_forms(files, format.runtime, size, LATENCY_ROUNDS)
    waste = min(forms, key=lambda one: found[one].minimum if found else 0.0)
    for path in format.files(stems[waste]):
        os.replace(path, draft.parent / path.name)
    named = {str(waste_word(one)): latency for one, latency in found.items()}
    return forms[waste], {
        "how": options.lowering,
        "waste": waste_word(waste),
        "measured_ms": {name: one.minimum for name, one in named.items()},
        "halves_disagree": {name: one.disagreement for name, one in named.items()},
    }


def _completed(form: DeployForm, network: FaceNetwork, options: ExportOptions) -> DeployForm:
    if options.normalise == "inside":
        inputs = network.spec.input
        form = form.normalised(inputs.mean, inputs.std)
    return form.of_unit_length() if options.l2 else form


def _write(
    form: DeployForm,
    draft: Path,
    format: Format,
    contents: Contents,
    network: FaceNetwork,
    options: ExportOptions,
    faces: FaceData,
) -> None:
    if not options.int8:
        format.write(form, draft, contents)
        return
    assert format.write_int8 is not None
    format.write_int8(form, draft, contents, _calibration(network, faces.training, options))


def _calibration(network: FaceNetwork, faces: Faces, options: ExportOptions) -> NDArray[np.float32]:
    """(N, 3, H, W) as the file takes them, drawn evenly from all identities."""
    chosen = _spread(faces, CALIBRATION_IMAGES)
    pixels = torch.from_numpy(faces.images[chosen])
    inputs = network.spec.input
    mean, std = (0.0, 1.0) if options.normalise == "inside" else (inputs.mean, inputs.std)
    found: NDArray[np.float32] = normalised(pixels, mean, std).contiguous().numpy()
    return found


def _spread(faces: Faces, count: int) -> NDArray[np.int64]:
    """``count`` images, evenly over all."""
    return np.unique(np.linspace(0, len(faces) - 1, min(count, len(faces))).astype(np.int64))


def _card(
    network: FaceNetwork,
    format: Format,
    options: ExportOptions,
    form: DeployForm,
    trained: bool,
    training: dict[str, Any] | None,
    files: tuple[Path, ...],
) -> dict[str, Any]:
    spec = network.spec
    counted = cost(spec)
    size = "N" if options.batch is None else options.batch
    return {
        "seesawnas": __version__,
        "version": VERSION,
        "format": format.name,
        "runtime": format.runtime,
        "precision": "int8" if options.int8 else format.precision,
        "operators": len(form.steps),
        "files": [file_entry(path) for path in files],
        "network": {
            "name": spec.name,
            "digest": spec.digest(),
            "madds": counted.madds,
            "params": counted.params,
            "trained": trained,
            "spec": to_mapping(spec),
        },
        "training": training,
        "input": {
            "shape": [size, 3, spec.input.height, spec.input.width],
            "normalise": options.normalise,
            "mean": list(spec.input.mean),
            "std": list(spec.input.std),
        },
        "output": {"shape": [size, spec.embedding_size], "unit_length": options.l2},
        "scores": [],
    }


def _check_parity(
    network: FaceNetwork,
    file: Path,
    format: Format,
    options: ExportOptions,
    faces: FaceData,
    trained: bool,
    say: Say,
) -> dict[str, Any]:
    """The card's part that is measured in the runtime."""
    inputs = network.spec.input
    ours = FaceModel(
        "torch", network, inputs.height, inputs.width, inputs.mean, inputs.std, torch.device("cpu")
    )
    theirs = replace(open_model(file), name=file.name)
    seen = faces.verification
    images = DecodedImages(seen.images)
    embed = _Embedder(say)
    before, after = (embed(one, images, flip=False)[0] for one in (ours, theirs))
    cosines = np.sum(before.astype(np.float64) * after, axis=1)
    mean, least = float(cosines.mean()), float(cosines.min())
    scores = [
        _scored_faces(faces, before, after),
        *(_scored_sets(ours, theirs, path, options, embed) for path in options.pairs),
    ]
    if options.int8:
        # The embeddings of random weights are nearly equal, and their differences say nothing.
        if trained:
            _check_int8(file, mean, scores)
    elif least < format.least_cosine:
        raise InvalidInput(
            f"{file.name}: embeddings of {format.runtime} must have a cosine of at least "
            f"{format.least_cosine} to torch's, got {least:.6f}: nothing was kept"
        )
    return {
        "parity": {
            "faces": faces.title,
            "images": len(seen),
            "cosine_mean": mean,
            "cosine_min": least,
        },
        "scores": scores,
    }


@dataclass(frozen=True, slots=True)
class _Embedder:
    """``embed_images`` that says how far it is."""

    say: Say

    def __call__(
        self, model: FaceModel, images: Images, *, flip: bool, batch_size: int = 128
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        return gathered(self._batches(model, images, flip, batch_size))

    def _batches(
        self, model: FaceModel, images: Images, flip: bool, batch_size: int
    ) -> Iterator[EmbeddedBatch]:
        for batch in embed_batches(model, images, flip=flip, batch_size=batch_size):
            yield batch
            done = batch.start + len(batch.embeddings)
            self.say(f"comparing with torch: {model.name}, {done:,} of {len(images):,} images")


def _latency(
    file: Path, format: Format, options: ExportOptions, network: FaceNetwork
) -> dict[str, Any]:
    """What one run takes on this machine, with one thread."""
    inputs, batch = network.spec.input, options.batch or 1
    size = (batch, 3, inputs.height, inputs.width)
    timed = time_files([file], format.runtime, size, LATENCY_ROUNDS)
    (found,) = timed.latencies
    return {
        "ms": found.minimum,
        "lower_quartile_ms": found.quartile,
        "halves_disagree": found.disagreement,
        "rounds": timed.rounds,
        "threads": 1,
        "batch": batch,
        "runtime_version": runtime_version(format.runtime),
        "machine": machine(),
    }


def _check_int8(file: Path, cosine: float, scores: list[dict[str, Any]]) -> None:
    if cosine < LEAST_INT8_COSINE:
        raise InvalidInput(
            f"{file.name}: in eight bits the mean cosine to the float network must be at least "
            f"{LEAST_INT8_COSINE}, got {cosine:.4f}: nothing was kept"
        )
    for one in scores:
        loss = one["before"]["auc"] - one["after"]["auc"]
        if loss > MOST_INT8_LOSS:
            raise InvalidInput(
                f"{file.name}: in eight bits the AUC on {one['set']} may fall by at most "
                f"{MOST_INT8_LOSS}, got {loss:.4f}: nothing was kept"
            )


def _scored_faces(
    data: FaceData, before: NDArray[np.float32], after: NDArray[np.float32]
) -> dict[str, Any]:
    pairs = make_pairs(data.verification.labels, limit=PAIRS, seed=0)
    return _scores(
        data.title, *(evaluate(one, pairs, COSINE, resamples=0) for one in (before, after))
    )


def _scored_sets(
    ours: FaceModel, theirs: FaceModel, path: str, options: ExportOptions, embed: _Embedder
) -> dict[str, Any]:
    how = HowToVerify(options.images, protocol=COSINE, flip=False, resamples=0, embedder=embed)
    first, second = (verify_set(model, path, how) for model in (ours, theirs))
    return _scores(first.name, first.evaluation, second.evaluation)


def _scores(name: str, before: Evaluation, after: Evaluation) -> dict[str, Any]:
    return {
        "set": name,
        "protocol": before.protocol,
        "flip": False,
        "pairs": before.pairs,
        "before": _values(before),
        "after": _values(after),
    }


def _values(found: Evaluation) -> dict[str, Any]:
    return {
        "accuracy": found.accuracy,
        "auc": found.auc,
        "eer": found.eer,
        "tar@far": dict(found.tar_at_far),
        "thresholds": dict(found.thresholds),
    }
