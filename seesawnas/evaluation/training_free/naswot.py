"""NASWOT: how differently a network's activations treat the images of a batch.

Mellor et al., arXiv 2006.04647: K[i, j] = N - d(c_i, c_j), where c_i is the
binary code of image i over all N rectified units and d the Hamming distance; the score is log |K|.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seesawnas.evaluation.training_free.batch import FaceBatch
from seesawnas.evaluation.training_free.modules import activated
from seesawnas.nn import FaceNetwork


def naswot(network: FaceNetwork, batch: FaceBatch) -> float:
    """The logarithm of the determinant of the kernel of the codes.

    A unit's bit is whether its activation's output is positive. That is whether the input is, for
    every activation there is: ReLU and its variants, PReLU, GELU, swish and hard swish. Gates are
    positive everywhere and give no bits. Batch norms normalise by the batch, as in training.

    Args:
        network: With fresh weights; its running statistics are changed.
        batch: Of N images.

    Returns:
        The natural logarithm; minus infinity if two images have the same code.
    """
    size = len(batch.labels)
    kernel = torch.zeros(size, size, dtype=torch.float64)

    def add(module: nn.Module, inputs: Any, output: Tensor) -> None:
        signs = (output.flatten(1) > 0).to(output.dtype).mul_(2.0).sub_(1.0)
        # Of bits as signs the product is the units minus twice the distance: whole numbers, exact.
        kernel.add_(signs @ signs.T + signs.shape[1], alpha=0.5)

    for module in activated(network):
        module.register_forward_hook(add)
    network.train()
    with torch.no_grad():
        network(batch.images)
    return float(np.linalg.slogdet(kernel.numpy()).logabsdet)
