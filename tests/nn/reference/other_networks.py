"""The reference networks by the names of other_counts.yaml.

A function that makes each, and the size of its output.
"""

from __future__ import annotations

from functools import partial

from tests.nn.reference.arcface_r100 import ArcFaceR100
from tests.nn.reference.ghostfacenet import GhostFaceNet
from tests.nn.reference.mixfacenet import MixFaceNet
from tests.nn.reference.mobilenet_v1 import MobileNetV1
from tests.nn.reference.mobilenet_v2 import MobileNetV2
from tests.nn.reference.networks import Reference
from tests.nn.reference.seesaw_net import SeesawNet
from tests.nn.reference.shufflenet import ShuffleNet

OTHERS = {
    "seesaw_net": Reference(SeesawNet, 1000),
    "mobilenet_v1": Reference(MobileNetV1, 1024),
    "mobilenet_v2": Reference(MobileNetV2, 1280),
    "mobilenet_v2_gdconv": Reference(partial(MobileNetV2, gdconv=True), 1280),
    "shufflenet": Reference(ShuffleNet, 960),
    "shufflenet_narrow": Reference(partial(ShuffleNet, narrow=True), 960),
    "arcface_r100": Reference(ArcFaceR100, 512),
    "mixfacenet_xs": Reference(partial(MixFaceNet, 0.5, 512), 512),
    "mixfacenet_s": Reference(partial(MixFaceNet, 1.0, 1024), 512),
    "shuffle_mixfacenet_xs": Reference(partial(MixFaceNet, 0.5, 512, shuffles=True), 512),
    "shuffle_mixfacenet_s": Reference(partial(MixFaceNet, 1.0, 1024, shuffles=True), 512),
    "ghostfacenet_v1_1": Reference(partial(GhostFaceNet, 1, 1.3, 1), 512),
    "ghostfacenet_v1_2": Reference(partial(GhostFaceNet, 1, 1.3, 2), 512),
    "ghostfacenet_v2_1": Reference(partial(GhostFaceNet, 2, 1.3, 1), 512),
    "ghostfacenet_v2_2": Reference(partial(GhostFaceNet, 2, 1.3, 2), 512),
}
