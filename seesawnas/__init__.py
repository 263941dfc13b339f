"""Neural architecture search of lightweight face-recognition networks.

import seesawnas as sn
spec = sn.load("paper/seesaw_share")
sn.cost(spec).madds
sn.build(spec)
sn.Study("runs/search_150m").frame()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from seesawnas.io.isolation import isolate, runs_as_program

if (
    runs_as_program()
):  # before anything that is installed is imported, and perhaps found in the working directory instead
    isolate()

from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget, Cost, cost

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

# Imported when first asked for: torch takes seconds, and most commands need none of it.
_LATE = {
    **dict.fromkeys(("build", "load_model", "save_model"), "seesawnas.nn"),
    "Study": "seesawnas.report.api",
    **dict.fromkeys(("FeasibleSet", "SearchSpace", "load", "load_point", "load_space", "shipped"), "seesawnas.space"),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = import_module("importlib.metadata").version("seesawnas")
    elif name in _LATE:
        value = getattr(import_module(_LATE[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
