"""What every kind that ships keeps.

One rule a name, its row makes it again, and what does not fit is a SpecError.
"""

from __future__ import annotations

from typing import Any

import pytest

from seesawnas.ablation.widths import rebuild_block
from seesawnas.arch import Shape, kind_of, kinds
from seesawnas.arch.blocks.parts import body_of, inputs_of
from seesawnas.arch.blocks.registry import _check_shared
from seesawnas.arch.codec import from_mapping, to_mapping
from seesawnas.cost.cost import block_cost
from seesawnas.errors import SpecError
from seesawnas.nn.block import BlockLayers
from seesawnas.space import load_point, shipped

MAP = (Shape(24, 8, 8),)


@pytest.mark.parametrize("name", kinds())
def test_kinds_that_share_an_attribute_share_its_rule(name: str) -> None:
    _check_shared(kinds()[name], kinds().values(), name)


@pytest.mark.parametrize("ref", shipped("paper"))
def test_a_parts_row_makes_it_again(ref: str) -> None:
    spec = load_point(ref).spec
    found = [Shape(3, spec.input.height, spec.input.width)]
    for (_, part), output in zip(spec.parts, spec.shapes(), strict=True):
        width = part.outputs if part.role == "block" else part.width
        row: dict[str, Any] = {
            name: _option(part, name, value) for name, value in part.row().items()
        }
        stride = row.pop("stride", part.stride)
        assert kinds()[kind_of(part)].make(inputs_of(part, found), width, stride, **row) == part
        found.append(output)


def _option(part: Any, name: str, value: Any) -> Any:
    return kinds()[kind_of(part)].attributes[name].rule(value)


@pytest.mark.parametrize(
    ("kind", "width", "stride", "options", "place"),
    [
        ("separable", 0, 1, {}, "outputs"),
        ("separable", 24, 3, {}, "stride"),
        ("separable", 24, 1, {"kernel": 4}, "kernel"),
        ("separable", 24, 1, {"activation": "tanh"}, "activation"),
        ("shufflenet_v1", 36, 1, {"middle": 12}, "stride 1"),
        ("shufflenet_v1", 24, 2, {"middle": 12}, "stride 2"),
        ("shufflenet_v1", 24, 1, {"middle": 10}, "groups"),
        ("shufflenet_v1", 24, 1, {"middle": 12, "first_groups": 5}, "first_groups"),
        ("shufflenet_v1", 24, 1, {}, "expansion"),
        ("seesaw_net", 30, 1, {"middle": 48, "split": "1:3"}, "split"),
        ("seesaw_net", 24, 1, {"middle": 4, "split": "1:1:2"}, "shuffle"),
        ("seesaw_net", 24, 1, {"middle": 48, "split": (0, 1)}, "split"),
        ("improved_residual", 24, 1, {"se": 25}, "se"),
        ("mixfacenet", 25, 1, {"middle": 48, "shuffle": "on"}, "shuffle"),
        ("mixfacenet", 24, 1, {"middle": 48, "kernels": 6}, "kernels"),
        ("mixfacenet", 24, 1, {"middle": 48, "expand_groups": 5}, "expand_groups"),
        ("mixfacenet", 24, 1, {"middle": 48, "project_groups": 5}, "project_groups"),
        ("ghost", 25, 1, {"middle": 48}, "halves"),
        ("ghost", 24, 1, {"middle": 47}, "halves"),
        ("mobilenet_v2", 24, 1, {"middle": 48, "se": 49}, "se"),
        ("conv", 24, 4, {}, "stride"),
        ("conv_pool", 24, 1, {}, "stride"),
        ("conv", 0, 1, {}, "width"),
        ("average", 25, 1, {}, "width"),
        ("conv_average", 0, 1, {}, "width"),
        ("conv_average", 24, 1, {"classes": -1}, "classes"),
        ("linear", 0, 1, {}, "width"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(
    kind: str, width: int, stride: int, options: dict[str, Any], place: str
) -> None:
    with pytest.raises(SpecError, match=rf"\b{place}\b"):
        kinds()[kind].make(MAP, width, stride, **options)


@pytest.mark.parametrize(
    ("kind", "width", "stride", "options"),
    [
        ("separable", 10, 2, {"kernel": 7, "activation": "gelu"}),
        ("mobilenet_v2", 24, 2, {"middle": 24, "se": 4, "skip": "maxpool_conv"}),
        ("shufflenet_v1", 36, 2, {"middle": 8, "groups": 4}),
        ("seesaw_net", 24, 1, {"middle": 48, "split": "2:4:2"}),
        ("seesaw_net", 24, 1, {"middle": 32, "split": "1"}),
        ("improved_residual", 10, 1, {"se": 4, "activation": "prelu"}),
        ("mixfacenet", 24, 1, {"middle": 31, "kernels": 5, "se": 31, "shuffle": "on"}),
        ("mixfacenet", 24, 2, {"middle": 24, "kernels": 4}),
        ("ghost", 24, 1, {"middle": 2, "se": 2}),
    ],
)
def test_what_fits_builds_what_is_counted(
    kind: str, width: int, stride: int, options: dict[str, Any]
) -> None:
    block = kinds()[kind].make(MAP, width, stride, **options)
    module = BlockLayers(block, MAP)
    assert sum(one.numel() for one in module.parameters()) == block_cost(block, MAP).params
    assert block.outputs == width
    assert body_of(block.canonical()) == body_of(block)


def test_an_expanding_mobilenet_v2_block_is_an_inverted_bottleneck() -> None:
    made = kinds()["mobilenet_v2"].make(MAP, 24, 1, middle=48)
    assert body_of(made) == body_of(kinds()["inverted_bottleneck"].make(MAP, 24, 1, middle=48))
    assert kind_of(made.canonical()) == "inverted_bottleneck"


@pytest.mark.parametrize(
    ("middle", "squeezed"), [(92, 24), (156, 40), (624, 156), (872, 220), (1248, 312), (664, 168)]
)
def test_a_ghosts_squeeze_is_a_multiple_of_four(middle: int, squeezed: int) -> None:
    assert kinds()["ghost"].make(MAP, 24, 1, middle=middle, se=4).squeezed == squeezed


@pytest.mark.parametrize("ref", shipped("paper"))
def test_a_published_network_is_written_and_read(ref: str) -> None:
    spec = load_point(ref).spec
    again = from_mapping(to_mapping(spec))
    assert (again, again.stem, again.blocks, again.head) == (
        spec,
        spec.stem,
        spec.blocks,
        spec.head,
    )


@pytest.mark.parametrize(("kind", "stride"), [("conv", 1), ("conv", 2), ("conv_pool", 4)])
def test_a_stem_remade_keeps_its_stride(kind: str, stride: int) -> None:
    image = (Shape(3, 32, 32),)
    made = kinds()[kind].make(image, 16, stride)
    assert rebuild_block(made, kinds()[kind], image, {}, 24) == kinds()[kind].make(
        image, 24, stride
    )
