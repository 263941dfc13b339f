"""The reference networks by the names of counts.yaml.

A function that makes each, and the size of its embedding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from torch import nn

from tests.nn.reference.pocketnet import pocketnet_m, pocketnet_s
from tests.nn.reference.shufflefacenet import WIDTHS, ShuffleFaceNet
from tests.nn.reference.vargfacenet import VarGFaceNet


class Reference(NamedTuple):
    """How one is made, and the size of its output."""

    make: Callable[[], nn.Module]
    outputs: int


REFERENCES = {
    "vargfacenet": Reference(VarGFaceNet, 512),
    "pocketnet_s128": Reference(partial(pocketnet_s, 128), 128),
    "pocketnet_s256": Reference(partial(pocketnet_s, 256), 256),
    "pocketnet_m128": Reference(partial(pocketnet_m, 128), 128),
    "pocketnet_m256": Reference(partial(pocketnet_m, 256), 256),
    **{
        f"shufflefacenet_{size}": Reference(partial(ShuffleFaceNet, widths), 128)
        for size, widths in WIDTHS.items()
    },
}
