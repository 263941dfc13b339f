"""Trains a small network as one of a team and prints its losses.

Run by torchrun, or alone with PARTS pieces a batch.
"""

from __future__ import annotations

import json
import sys

import torch

from seesawnas.nn import build
from seesawnas.train import Recipe, StepRecord, Training, joined, seeded
from seesawnas.train.feeds.stream import SourceFeed
from seesawnas.train.losses.criterion import Criterion, make_criterion
from seesawnas.train.losses.margins import MARGINS
from seesawnas.train.losses.registry import make_distillation
from tests.run.trainings import small_plan
from tests.train.losses.teachers import Table
from tests.train.losses.toy import Toy
from tests.train.sources import MadeUpSource


def main(parts: int, rate: float, margin: str) -> None:
    torch.set_num_threads(1)
    from pathlib import Path

    recipe = Recipe(
        "r",
        2,
        batch_size=16,
        learning_rate=0.05,
        scale=16.0,
        margin_size=0.2,
        shift=0.1,
        averaging=0.9,
        sample_rate=rate,
        margin=margin if margin in MARGINS else "arcface",
        distill="angular" if margin == "distilled" else "none",
    )
    spec = small_plan(Path()).spec
    with joined("cpu") as (team, device):
        with seeded(0):
            network = build(spec).to(device)
        feed = SourceFeed(
            MadeUpSource(people=12), recipe, size=(32, 32), seed=0, team=team, parts=parts
        )
        criterion: Criterion | None = Toy(96, 16) if margin == "toy" else None
        if margin == "distilled":
            base = make_criterion(feed.identities, spec.embedding_size, recipe, 0)
            criterion = make_distillation(base, [Table(96, 24, 0)], spec.embedding_size, recipe, 0)
        training = Training(
            network, feed, recipe, mean=127.5, std=128.0, seed=0, team=team, criterion=criterion
        )
        losses = [record.loss for record in training.steps() if isinstance(record, StepRecord)]
        own = torch.cat([weight.detach().flatten() for weight in network.parameters()])
        first = team.share(own)
        names = {"toy": "criterion.bias", "distilled": "criterion.projection"}
        head = training.state()[names.get(margin, "head.weight")]
        agrees = bool(torch.equal(own, first)) and bool(torch.equal(head, team.share(head)))
        agree = not team.any(not agrees, device)
        if team.rank == 0:
            print(json.dumps({"losses": losses, "agree": agree, "norm": float(own.norm())}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
