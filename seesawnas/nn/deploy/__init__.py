"""The deploy form: a trained network as few plain operators with constants for weights.

Batch norms are part of the weights, groups of channels are runs, shuffles are a matter of the order
in which channels are made, and squeeze-and-excitation is 1x1 convolutions on (N, C, 1, 1).
"""

from seesawnas.nn.deploy.build import deploy_form
from seesawnas.nn.deploy.form import DeployForm, Operator
from seesawnas.nn.deploy.module import to_module

__all__ = ["DeployForm", "Operator", "deploy_form", "to_module"]
