"""The processes that train one network together, as torchrun starts them; one is a team too.

Each holds the whole network and the whole margin head, takes its part of every batch, and averages
gradients with the others, so all go through the same weights. Batch norm's statistics are of each
process's own part, as in arcface_torch; the first process's running statistics are everybody's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from seesawnas.nn.device import pick_device


@dataclass(frozen=True, slots=True)
class Team:
    """This process's ``rank`` among ``size`` processes."""

    rank: int = 0
    size: int = 1

    def wrap(self, network: nn.Module) -> nn.Module:
        """``network``, its gradients averaged over the team while they are made."""
        if self.size == 1:
            return network
        device = next(network.parameters()).device
        return DistributedDataParallel(
            network, device_ids=[device.index] if device.type == "cuda" else None
        )

    def alone(self, network: nn.Module) -> AbstractContextManager[None]:
        """For the parts of a step but the last: gradients are kept, and averaged once."""
        return network.no_sync() if isinstance(network, DistributedDataParallel) else nullcontext()

    @torch.no_grad()
    def average_(self, tensors: Iterable[Tensor]) -> None:
        """Put the team's mean in place of each."""
        for tensor in tensors if self.size > 1 else ():
            distributed.all_reduce(tensor)
            tensor /= self.size

    def gather(self, labels: Tensor) -> Tensor:
        """All processes' ``labels``, as many of each."""
        if self.size == 1:
            return labels
        parts = [torch.empty_like(labels) for _ in range(self.size)]
        distributed.all_gather(parts, labels)
        return torch.cat(parts)

    def share(self, value: Any) -> Any:
        """The first process's ``value``, for all."""
        held = [value]
        if self.size > 1:
            distributed.broadcast_object_list(held)
        return held[0]

    def wait(self) -> None:
        """Return when all processes have come here, with the files that they wrote before."""
        if self.size > 1:
            distributed.barrier()

    def union(self, values: dict[int, str]) -> dict[int, str]:
        """All processes' ``values``, by key in order."""
        if self.size == 1:
            return values
        parts: list[dict[int, str]] = [{} for _ in range(self.size)]
        distributed.all_gather_object(parts, values)
        return dict(sorted({key: value for part in parts for key, value in part.items()}.items()))

    def any(self, wish: bool, device: torch.device) -> bool:
        """Whether the value is true in one process of the team."""
        if self.size == 1:
            return wish
        wishes = torch.tensor(float(wish), device=device)
        distributed.all_reduce(wishes)
        return bool(wishes > 0)


@contextmanager
def joined(device: str | None) -> Iterator[tuple[Team, torch.device]]:
    """The team that torchrun's environment names, for the block, and this process's device.

    The device is a GPU if there is one.

    Raises:
        InvalidInput: If torch does not know ``device``, or it is not available.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    rank, local = int(os.environ.get("RANK", "0")), int(os.environ.get("LOCAL_RANK", "0"))
    chosen = pick_device(device, local if size > 1 else None)
    if size == 1:
        yield Team(), chosen
        return
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    distributed.init_process_group(
        "nccl" if chosen.type == "cuda" else "gloo", rank=rank, world_size=size
    )
    try:
        yield Team(rank, size), chosen
    finally:
        distributed.destroy_process_group()
