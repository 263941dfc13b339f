"""Faces: where they lie, encoded, in a folder or a .rec; in memory, decoded; written elsewhere; and the default set."""

from seesawnas.data.align import align_folder, read_landmarks
from seesawnas.data.faces import FaceData, Faces
from seesawnas.data.load import load_faces
from seesawnas.data.open import open_source
from seesawnas.data.pack import pack_bin, pack_rec
from seesawnas.data.people import first_people, random_people
from seesawnas.data.prepare import Preparation
from seesawnas.data.source import FaceSource, OpenedSource
from seesawnas.data.survey import contact_sheet, survey
from seesawnas.data.verification_bin import read_bin
from seesawnas.data.write_folder import write_folder

__all__ = [
    "FaceData",
    "FaceSource",
    "Faces",
    "OpenedSource",
    "Preparation",
    "align_folder",
    "contact_sheet",
    "first_people",
    "load_faces",
    "open_source",
    "pack_bin",
    "pack_rec",
    "random_people",
    "read_bin",
    "read_landmarks",
    "survey",
    "write_folder",
]
