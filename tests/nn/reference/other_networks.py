"""The reference networks by the names of other_counts.yaml.

A function that makes each, and the size of its output.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from torch import nn

from tests.nn.reference.arcface_r100 import ArcFaceR100
from tests.nn.reference.ghostfacenet import GhostFaceNet
from tests.nn.reference.mixfacenet import MixFaceNet
from tests.nn.reference.mobilenet_v1 import MobileNetV1
from tests.nn.reference.mobilenet_v2 import MobileNetV2
from tests.nn.reference.seesaw_net import SeesawNet
from tests.nn.reference.shufflenet import ShuffleNet


class Other(NamedTuple):
    make: Callable[[], nn.Module]
    outputs: int


OTHERS = {
    "seesaw_net": Other(SeesawNet, 1000),
    "mobilenet_v1": Other(MobileNetV1, 1024),
    "mobilenet_v2": Other(MobileNetV2, 1280),
    "mobilenet_v2_gdconv": Other(partial(MobileNetV2, gdconv=True), 1280),
    "shufflenet": Other(ShuffleNet, 960),
    "shufflenet_narrow": Other(partial(ShuffleNet, narrow=True), 960),
    "arcface_r100": Other(ArcFaceR100, 512),
    "mixfacenet_xs": Other(partial(MixFaceNet, 0.5, 512), 512),
    "mixfacenet_s": Other(partial(MixFaceNet, 1.0, 1024), 512),
    "shuffle_mixfacenet_xs": Other(partial(MixFaceNet, 0.5, 512, shuffles=True), 512),
    "shuffle_mixfacenet_s": Other(partial(MixFaceNet, 1.0, 1024, shuffles=True), 512),
    "ghostfacenet_v1_1": Other(partial(GhostFaceNet, 1, 1.3, 1), 512),
    "ghostfacenet_v1_2": Other(partial(GhostFaceNet, 1, 1.3, 2), 512),
    "ghostfacenet_v2_1": Other(partial(GhostFaceNet, 2, 1.3, 1), 512),
    "ghostfacenet_v2_2": Other(partial(GhostFaceNet, 2, 1.3, 2), 512),
}
