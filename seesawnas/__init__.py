"""Neural architecture search of lightweight face-recognition networks.

import seesawnas as sn
spec = sn.load("paper/seesaw_share")
sn.cost(spec).madds
sn.build(spec)
sn.train(spec, data="FACES", epochs=2)
sn.Study("runs/search_150m").frame()
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from seesawnas.io.isolation import end_on_interrupt, isolate_imports, runs_as_program

# before anything that is installed is imported, and perhaps found in the working directory instead
if runs_as_program():
    isolate_imports()
    end_on_interrupt()

from seesawnas.arch import ArchSpec
from seesawnas.cost import Budget, Cost, cost
from seesawnas.io.lazy import lazy_exports

if TYPE_CHECKING:
    from seesawnas.api import (
        TrainedNetwork,
        create,
        evaluate,
        list_networks,
        load,
        load_point,
        proxy,
        train,
    )
    from seesawnas.nn import build, load_model, save_model
    from seesawnas.report.api import Study
    from seesawnas.search.suggest import suggest
    from seesawnas.space import (
        FeasibleSet,
        SearchSpace,
        choose,
        load_space,
        shipped,
    )

    __version__: str

__all__ = [
    "ArchSpec",
    "Budget",
    "Cost",
    "FeasibleSet",
    "SearchSpace",
    "Study",
    "TrainedNetwork",
    "__version__",
    "build",
    "choose",
    "cost",
    "create",
    "evaluate",
    "list_networks",
    "load",
    "load_model",
    "load_point",
    "load_space",
    "proxy",
    "save_model",
    "shipped",
    "suggest",
    "train",
]

_find = lazy_exports(__name__)


class _TrainPackage(ModuleType):
    """The package ``seesawnas.train``; called, it trains a network, as ``sn.train(...)``."""

    def __call__(self, network: Any, **options: Any) -> Any:
        return import_module("seesawnas.api").train(network, **options)

    @property
    def __signature__(self) -> Any:
        return import_module("inspect").signature(import_module("seesawnas.api").train)


# Now, for an import of the package sets this name, whenever that is.
import_module("seesawnas.train").__class__ = _TrainPackage


def __getattr__(name: str) -> Any:
    if name != "__version__":
        return _find(name)
    value = globals()[name] = import_module("importlib.metadata").version("seesawnas")
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
