"""A training from Python.

A shipped network trained on the default faces, evaluated, saved and loaded again.

    python train.py

For faces of your own, on disk and too many for memory, `seesawnas train` has checkpoints, several
GPUs and logs; this is the loop without them.
"""

from __future__ import annotations

from dataclasses import replace

import seesawnas as sn
from seesawnas.data import load_faces
from seesawnas.evaluation import embed, evaluate, make_pairs
from seesawnas.train import read_recipe, seeded, train

# a shipped search point, a YAML file, or a trial of a study: search_150m:best
NETWORK = "paper/seesaw_share"
DATA = None  # a folder of faces, one sub-folder an identity; None: the default faces
EPOCHS = 1  # 16 is the recipe's own
RESOLUTION = 32  # pixels; the network's own is 112
SHARE = 0.25  # of the identities to train on
SEED = 0
OUT = "runs/example_train"


def main() -> None:
    """Train, evaluate, save, load."""
    spec = sn.load(NETWORK).at_resolution(RESOLUTION)
    recipe = replace(read_recipe("small"), epochs=EPOCHS)  # a frozen value: replace makes another
    # Identities to train on, and others to verify.
    faces = load_faces(DATA, resolution=RESOLUTION, seed=SEED)
    print(faces.description)

    with seeded(SEED):  # the initial weights
        network = sn.build(spec)
    mean, std = spec.input.mean, spec.input.std  # of pixels from 0 to 255
    people = faces.training.of_share(SHARE, seed=SEED)
    for record in train(network, people, recipe, mean=mean, std=std, seed=SEED):
        print(
            f"epoch {record.epoch} of {record.epochs}: loss {record.loss:.3f}, "
            f"{record.seconds:.0f} s"
        )

    test = faces.verification
    pairs = make_pairs(test.labels, limit=2000, seed=SEED)
    found = evaluate(
        embed(network, test.images, mean=mean, std=std), pairs, people=test.labels, resamples=200
    )
    low, high = found.intervals["auc"] or (float("nan"), float("nan"))
    print(
        f"accuracy {found.accuracy:.4f}, AUC {found.auc:.4f} (95 % interval {low:.4f} to "
        f"{high:.4f})"
    )

    # For sn.load_model, `seesawnas eval` and `seesawnas identify`.
    folder = sn.save_model(network, OUT)
    again = sn.load_model(folder)
    print(f"{folder}: {again.spec.digest()}, {sum(p.numel() for p in again.parameters()):,} params")


if __name__ == "__main__":
    main()
