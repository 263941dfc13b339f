"""Neural architecture search of lightweight face-recognition networks.

import seesawnas as sn
spec = sn.load("paper/seesaw_share")
sn.cost(spec).madds
sn.build(spec)
sn.Study("runs/search_150m").frame()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from seesawnas.io.isolation import isolate_imports, runs_as_program

# before anything that is installed is imported, and perhaps found in the working directory instead
if runs_as_program():
    isolate_imports()

from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget, Cost, cost
from seesawnas.io.lazy import lazy_exports

if TYPE_CHECKING:
    from seesawnas.nn import build, load_model, save_model
    from seesawnas.report.api import Study
    from seesawnas.space import FeasibleSet, SearchSpace, load, load_point, load_space, shipped

    __version__: str

__all__ = [
    "ArchSpec",
    "Budget",
    "Cost",
    "FeasibleSet",
    "SearchSpace",
    "Study",
    "__version__",
    "build",
    "cost",
    "load",
    "load_model",
    "load_point",
    "load_space",
    "save_model",
    "shipped",
]

_find = lazy_exports(__name__)


def __getattr__(name: str) -> Any:
    if name != "__version__":
        return _find(name)
    value = globals()[name] = import_module("importlib.metadata").version("seesawnas")
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
