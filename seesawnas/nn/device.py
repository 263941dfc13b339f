"""The device that a network runs on, by the name that a user gives it."""

from __future__ import annotations

import torch

from seesawnas.errors import InvalidInput


def pick_device(name: str | None, local: int | None = None) -> torch.device:
    """``name``'s device; without one a GPU where there is one, else the CPU; the ``local``-th GPU of a team's process.

    Raises InvalidInput where it is none that torch knows, or none that is here.
    """
    try:
        found = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        if found.type == "cuda" and found.index is None:
            found = torch.device("cuda", local or 0)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0][:120]
        raise InvalidInput(
            f"--device must be a device of torch that is here, such as cpu or cuda, got {name or found}: {reason}"
        ) from None
    return found
