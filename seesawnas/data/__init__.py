"""Faces in memory: from a folder of identities, or the default set that needs no download."""

from seesawnas.data.faces import FaceData, Faces
from seesawnas.data.load import load_faces
from seesawnas.data.open import open_source
from seesawnas.data.source import FaceSource
from seesawnas.data.verification_bin import read_bin

__all__ = ["FaceData", "FaceSource", "Faces", "load_faces", "open_source", "read_bin"]
