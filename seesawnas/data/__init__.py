"""Faces: encoded, in a folder or a .rec; decoded, in memory; written elsewhere; the default set; and pairs to verify."""

from seesawnas.data.align import align_folder
from seesawnas.data.faces import FaceData, Faces
from seesawnas.data.folder import FolderSource
from seesawnas.data.gallery import open_folder
from seesawnas.data.landmarks import read_landmarks
from seesawnas.data.load import load_faces
from seesawnas.data.open import open_source
from seesawnas.data.pack import pack_bin, pack_rec
from seesawnas.data.pair_files import read_pairs
from seesawnas.data.pair_set import PairSet
from seesawnas.data.people import first_people, random_people
from seesawnas.data.pictures import Pictures
from seesawnas.data.prepare import Preparation
from seesawnas.data.source import FaceSource, OpenedSource
from seesawnas.data.survey import contact_sheet, survey
from seesawnas.data.templates import TemplateSet, read_templates
from seesawnas.data.verification_bin import read_bin
from seesawnas.data.write_folder import write_folder

__all__ = [
    "FaceData",
    "FaceSource",
    "Faces",
    "FolderSource",
    "OpenedSource",
    "PairSet",
    "Pictures",
    "Preparation",
    "TemplateSet",
    "align_folder",
    "contact_sheet",
    "first_people",
    "load_faces",
    "open_folder",
    "open_source",
    "pack_bin",
    "pack_rec",
    "random_people",
    "read_bin",
    "read_landmarks",
    "read_pairs",
    "read_templates",
    "survey",
    "write_folder",
]
