"""Networks by REF, as commands take them: ``load``, ``load_point``."""

from __future__ import annotations

from seesawnas import space
from seesawnas.arch import ArchSpec
from seesawnas.space import SearchPoint
from seesawnas.space.catalog import Network
from seesawnas.study.library.reference import find_network


def load(ref: Network) -> ArchSpec:
    """The network that ``ref`` names: ``sn.load("paper/seesaw_share")``.

    Args:
        ref: A shipped name, a YAML file, a trained network's folder, an exported file with its
            card, a study's trial (``STUDY:best`` or ``STUDY:NUMBER``), or a mapping with the keys
            of a YAML file, as ``to_mapping`` makes it.

    Raises:
        UnknownReference: If ``ref`` names no such file, or the file cannot be read.
        StudyError: If the study has no such trial.
        DocumentError: If the file is not YAML or breaks a rule.
    """
    return load_point(ref).spec


def load_point(ref: Network) -> SearchPoint:
    """The search point that ``ref`` names, with what was published of it.

    A point without a name is called after its file, its folder or its trial.

    Args:
        ref: What :func:`load` takes.

    Raises:
        UnknownReference: If ``ref`` names no such file, or the file cannot be read.
        StudyError: If the study has no such trial.
        DocumentError: If the file is not YAML or breaks a rule.
    """
    return find_network(ref) if isinstance(ref, str) else space.load_point(ref)
