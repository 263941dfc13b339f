"""The modules of a network that training-free scores look at, whatever blocks it is made of."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from seesawnas.arch.layers import ACTIVATIONS, GATES
from seesawnas.nn.activations import NormAct, activation
from seesawnas.nn.grouped import GroupedConv
from seesawnas.nn.layers import Convolution, FullyConnected

_ACTIVATIONS = tuple(type(activation(name, 1)) for name in ACTIVATIONS)
_GATES = tuple(type(activation(name, 1)) for name in GATES)


def layer_weights(network: nn.Module) -> list[list[Tensor]]:
    """The weights of each convolution and linear layer, biases left out.

    A convolution over uneven groups has a tensor for each group.
    """
    found: list[list[Tensor]] = []
    for module in network.modules():
        if isinstance(module, GroupedConv):
            found.append(list(module.weights))
        elif isinstance(module, Convolution | FullyConnected):
            found.append([module.weight])
    return found


def activations(network: nn.Module) -> list[nn.Module]:
    """The activation modules; not the gates of squeeze-and-excitation."""
    return [module for module in network.modules() if isinstance(module, _ACTIVATIONS)]


def gates(network: nn.Module) -> list[nn.Module]:
    """The gates: modules that give factors from 0 to 1."""
    return [module for module in network.modules() if isinstance(module, _GATES)]


def activated(network: nn.Module) -> Iterator[nn.Module]:
    """The modules whose output is an activation's, each activation once.

    Training may run an activation as part of the batch norm before it, without calling its module.
    """
    inner: set[int] = set()
    for module in network.modules():
        if isinstance(module, NormAct):
            inner.add(id(module.activation))
            if isinstance(module.activation, _ACTIVATIONS):
                yield module
        elif isinstance(module, _ACTIVATIONS) and id(module) not in inner:
            yield module
