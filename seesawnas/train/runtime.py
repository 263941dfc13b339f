"""Training passes as CUDA graphs.

Small networks keep a GPU waiting for Python between their many small kernels.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import torch
from torch import Tensor, nn


def as_graphs(network: nn.Module, sample: Tensor) -> bool:
    """Make ``network`` train by CUDA graphs from now on, on batches like ``sample``.

    Forward and backward are recorded once and replayed: the same kernels on the same numbers,
    started at once. Eval mode runs as before. Batch norm's statistics are as they were; gradients
    are gone. Without a GPU nothing is done, and if recording fails the network trains as before.

    Returns:
        Whether the network trains by graphs.
    """
    if sample.device.type != "cuda":
        return False
    kept = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.train()
    try:
        with _no_collection():
            torch.cuda.make_graphed_callables(network, (sample,))  # warms up by training passes
    except RuntimeError:
        return False
    finally:
        network.load_state_dict(kept)
        network.zero_grad()
    return True


@contextmanager
def _no_collection() -> Iterator[None]:
    """Freeing an earlier network's memory in the middle of a recording would spoil it."""
    gc.collect()
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h


def keep_freed_memory() -> None:
    """Let glibc keep freed maps for the rest of the process; elsewhere, do nothing.

    glibc gives large ones back to the system, which hands them out again page by page and zeroed:
    nearly half of the CPU time of a training step of seesaw_shuffle at 112x112 and batch 32, and a
    third at 56x56.
    """
    with suppress(OSError, AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 2**30)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
