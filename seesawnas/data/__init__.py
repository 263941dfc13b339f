"""Faces in memory: from a folder of identities, or the default set that needs no download; and pairs to verify."""

from seesawnas.data.faces import FaceData, Faces
from seesawnas.data.gallery import open_folder
from seesawnas.data.load import load_faces
from seesawnas.data.pair_files import read_pairs
from seesawnas.data.pair_set import PairSet
from seesawnas.data.pictures import Pictures
from seesawnas.data.templates import TemplateSet, read_templates
from seesawnas.data.verification_bin import read_bin

__all__ = [
    "FaceData",
    "Faces",
    "PairSet",
    "Pictures",
    "TemplateSet",
    "load_faces",
    "open_folder",
    "read_bin",
    "read_pairs",
    "read_templates",
]
