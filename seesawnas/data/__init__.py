"""Face images: sources, decoding, the cache, writers, the default set and verification pairs."""

from seesawnas.data.encoded_images import EncodedImages
from seesawnas.data.faces import FaceData, Faces
from seesawnas.data.load import load_faces
from seesawnas.data.pairs.files import read_pairs
from seesawnas.data.pairs.ijb import TemplateSet, read_templates
from seesawnas.data.pairs.insightface_bin import read_bin
from seesawnas.data.pairs.pair_set import PairSet
from seesawnas.data.skipped import Skipped
from seesawnas.data.sources.base import FaceSource, OpenedSource, keep_identities
from seesawnas.data.sources.folder import FolderSource
from seesawnas.data.sources.images import open_folder, open_images
from seesawnas.data.sources.open import open_source
from seesawnas.data.sources.subset import first_identities, open_subset, random_identities
from seesawnas.data.survey import contact_sheet, survey
from seesawnas.data.writers.align import align_folder
from seesawnas.data.writers.detect import Choice, FaceFinder, FoundFace, open_finder
from seesawnas.data.writers.folder import write_folder
from seesawnas.data.writers.landmarks import read_landmarks
from seesawnas.data.writers.pack import pack_bin, pack_rec
from seesawnas.data.writers.prepare import Preparation

__all__ = [
    "Choice",
    "EncodedImages",
    "FaceData",
    "FaceFinder",
    "FaceSource",
    "Faces",
    "FolderSource",
    "FoundFace",
    "OpenedSource",
    "PairSet",
    "Preparation",
    "Skipped",
    "TemplateSet",
    "align_folder",
    "contact_sheet",
    "first_identities",
    "keep_identities",
    "load_faces",
    "open_finder",
    "open_folder",
    "open_images",
    "open_source",
    "open_subset",
    "pack_bin",
    "pack_rec",
    "random_identities",
    "read_bin",
    "read_landmarks",
    "read_pairs",
    "read_templates",
    "survey",
    "write_folder",
]
