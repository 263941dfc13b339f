"""A small search space of every kind of block of one input, and any network of a space."""

from __future__ import annotations

from hypothesis import reject
from hypothesis import strategies as st

from seesawnas.arch import ArchSpec
from seesawnas.errors import SpecError
from seesawnas.space import SearchSpace

MIXED = """
stem: {kind: {choice: [conv_depthwise, conv, conv_pool]}, width: 24, stride: 2}
defaults:
  kind: {choice: [shuffle, inverted_bottleneck, separable, mobilenet_v2, shufflenet_v1,
    shufflenet_v2, seesaw_net, improved_residual, mixfacenet, ghost, vargroup]}
  split: [1, 3]
  se: {choice: [off, 4]}
  activation: {choice: [prelu, swish]}
  middle: 48
stages:
- {depth: {choice: [1, 2]}, width: {choice: [24, 48]}, stride: 2}
- {depth: 1, width: {choice: [48, 60]}, stride: 2}
head: {kind: {choice: [global_depthwise, average, conv_average, linear]}, width: 48,
  embedding: {choice: [48, none]}}
"""


@st.composite
def networks_of(draw: st.DrawFn, space: SearchSpace) -> ArchSpec:
    """Any option of every decision, where they fit together."""
    assignment = {one.name: draw(st.sampled_from(one.options)) for one in space.decisions}
    try:
        return space.choose(assignment)
    except SpecError:
        reject()
