"""What every kind of block must fulfil."""

from __future__ import annotations

import pickle

import pytest
import torch
from torch import Tensor, nn

from seesawnas.arch import Block, Inputs, Shape, body_of, canonical_block
from seesawnas.arch.blocks import declared
from seesawnas.arch.blocks.parts import block_digest, block_output
from seesawnas.arch.body import reads_of
from seesawnas.arch.layers import Conv, Linear
from seesawnas.cost import block_cost
from seesawnas.nn.block import BlockLayers
from seesawnas.nn.grouped import GroupedConv
from seesawnas.nn.layers import Convolution, FullyConnected

_IMAGES, _SIDE = 3, 12


class BlockSuite:
    """Needs the fixture ``block``, a :class:`seesawnas.arch.Block`.

    Narrow ones test as well as wide ones and faster.
    """

    @pytest.fixture
    def inputs(self, block: Block) -> Inputs:
        """What the block reads: square maps of its channels.

        Override it if they must differ in size.
        """
        return tuple(
            Shape(channels or 8, _SIDE, _SIDE) for channels in block.takes() or (block.inputs,)
        )

    @pytest.fixture
    def module(self, block: Block, inputs: Inputs) -> BlockLayers:
        """The block in float64, with statistics that are not the initial ones."""
        torch.manual_seed(3)
        module = BlockLayers(block, inputs).double()
        for name, buffer in module.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                buffer.uniform_(0.5, 1.5)
        return module

    @pytest.fixture
    def maps(self, inputs: Inputs) -> list[Tensor]:
        """Maps to run it on, (N, C, H, W)."""
        torch.manual_seed(4)
        return [torch.randn(_IMAGES, *shape, dtype=torch.float64) for shape in inputs]

    def test_it_is_a_value(self, block: Block) -> None:
        """Equal, hashed and pickled by its fields."""
        again = pickle.loads(pickle.dumps(block))
        assert again == block
        assert hash(again) == hash(block)

    def test_its_body_is_a_graph_that_reads_what_the_kind_says(self, block: Block) -> None:
        """``body_of`` checks names, order and that every node reaches the output."""
        assert reads_of(body_of(block)) <= block.reads
        assert body_of(block) == block.body()

    def test_its_output_is_what_it_says(self, block: Block, inputs: Inputs) -> None:
        """Channels, and the sides divided by the stride and rounded up."""
        output = block_output(block, inputs)
        assert output.channels == block.outputs
        if block.role != "head":
            assert output[1:] == tuple(-(-side // block.stride) for side in inputs[0][1:])

    def test_its_simplest_form_builds_the_same_network(self, block: Block) -> None:
        """``canonical`` changes no body."""
        assert block_digest(canonical_block(block)) == block_digest(block)

    def test_its_attributes_have_rules_that_admit_its_own_values(self, block: Block) -> None:
        """What ``row`` writes, the attribute's rule reads."""
        rules = declared(type(block))
        for name, value in block.row().items():
            assert name in rules, name
            assert rules[name].rule(value) is not None

    def test_what_it_writes_makes_it_again(self, block: Block, inputs: Inputs) -> None:
        """``of`` makes the same network of the row, at the same place."""
        rules = declared(type(block))
        options = {
            name: rules[name].rule(value) for name, value in block.row().items() if name != "stride"
        }
        fixed = {name: getattr(block, name) for name in ("mixing",) if hasattr(block, name)}
        width = getattr(block, "width", block.outputs)
        again = type(block).of(inputs, width, block.stride, **options, **fixed)
        assert block_digest(again) == block_digest(block)

    def test_the_counted_params_are_the_modules(
        self, block: Block, inputs: Inputs, module: BlockLayers
    ) -> None:
        """Every learnable number is counted."""
        counted = block_cost(block, inputs).params
        assert counted == sum(
            parameter.numel() for parameter in module.parameters() if parameter.requires_grad
        )

    def test_the_counted_multiply_adds_are_the_modules(
        self, block: Block, inputs: Inputs, module: BlockLayers, maps: list[Tensor]
    ) -> None:
        """Of convolutions and linear layers, as they run in training."""
        found: list[int] = []

        def count(layer: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            positions = output.shape[2] * output.shape[3] if output.ndim == 4 else 1
            found.append(
                sum(
                    p.numel() for n, p in layer.named_parameters() if "weight" in n and "." not in n
                )
                * positions
            )
            found.append(sum(p.numel() for p in getattr(layer, "weights", ())) * positions)

        own = (Convolution, FullyConnected, GroupedConv)
        for layer in module.modules():
            if isinstance(layer, own):
                layer.register_forward_hook(count)
        module.train()(*maps)
        assert sum(found) == block_cost(block, inputs).madds
        assert bool(found) == any(isinstance(node.layer, Conv | Linear) for node in body_of(block))

    def test_gradients_reach_every_parameter_in_training_and_in_eval_mode(
        self, module: BlockLayers, maps: list[Tensor]
    ) -> None:
        """Nothing is built that does not count."""
        for mode in (True, False):
            module.zero_grad()
            module.train(mode)(*maps).square().sum().backward()
            assert [
                name for name, parameter in module.named_parameters() if parameter.grad is None
            ] == []

    def test_eval_mode_is_training_mode_with_the_kept_statistics(
        self, module: BlockLayers, maps: list[Tensor]
    ) -> None:
        """Folded batch norms and inference without gradients are the same network.

        Nothing is overwritten.
        """
        before = [each.clone() for each in maps]
        folded = module.eval()(*maps).detach()
        with _statistics_kept(module):
            torch.testing.assert_close(folded, module.train()(*maps).detach(), rtol=1e-5, atol=1e-6)
        with torch.no_grad():
            plain = module.float().eval()(*(each.float() for each in maps))
        torch.testing.assert_close(plain.double(), folded, rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(maps, before, rtol=0, atol=0)

    def test_a_state_dict_makes_the_same_module(
        self, block: Block, inputs: Inputs, module: BlockLayers, maps: list[Tensor]
    ) -> None:
        """By the nodes' names."""
        other = BlockLayers(block, inputs).double()
        other.load_state_dict(module.state_dict())
        torch.testing.assert_close(other.eval()(*maps), module.eval()(*maps), rtol=0, atol=0)


class _statistics_kept:  # noqa: N801 - a context manager
    """Batch norms in training mode use the statistics that they keep, as in eval mode."""

    def __init__(self, module: nn.Module) -> None:
        self.norms = [
            each for each in module.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)
        ]

    def __enter__(self) -> None:
        for norm in self.norms:
            norm.train = lambda mode=True, norm=norm: nn.Module.train(norm, False)  # type: ignore[method-assign, misc]

    def __exit__(self, *_: object) -> None:
        for norm in self.norms:
            del norm.train
