"""What every block kind owes, whoever adds it.

Subclass :class:`BlockConformance` and give it a ``block`` fixture.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from seesawnas.arch import Block
from seesawnas.nn import FaceNetwork, build
from seesawnas.nn.grouped import GroupedConv
from tests.nn.literal import LiteralNetwork, to_literal
from tests.nn.specs import around

_IMAGES = 5


class BlockConformance:
    @pytest.fixture
    def network(self, block: Block) -> FaceNetwork:
        """One block in float64, with statistics and slopes that are not the initial ones."""
        torch.manual_seed(3)
        network = build(around(block)).double()
        for name, buffer in network.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                buffer.uniform_(0.5, 1.5)
        for parameter in network.parameters():
            parameter.data.add_(torch.randn_like(parameter), alpha=0.1)
        return network

    @pytest.fixture
    def literal(self, network: FaceNetwork) -> LiteralNetwork:
        literal = LiteralNetwork(network.spec).double()
        literal.load_state_dict(to_literal(network.state_dict(), network.spec))
        return literal

    @pytest.fixture
    def images(self, network: FaceNetwork) -> Tensor:
        size = network.spec.input
        return torch.randn(_IMAGES, 3, size.height, size.width, dtype=torch.float64)

    @pytest.mark.parametrize("dense", [True, False], ids=["dense", "grouped"])
    def test_a_training_step_is_the_literal_one(
        self, network: FaceNetwork, literal: LiteralNetwork, images: Tensor, dense: bool
    ) -> None:
        for module in network.modules():
            if isinstance(module, GroupedConv):
                module.is_dense = dense
        target = torch.randn(_IMAGES, network.spec.embedding_size, dtype=torch.float64)
        ours, grads = _step(network, images, target)
        theirs, literal_grads = _step(literal, images, target)
        torch.testing.assert_close(ours, theirs)
        torch.testing.assert_close(to_literal(grads, network.spec), literal_grads)
        torch.testing.assert_close(
            to_literal(network.state_dict(), network.spec), dict(literal.state_dict())
        )

    def test_eval_mode_is_the_literal_one_and_changes_nothing(
        self, network: FaceNetwork, literal: LiteralNetwork, images: Tensor
    ) -> None:
        before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        torch.testing.assert_close(network.eval()(images), literal.eval()(images))
        torch.testing.assert_close(dict(network.state_dict()), before, rtol=0, atol=0)

    def test_inference_without_gradients_is_eval_mode(
        self, network: FaceNetwork, images: Tensor
    ) -> None:
        many = images.repeat(200, 1, 1, 1)[
            :901
        ].float()  # enough for chunks and for oneDNN's fused form
        plain = network.float().eval()(many).detach()
        with torch.no_grad():
            torch.testing.assert_close(network(many), plain, rtol=1e-4, atol=1e-4)

    def test_gradients_reach_every_parameter_in_training_and_in_eval_mode(
        self, network: FaceNetwork, images: Tensor
    ) -> None:
        for mode in (True, False):
            network.zero_grad()
            network.train(mode)(images).sum().backward()
            assert [
                name for name, parameter in network.named_parameters() if parameter.grad is None
            ] == []

    def test_a_state_dict_makes_the_same_network(
        self, network: FaceNetwork, images: Tensor
    ) -> None:
        other = build(network.spec).double()
        other.load_state_dict(network.state_dict())
        torch.testing.assert_close(other.eval()(images), network.eval()(images), rtol=0, atol=0)

    def test_the_same_seed_makes_the_same_network(self, block: Block) -> None:
        states = []
        for _ in range(2):
            torch.manual_seed(5)
            states.append(dict(build(around(block)).state_dict()))
        torch.testing.assert_close(*states, rtol=0, atol=0)


def _step(network: nn.Module, images: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    network.zero_grad()
    y: Tensor = network(images)
    (y * target).sum().backward()  # type: ignore[no-untyped-call]
    grads = {name: parameter.grad for name, parameter in network.named_parameters()}
    return y.detach(), {
        name: torch.zeros(()) if grad is None else grad for name, grad in grads.items()
    }
