"""Tiny made-up identities: each a pattern of its own, under noise."""

from __future__ import annotations

import numpy as np

from seesawnas.data import FaceData, Faces


def patterns(people: int, each: int, side: int, seed: int = 0) -> Faces:
    """``each`` images of ``people`` identities, ``side`` pixels square."""
    rng = np.random.default_rng(seed)
    bases = rng.integers(0, 255, (people, 4, 4, 3)).astype(np.float64)
    labels = np.repeat(np.arange(people), each)
    big = bases[labels].repeat(side // 4, axis=1).repeat(side // 4, axis=2)
    images = np.clip(big + rng.normal(0, 20, big.shape), 0, 255).astype(np.uint8)
    return Faces(images, labels.astype(np.int64), tuple(f"p{i}" for i in range(people)))


def made_up_faces(side: int = 32) -> FaceData:
    """Some to train on and others to verify."""
    return FaceData(
        patterns(12, 6, side), patterns(8, 6, side, seed=1), "made-up people", "0", (), False
    )
