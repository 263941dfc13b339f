"""The functions of ``import seesawnas as sn`` that do what whole commands do."""

from typing import TYPE_CHECKING

from seesawnas.io.lazy import lazy_exports

if TYPE_CHECKING:
    from seesawnas.api.networks import create, list_networks
    from seesawnas.api.proxy import proxy
    from seesawnas.api.references import load, load_point
    from seesawnas.api.training import TrainedNetwork, train
    from seesawnas.api.verification import evaluate
else:
    __getattr__ = lazy_exports(__name__)

__all__ = [
    "TrainedNetwork",
    "create",
    "evaluate",
    "list_networks",
    "load",
    "load_point",
    "proxy",
    "train",
]
