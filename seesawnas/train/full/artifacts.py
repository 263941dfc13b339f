"""The trained network as a folder.

It has ``spec.yaml``, ``model.safetensors`` and, about them, ``model.json``.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import nn

from seesawnas.data import FaceSource
from seesawnas.data.sources.singles import single_images
from seesawnas.nn.weights import WEIGHTS, write_model
from seesawnas.space.catalog import ABOUT, SPEC
from seesawnas.train.feeds.teacher import stage_folder
from seesawnas.train.full.best import BEST
from seesawnas.train.full.plan import TrainPlan

_PACKAGES = ("seesawnas", "torch", "numpy", "safetensors", "pillow")


def describe(
    plan: TrainPlan,
    source: FaceSource,
    rows: list[dict[str, Any]],
    unreadable: dict[int, str],
    stages: Sequence[int],
    **more: Any,
) -> dict[str, Any]:
    """What is known of a trained network, as JSON values; its keys are stable.

    Args:
        plan: The training's.
        source: The faces.
        rows: A mapping of each epoch.
        unreadable: Why images were skipped, by their index.
        stages: After which epochs the network was kept, under any start of the training.
        **more: Other keys.
    """
    inputs = plan.spec.input
    data = {
        "description": source.description,
        "fingerprint": source.fingerprint,
        "images": len(source),
        "people": len(source.names),
        "single_images": single_images(source),
        "unreadable": [
            f"{source.place(index)}: {why}" for index, why in sorted(unreadable.items())
        ],
    }
    return {
        "name": plan.spec.name,
        "digest": plan.spec.digest(),
        "embedding": plan.spec.embedding_size,
        "input": {
            "height": inputs.height,
            "width": inputs.width,
            "mean": list(inputs.mean),
            "std": list(inputs.std),
        },
        "recipe": plan.recipe.to_mapping(),
        "seed": plan.seed,
        "trained": True,
        "stages": list(stages),
        "precision": plan.precision,
        "data": data,
        "epochs": rows,
        "scores": rows[-1]["scores"] if rows else {},
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
        },
        **more,
    }


def write_stage(plan: TrainPlan, network: nn.Module, epoch: int) -> None:
    """Keep ``network`` as it is after ``epoch``, in a folder of its own for ``load_model``."""
    write_model(
        stage_folder(plan.folder, epoch),
        plan.spec,
        network.state_dict(),
        trained=True,
        metadata={"seed": str(plan.seed), "epoch": str(epoch)},
    )


def write_result(plan: TrainPlan, network: nn.Module, about: dict[str, Any]) -> list[Path]:
    """Write the three files and return their paths.

    ``model.json`` is the last, so that the others are there if it is.
    """
    metadata = {
        "version": about["versions"]["seesawnas"],
        "seed": str(plan.seed),
        "recipe": json.dumps(about["recipe"]),
        "data": about["data"]["fingerprint"],
    }
    if initial := about.get("init"):
        metadata["init"] = str(initial["digest"])
    if distillation := about["distillation"]:
        digests = [teacher["digest"] for teacher in distillation["teachers"]]
        metadata |= {"distill": distillation["loss"], "teacher": ", ".join(digests)}
    weights, documents = network.state_dict(), {ABOUT: about}
    return write_model(
        plan.folder, plan.spec, weights, trained=True, metadata=metadata, documents=documents
    )


def read_result(folder: Path) -> dict[str, Any] | None:
    """What is known of the network that :func:`write_result` wrote.

    None if one of its files is missing.
    """
    try:
        found = json.loads((folder / ABOUT).read_text())
    except (OSError, ValueError, RecursionError):
        return None
    is_whole = isinstance(found, dict) and all(
        (folder / name).is_file() for name in (SPEC, WEIGHTS)
    )
    return found if is_whole else None


def read_training(folder: Path) -> dict[str, Any] | None:
    """What is known of the training of the network in ``folder``.

    That is what :func:`write_result` wrote there. Of the best network of a finished training it is
    what that says of itself, with ``best`` in the place of the scores of its end, which are another
    network's.

    Returns:
        None if nothing is known.
    """
    if (found := read_result(folder)) is not None:
        return found
    place = folder.resolve()
    if place.name != BEST or (found := read_result(place.parent)) is None:
        return None
    return {key: value for key, value in found.items() if key != "scores"}


def read_finished(plan: TrainPlan) -> dict[str, Any] | None:
    """What is known of the network of ``plan``, if it was trained to the end.

    None if it was not, or was to have fewer epochs, and is trained on.
    """
    found = read_result(plan.folder)
    recipe = {} if found is None else found.get("recipe")
    epochs = recipe.get("epochs") if isinstance(recipe, dict) else None
    return None if type(epochs) is int and epochs < plan.recipe.epochs else found
