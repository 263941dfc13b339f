"""Specs as torch modules: ``build(spec)`` gives (N, 3, H, W) -> (N, embedding).

Training runs whatever equal form is fastest; eval mode runs, layer for layer, what the cost model
counts.
"""

from seesawnas.nn.device import PerChannel, normalised
from seesawnas.nn.network import FaceNetwork, build
from seesawnas.nn.weights import is_trained, load_model, save_model, weights_file

__all__ = [
    "FaceNetwork",
    "PerChannel",
    "build",
    "is_trained",
    "load_model",
    "normalised",
    "save_model",
    "weights_file",
]
