"""The device that a network runs on, by the name that a user gives it."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor

from seesawnas.errors import InvalidInput


def pick_device(name: str | None, local: int | None = None) -> torch.device:
    """The device called ``name``; without a name a GPU if there is one, else the CPU.

    Of the GPUs, it is number ``local``, that of this process of a team.

    Raises:
        InvalidInput: If torch does not know the device, or it is not available.
    """
    try:
        found = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        if found.type == "cuda" and found.index is None:
            found = torch.device("cuda", local or 0)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0][:120]
        raise InvalidInput(
            "--device must be an available torch device, such as cpu or cuda, got "
            f"{name or found}: {reason}"
        ) from None
    return found


PerChannel: TypeAlias = float | tuple[float, float, float]
"""One number, or one for each of red, green and blue."""


def normalised(pixels: Tensor, mean: PerChannel, std: PerChannel) -> Tensor:
    """uint8 (N, H, W, 3) as float32 (N, 3, H, W), (pixel - mean) / std.

    It is in the channels_last layout, which (N, H, W, 3) seen as (N, 3, H, W) already is: nothing
    is copied.
    """
    batch = pixels.permute(0, 3, 1, 2).float()
    return batch.sub_(_operand(mean, batch)).div_(_operand(std, batch))


def _operand(values: PerChannel, batch: Tensor) -> float | Tensor:
    """A plain number if that is enough, several times as fast in this layout; else (1, 3, 1, 1)."""
    if not isinstance(values, tuple):
        return values
    return (
        values[0]
        if len(set(values)) == 1
        else torch.tensor(values, device=batch.device).view(1, 3, 1, 1)
    )
