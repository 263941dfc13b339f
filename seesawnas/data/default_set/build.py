"""The default set: ORL photographs under a careless camera, so that a first run needs no download.

It is for a first run, to see a search work from end to end; decide on networks with faces of your
own.

The photographs themselves (forty people, see ``orl``) do not tell networks apart: raw pixels verify
them nearly as well as a trained network. So everyone is seen under seeded distortions (see
``corruptions``), on both sides of the split, and the identities to train on are joined by blends of
them (see ``blends``).

Measured at 56x56, seed 0, InsightFace's protocol on 4,000 pairs of the 12 identities held out (a
default trial verifies about 4,560), training by the recipe ``train.FIRST_RUN`` (7,200 images seen,
about 55 seconds of one thread), area under the ROC curve, standard deviations those of a sample:

- raw pixels, image and mirror: 0.642;
- seesaw_share, training seeds 0, 1, 2: 0.898, 0.906, 0.899 (standard deviation 0.0044);
- seesaw_share and five networks drawn from the seesaw space at 120M..150M: 0.898, 0.829, 0.875,
  0.852, 0.871, 0.869 (standard deviation 0.023: about five times that of the seeds).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seesawnas.data.default_set.blends import with_blends
from seesawnas.data.default_set.corruptions import Corruptions, render
from seesawnas.data.default_set.orl import HEIGHT, WIDTH, read_orl
from seesawnas.data.faces import Faces, split_identities
from seesawnas.data.images import Resolution, middle, size_of

TITLE = "default faces (ORL, AT&T Laboratories Cambridge, with distortions)"
STORED_TITLE = "default faces (ORL, AT&T Laboratories Cambridge, under nuisances)"
"""What studies have stored of the default set since version 0.1.

A study is resumed only if it is the same.
"""

_TRAINING, _VERIFICATION = 0, 1
_FINEST = (
    1.25  # a source has this many pixels for each of an image: fewer would blur, more would alias
)


@dataclass(frozen=True)
class Plan:
    """How many images of how many identities are made.

    The names of its fields are part of the fingerprint.

    Attributes:
        held_out: Fraction of the forty identities that is verified.
        blends: Identities added to those trained on.
        pictures: Images of each identity trained on.
        verified_pictures: Images of each identity verified.
        warp: See ``with_blends``.
        corruptions: How far the distortions go.
    """

    held_out: float = 0.3
    blends: int = 92
    pictures: int = 30
    verified_pictures: int = 20
    warp: float = 0.01
    corruptions: Corruptions = field(default_factory=Corruptions)


def default_faces(
    resolution: Resolution, *, seed: int, plan: Plan | None = None
) -> tuple[Faces, Faces]:
    """Return (training, verification) at ``resolution``.

    The split, the blends and the distortions follow from ``seed``. The set's images are squares;
    for a (height, width), the middle of those of its longer side is returned.

    Raises:
        DataError: If the photographs are not installed.
    """
    height, width = size_of(resolution)
    training, verification = _square_faces(max(height, width), seed, plan or Plan())
    return _middle_of(training, height, width), _middle_of(verification, height, width)


def _middle_of(faces: Faces, height: int, width: int) -> Faces:
    return replace(faces, images=np.ascontiguousarray(middle(faces.images, height, width)))


def _square_faces(resolution: int, seed: int, plan: Plan) -> tuple[Faces, Faces]:
    photos = {name: _squares(identity, resolution) for name, identity in read_orl().items()}
    training, verification = split_identities(list(photos), seed=seed, share=plan.held_out)
    rng = np.random.default_rng([seed, _TRAINING])
    people = with_blends(
        {name: photos[name] for name in training}, count=plan.blends, warp=plan.warp, rng=rng
    )
    return (
        _photograph(people, plan.pictures, resolution, plan.corruptions, rng),
        _photograph(
            {name: photos[name] for name in verification},
            plan.verified_pictures,
            resolution,
            plan.corruptions,
            np.random.default_rng([seed, _VERIFICATION]),
        ),
    )


def default_fingerprint(resolution: Resolution, *, seed: int, plan: Plan | None = None) -> str:
    """A hash of what the set is made from.

    The images made from it may differ in a last bit from machine to machine.
    """
    height, width = size_of(resolution)
    size = height if height == width else (height, width)
    digest = hashlib.sha256(repr((size, seed, plan or Plan())).encode())
    for photos in read_orl().values():
        digest.update(photos.data)
    return digest.hexdigest()[:16]


def _squares(photos: NDArray[np.uint8], resolution: int) -> NDArray[np.uint8]:
    """(P, 112, 92) as (P, S, S): the centre square, no finer than the images to be made of it."""
    side = min(WIDTH, max(8, round(_FINEST * resolution)))
    top = (HEIGHT - WIDTH) // 2
    box = (0, top, WIDTH, top + WIDTH)
    squares = [
        Image.fromarray(photo).resize((side, side), Image.Resampling.BILINEAR, box=box)
        for photo in photos
    ]
    return np.stack([np.asarray(square) for square in squares])


def _photograph(
    people: dict[str, NDArray[np.uint8]],
    pictures: int,
    resolution: int,
    corruptions: Corruptions,
    rng: np.random.Generator,
) -> Faces:
    """``pictures`` of each identity, from all its photographs in turn, in a random order."""
    sources = np.concatenate(list(people.values()))
    labels = np.repeat(np.arange(len(people), dtype=np.int64), pictures)
    photos = len(sources) // len(people)
    chosen = np.concatenate([np.resize(rng.permutation(photos), pictures) for _ in people])
    return Faces(
        render(sources, labels * photos + chosen, resolution, corruptions, rng),
        labels,
        tuple(people),
    )
