"""Faces: where they lie, encoded, in a folder or a .rec; in memory, decoded; and the default set that needs no download."""

from seesawnas.data.faces import FaceData, Faces
from seesawnas.data.load import load_faces
from seesawnas.data.open import open_source
from seesawnas.data.source import FaceSource, OpenedSource
from seesawnas.data.verification_bin import read_bin

__all__ = ["FaceData", "FaceSource", "Faces", "OpenedSource", "load_faces", "open_source", "read_bin"]
