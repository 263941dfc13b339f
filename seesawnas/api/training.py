"""A full training run from Python: ``train``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seesawnas.api.networks import Network, to_spec
from seesawnas.api.options import given, names_keywords, takes
from seesawnas.io.isolation import script_left_alone
from seesawnas.nn import FaceNetwork, load_model
from seesawnas.plan.documents import plan_of_options
from seesawnas.train.full import Completed, RunEvent, TrainPlan, opened


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """A trained network in its folder.

    It is a path (``os.fspath``): what takes a trained network's folder takes it too.

    Attributes:
        folder: With ``spec.yaml``, ``model.safetensors``, ``model.json``, logs and checkpoints.
        about: What ``model.json`` says: recipe, faces, versions, epochs, ``scores``.
        was_finished: Whether the folder contained the trained network before.
    """

    folder: Path
    about: Mapping[str, Any]
    was_finished: bool = False

    @property
    def scores(self) -> Mapping[str, Any]:
        """The scores after the last epoch, by verification set; empty without ``val``."""
        found: Mapping[str, Any] = self.about["scores"]
        return found

    def load(self) -> FaceNetwork:
        """The network in eval mode on the CPU; see :func:`seesawnas.load_model`."""
        return load_model(self.folder)

    def __fspath__(self) -> str:
        return str(self.folder)


@names_keywords
@takes(TrainPlan)
def train(
    network: Network,
    *,
    data: str | Path,
    on_event: Callable[[RunEvent], object] | None = None,
    **options: Any,
) -> TrainedNetwork:
    """Train a network on face images with a recipe, as ``seesawnas train`` does.

    ``sn.train("paper/seesaw_share", data="FACES", epochs=2)``. The same call resumes a training
    that was interrupted, from its last checkpoint; if it is finished, nothing is trained.

    Args:
        network: A network, a REF such as ``paper/seesaw_share``, a YAML file or ``STUDY:best``, or
            a mapping with the keys of a YAML file.
        data: Training images, as ``--data`` takes them.
        on_event: Called with each event of the training (:mod:`seesawnas.train.full.events`), such
            as ``EpochDone``.
        **options: The options of ``seesawnas train`` by their names, None for the default:

    Returns:
        The trained network and its folder.

    Raises:
        InvalidInput: If an option, the faces or the folder cannot be used; a line for each fault.
        TrialError: If the training diverges; the last good checkpoint is kept.
    """
    values = {"spec": to_spec(network), "data": str(data), **given(options)}
    plan = plan_of_options(TrainPlan, values)
    last: RunEvent | None = None
    # What loads images needs nothing of the script that calls this, which need not have a guard.
    with script_left_alone(), opened(plan) as session:
        for last in session.run():
            if on_event is not None:
                on_event(last)
    assert isinstance(last, Completed), "what nobody stops is completed"
    return TrainedNetwork(plan.folder, last.about, last.before)
