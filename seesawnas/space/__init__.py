"""What may vary: the grammar, search points, and the feasible set under a budget."""

from seesawnas.arch.codec import from_mapping, to_json, to_mapping
from seesawnas.io.yaml import read_yaml, write_yaml
from seesawnas.space.catalog import load, load_point, load_space, shipped
from seesawnas.space.choose import choose
from seesawnas.space.document import TEST_SETS
from seesawnas.space.feasible.effort import compiling_reported_to
from seesawnas.space.feasible.exact import Sample
from seesawnas.space.feasible.feasible import FeasibleSet
from seesawnas.space.feasible.rejection import Acceptance
from seesawnas.space.load import Erratum, Published, PublishedValue, SearchPoint, to_point, to_space
from seesawnas.space.search_space import Assignment, Decision, SearchSpace

__all__ = [
    "TEST_SETS",
    "Acceptance",
    "Assignment",
    "Decision",
    "Erratum",
    "FeasibleSet",
    "Published",
    "PublishedValue",
    "Sample",
    "SearchPoint",
    "SearchSpace",
    "choose",
    "compiling_reported_to",
    "from_mapping",
    "load",
    "load_point",
    "load_space",
    "read_yaml",
    "shipped",
    "to_json",
    "to_mapping",
    "to_point",
    "to_space",
    "write_yaml",
]
