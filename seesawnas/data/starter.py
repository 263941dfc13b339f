"""The default set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seesawnas.data.faces import Faces
from seesawnas.data.nuisance import Nuisance, render
from seesawnas.data.orl import HEIGHT, PHOTOS, WIDTH, read_orl
from seesawnas.data.split import split_people

TITLE = "default faces (ORL, AT&T Laboratories Cambridge)"


@dataclass(frozen=True)
class Plan:
    """How many faces are made of the photographs."""

    held_out: float = 0.3
    blends: int = 92
    pictures: int = 20
    verification_blends: int = 0
    verification_pictures: int = 20
    warp: float = 0.06
    nuisance: Nuisance = Nuisance()


def starter_faces(resolution: int, *, seed: int, plan: Plan = Plan()) -> tuple[Faces, Faces]:
    """Return (training, verification)."""
    photos = {name: _square(person, resolution) for name, person in read_orl().items()}
    training, verification = split_people(list(photos), seed=seed, share=plan.held_out)
    rng = np.random.default_rng([seed, resolution])
    return (
        _make({n: photos[n] for n in training}, plan.blends, plan.pictures, resolution, plan, rng),
        _make({n: photos[n] for n in verification}, plan.verification_blends, plan.verification_pictures, resolution, plan, rng),
    )


def _square(person: NDArray[np.uint8], resolution: int) -> NDArray[np.uint8]:
    side = min(WIDTH, max(8, round(resolution*1.25)))
    top = (HEIGHT - WIDTH) // 2
    return np.stack([np.asarray(Image.fromarray(p).resize((side, side), Image.Resampling.BILINEAR, box=(0, top, WIDTH, top + WIDTH))) for p in person])


def _make(photos, blends, pictures, resolution, plan, rng):
    names = list(photos); sources = [photos[n] for n in names]
    pairs = [(a, b) for a in range(len(names)) for b in range(a)]
    if blends:
        for k in rng.choice(len(pairs), blends, replace=blends > len(pairs)):
            a, b = pairs[k]; w = rng.uniform(.3, .7)
            blend = sources[a] * w + sources[b][rng.permutation(PHOTOS)] * (1 - w)
            sources.append(_warp(blend, plan.warp, rng)); names.append(f"{names[a]}+{names[b]}+{k}")
    src = np.concatenate(sources).astype(np.uint8)
    labels = np.repeat(np.arange(len(names)), pictures)
    photo = np.concatenate([np.resize(rng.permutation(PHOTOS), pictures) for _ in names])
    return Faces(render(src, labels * PHOTOS + photo, resolution, plan.nuisance, rng), labels.astype(np.int64), tuple(names))


def _warp(images, size, rng):
    side = images.shape[1]
    axis = np.linspace(0, 1, side)
    waves = np.stack([np.cos(p * np.pi * axis) for p in range(4)])
    def field():
        c = rng.normal(size=(4, 4)) * size / 2; c[0, 0] = 0
        return waves.T @ c @ waves * side
    y = np.clip(np.arange(side)[:, None] + field(), 0, side - 1.001); x = np.clip(np.arange(side)[None] + field(), 0, side - 1.001)
    t, l = y.astype(int), x.astype(int); d, r = y - t, x - l
    return (images[:, t, l] * (1 - r) + images[:, t, l + 1] * r) * (1 - d) + (images[:, t + 1, l] * (1 - r) + images[:, t + 1, l + 1] * r) * d
