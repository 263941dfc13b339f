"""The training of shared weights: its plan, its checkpoints and log, and scores by the weights."""

from __future__ import annotations

import hashlib
import json
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from torch import Tensor

from benchmarks.shared_weights import Sandwich, SandwichFeed, SharedWeights, largest_network
from benchmarks.train_panel import of_all_pairs
from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget
from seesawnas.data import FaceData, Faces
from seesawnas.errors import CheckpointError, RunError
from seesawnas.evaluation import embed, make_pairs
from seesawnas.io.files import make_folder, write_atomically
from seesawnas.nn import normalised
from seesawnas.space import FeasibleSet, load_space
from seesawnas.study import Proxy
from seesawnas.study.trial import measure
from seesawnas.train import PROXY, MemoryFeed, Recipe, StepRecord, TeacherEmbeddings, Training
from seesawnas.train.checkpoint import Checkpoints, Saved, pack
from seesawnas.train.losses.criterion import make_criterion
from seesawnas.train.losses.registry import make_distillation

RECALIBRATION = 8
"""Batches of training images that batch norms' statistics are computed from."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What decides the shared weights.

    Attributes:
        steps: Of the training, at least; rounded up to whole epochs.
        data: The fingerprint of the faces.
        teacher: The digest of the network that is learnt from, if there is one.
    """

    data: str
    steps: int
    space: str = "seesaw"
    budget: str = "120M..150M"
    resolution: int = 56
    batch_size: int = 64
    seed: int = 0
    teacher: str | None = None

    def recipe(self, images: int) -> Recipe:
        """The proxies' recipe on so many images; its epochs are the steps'."""
        a_epoch = images // min(self.batch_size, images)
        return replace(
            PROXY,
            label="supernet",
            epochs=math.ceil(self.steps / a_epoch),
            batch_size=self.batch_size,
            averaging=0.0,
            distill="none" if self.teacher is None else "angular",
        )

    def weights(self) -> SharedWeights:
        """The shared weights before the training, on a GPU if there is one."""
        feasible = self.feasible()
        whole = largest_network(feasible.space).at_resolution(self.resolution)
        networks = Sandwich(feasible, self.resolution, self.seed)
        found = SharedWeights(whole, networks, seed=self.seed)
        return found.cuda() if torch.cuda.is_available() else found

    def feasible(self) -> FeasibleSet:
        """The networks that share the weights."""
        return _feasible(self.space, self.budget)

    def mark(self) -> str:
        """A hash of it."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


@cache
def _feasible(space: str, budget: str) -> FeasibleSet:
    """Kept: to count the networks of a space takes seconds."""
    return FeasibleSet(load_space(space), Budget.parse(budget))


class Supernet:
    """The shared weights of a plan, and their training.

    Args:
        plan: What they follow from.
        training: The faces that they are trained on.
        teacher: The embeddings that are learnt from, if the plan has a teacher.
    """

    def __init__(
        self, plan: Plan, training: Faces, teacher: TeacherEmbeddings | None = None
    ) -> None:
        recipe = plan.recipe(len(training))
        self.weights = plan.weights()
        whole = self.weights.whole.spec
        size = whole.embedding_size
        criterion = make_criterion(training.identities, size, recipe, plan.seed)
        if teacher is not None:
            criterion = make_distillation(criterion, [teacher], size, recipe, plan.seed)
        self.training = Training(
            self.weights,
            SandwichFeed(MemoryFeed(training, recipe, seed=plan.seed)),
            recipe,
            mean=whole.input.mean,
            std=whole.input.std,
            seed=plan.seed,
            criterion=criterion,
        )


class Scorer:
    """Scores networks with shared weights, on the pairs that proxies are verified on."""

    def __init__(self, plan: Plan, faces: FaceData) -> None:
        self._plan, self._held_out = plan, faces.verification
        self._pairs = make_pairs(faces.verification.labels, limit=Proxy().pairs, seed=0)
        feed = MemoryFeed(faces.training, plan.recipe(len(faces.training)), seed=plan.seed)
        parts = islice(feed.epoch(0, 0), RECALIBRATION)
        self._images = [part.images for (part,) in parts]

    def score(self, weights: SharedWeights, spec: ArchSpec) -> dict[str, Any]:
        """Scores on the pairs drawn, and on all pairs."""
        inputs = spec.input
        network = weights.extract(
            spec.at_resolution(self._plan.resolution),
            self._batches(weights, inputs.mean, inputs.std),
        )
        vectors = embed(network, self._held_out.images, mean=inputs.mean, std=inputs.std)
        scores = measure(vectors, self._pairs)
        return {"scores": asdict(scores), "all": of_all_pairs(vectors, self._held_out.labels)}

    def _batches(self, weights: SharedWeights, mean: Any, std: Any) -> Iterator[Tensor]:
        return (normalised(one.to(weights.turn.device), mean, std) for one in self._images)


class Folder:
    """Where a training of shared weights is kept: its plan, its checkpoints and its log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / "log.jsonl"
        self.checkpoints = Checkpoints(path / "checkpoints", path, prefix="step_", digits=8, most=2)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold it; raises RunError if another process does."""
        try:
            with FileLock(make_folder(self.path) / "lock", timeout=0):
                yield
        except Timeout:
            raise RunError(f"{self.path}: is in use by another process") from None

    def plan(self) -> Plan:
        """The plan of the weights that are there."""
        try:
            return Plan(**json.loads((self.path / "plan.json").read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise RunError(f"{self.path}: must be a folder of train, got {error}") from None

    def keep(self, plan: Plan) -> None:
        """Write the plan, or check that it is the one that is there."""
        if (self.path / "plan.json").exists():
            for name, value in asdict(self.plan()).items():
                if value != getattr(plan, name):
                    raise RunError(
                        f"{self.path}: {name} must stay {value}, got {getattr(plan, name)}"
                    )
        else:
            write_atomically(self.path / "plan.json", json.dumps(asdict(plan), indent=1) + "\n")

    def newest(self, supernet: Supernet) -> dict[str, Any]:
        """Restore the newest checkpoint, and return what it says of itself; {} if there is none."""

        def restore(saved: Saved) -> None:
            try:
                supernet.training.restore(saved[0])
            except (ValueError, LookupError) as error:
                raise CheckpointError(str(error)) from None

        saved, notes = self.checkpoints.newest(restore)
        for note in notes:
            tell(note)
        return {} if saved is None else saved[1]

    def forget_after(self, step: int) -> None:
        """Leave out of the log what is going to be done again."""
        kept = [line for line in read_lines(self.log) if line["step"] <= step]
        write_atomically(self.log, "".join(json.dumps(line) + "\n" for line in kept))

    def add(self, line: Mapping[str, Any]) -> None:
        """Write a line of the log."""
        with self.log.open("a") as file:
            file.write(json.dumps(line) + "\n")


def run_training(
    supernet: Supernet,
    folder: Folder,
    scorer: Scorer,
    looks: Sequence[ArchSpec],
    *,
    look_every: int,
    seconds: float = math.inf,
    save_every: float = 600.0,
) -> bool:
    """Train what is left, for at most so many ``seconds`` of this call.

    Args:
        supernet: What is trained.
        folder: Holds the checkpoints, of which the newest is gone on from, and the log.
        scorer: Scores ``looks``.
        looks: Networks whose AUC is logged.
        look_every: So many steps, and after the last one.
        seconds: When to stop.
        save_every: Seconds between two checkpoints.

    Returns:
        Whether all steps are done.
    """
    started, weights = time.monotonic(), supernet.weights
    about = folder.newest(supernet)
    folder.forget_after(about.get("step", 0))
    before, saved = about.get("cpu_seconds", 0.0) - time.process_time(), started
    for record in supernet.training.steps():
        if not isinstance(record, StepRecord):
            continue
        step, is_last = record.step, record.step == record.steps
        line = {"step": step, "loss": record.loss, "learning_rate": record.learning_rate}
        folder.add({**line, "cpu_seconds": round(before + time.process_time(), 1)})
        if step % look_every == 0 or is_last:
            auc = {one.digest(): scorer.score(weights, one)["scores"]["auc"] for one in looks}
            folder.add({"step": step, "auc": auc})
            texts = " ".join(f"{value:.4f}" for value in auc.values())
            tell(f"step {step}/{record.steps}  loss {record.loss:.3f}  AUC {texts}")
        now = time.monotonic()
        is_over = now - started > seconds
        if is_last or is_over or now - saved > save_every:
            spent = before + time.process_time()
            about = {"step": step, "steps": record.steps, "cpu_seconds": spent}
            folder.checkpoints.save(step, pack(supernet.training.state(), about))
            saved = now
        if is_over and not is_last:
            return False
    return True


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a JSON lines file; a process that was killed may have left part of one."""
    text = path.read_text() if path.is_file() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def tell(text: str) -> None:
    """Say how far it is."""
    print(text, file=sys.stderr, flush=True)
