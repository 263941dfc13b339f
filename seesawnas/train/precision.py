"""Which numbers the network computes in; weights, margin and optimiser stay in float32."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal

import torch
from torch import Tensor

Precision = Literal["fp32", "bf16", "fp16"]
_TYPES: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Scaling:
    """Autocast for the way forward; for fp16, whose gradients would vanish, a loss scale that adapts."""

    def __init__(self, precision: Precision, device: torch.device) -> None:
        self._type, self._device = _TYPES.get(precision), device.type
        self._scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")

    def forward(self) -> AbstractContextManager[object]:
        """For the network's forward alone."""
        return torch.autocast(self._device, self._type, enabled=self._type is not None)

    def backward(self, loss: Tensor) -> None:
        """Gradients of ``loss``, scaled."""
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """One step; none where a gradient overflowed, and a smaller scale from then on."""
        self._scaler.step(optimizer)
        self._scaler.update()

    def state(self) -> Tensor:
        """The scale, and for how many steps it has held."""
        state = self._scaler.state_dict()
        return torch.tensor([state.get("scale", 1.0), state.get("_growth_tracker", 0)], dtype=torch.float64)

    def restore(self, state: Tensor) -> None:
        """Go on from a ``state``."""
        if self._scaler.is_enabled():
            kept = {"scale": float(state[0]), "_growth_tracker": int(state[1])}
            self._scaler.load_state_dict({**self._scaler.state_dict(), **kept})
