"""The evaluation of a trained network from Python: ``evaluate``."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from seesawnas.api.options import names_keywords
from seesawnas.evaluation import (
    FaceModel,
    HowToVerify,
    VerifiedSet,
    find_protocol,
    open_model,
    open_network,
    verify_set,
)
from seesawnas.evaluation.models.open import refuse_options
from seesawnas.nn import FaceNetwork


@names_keywords
def evaluate(
    model: str | PathLike[str] | FaceNetwork | FaceModel,
    pairs: str | Path,
    *,
    images: str | Path | None = None,
    templates: str | Path | None = None,
    normalise: str | None = None,
    bgr: bool = False,
    output: str | None = None,
    protocol: str = "insightface",
    flip: bool = True,
    batch_size: int = 128,
    device: str = "cpu",
    untrained: bool = False,
    resamples: int = 1000,
    seed: int = 0,
) -> VerifiedSet:
    """Verify pairs of faces with a trained network, as ``seesawnas eval`` does.

    ``sn.evaluate("runs/train_x", "lfw.bin").evaluation.accuracy``.

    Args:
        model: A trained network's folder, what :func:`train` returns, a file (ONNX, ncnn,
            ExecuTorch, TorchScript), or a network, which runs where its weights are and takes none
            of ``normalise``, ``bgr``, ``output``, ``device`` and ``untrained``.
        pairs: A verification set: an InsightFace .bin, LFW's pairs.txt, a CSV of two paths and a
            label, or a folder of the CFP protocol.
        images: Folder that the image paths of the set are relative to.
        templates: Template file, if the pairs are of IJB templates.
        normalise: How pixels become the input of a file, such as ``127.5``; by default what the
            folder, or the card beside the file, says.
        bgr: Whether a file takes blue first.
        output: The embedding output of an ONNX or TorchScript file, if it has several.
        protocol: ``insightface`` (squared distance) or ``cosine``.
        flip: Whether to add the embedding of the flipped image.
        batch_size: Images per batch.
        device: cpu, cuda or cuda:N, for a folder or a file.
        untrained: Whether to accept a folder with random weights.
        resamples: Bootstrap resamples for the 95 % intervals, 0 for none.
        seed: Of the resamples.

    Returns:
        The set's ``evaluation`` (accuracy over ten folds, AUC, EER, TAR@FAR, thresholds,
        intervals), its distances (P,) and notes.

    Raises:
        InvalidInput: In one line, if the model or an option cannot be used.
        DataError: If the set cannot be read or has too few pairs.
    """
    how = HowToVerify(
        _path(images),
        _path(templates),
        find_protocol(protocol),
        flip,
        batch_size,
        resamples,
        seed,
    )
    if isinstance(model, FaceNetwork | FaceModel):
        refuse_options(
            "model",
            "an open network has its own input, output, device and weights",
            {
                "normalise": normalise is not None,
                "bgr": bgr,
                "output": output is not None,
                "device": device != "cpu",
                "untrained": untrained,
            },
            "a folder or a file",
        )
    if isinstance(model, FaceNetwork):
        with open_network(model) as opened:
            return verify_set(opened, pairs, how)
    if not isinstance(model, FaceModel):
        model = open_model(
            Path(model),
            normalise=normalise,
            bgr=bgr,
            output=output,
            device=device,
            untrained=untrained,
        )
    return verify_set(model, pairs, how)


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
