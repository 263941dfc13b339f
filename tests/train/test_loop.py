"""The training loop on a toy task: four noisy textures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seesawnas.data import Faces
from seesawnas.errors import TrialError
from seesawnas.train import (
    PROXY,
    EpochRecord,
    MemoryFeed,
    Recipe,
    StepRecord,
    Training,
    seeded,
    train,
)
from seesawnas.train.recipe import OptimizerName

_GOLDEN = Path(__file__).parent / "golden_losses.json"
_SHORT = Recipe(
    "short", epochs=3, batch_size=8, learning_rate=0.05, scale=16.0, margin_size=0.2, averaging=0.9
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _faces() -> Faces:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 9)
    people = rng.integers(0, 200, (4, 8, 8, 3))
    return Faces(
        (people[labels] + rng.integers(0, 50, (36, 8, 8, 3))).astype(np.uint8),
        labels,
        ("a", "b", "c", "d"),
    )


def _network(seed: int = 0) -> nn.Module:
    with seeded(seed):
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.PReLU(8),
            nn.Flatten(),
            nn.Linear(128, 6),
        )


def _train(network: nn.Module, recipe: Recipe = _SHORT, seed: int = 0) -> list[EpochRecord]:
    return list(train(network, _faces(), recipe, mean=127.5, std=128.0, seed=seed))


def _weights(network: nn.Module) -> Tensor:
    return torch.cat([value.flatten().float() for value in network.state_dict().values()])


def test_it_learns() -> None:
    records = _train(_network(), replace(_SHORT, epochs=8))
    assert records[-1].loss < 0.5 * records[0].loss


_ADAMW = replace(_SHORT, optimizer="adamw", learning_rate=0.003)


def test_adamw_learns() -> None:
    records = _train(_network(), replace(_ADAMW, epochs=8))
    assert records[-1].loss < 0.5 * records[0].loss


def test_a_step_of_adamw_is_the_gradient_s_sign_and_the_weight_s_decay() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 4))
    before = [parameter.detach().clone() for parameter in network.parameters()]
    rate, decay = 1e-3, 0.5
    recipe = replace(
        _ADAMW,
        epochs=1,
        batch_size=36,
        learning_rate=rate,
        weight_decay=decay,
        warm_up=0.0,
        decay="none",
        averaging=0.0,
    )
    _train(network, recipe)
    for old, new in zip(before, network.parameters(), strict=True):
        moved = new.detach() - old * (1 - rate * decay if old.ndim > 1 else 1)
        assert torch.allclose(moved.abs(), torch.tensor(rate), rtol=1e-2)


@pytest.mark.parametrize("rate", [1.0, 0.5])
@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_a_state_restored_between_two_steps_goes_on_to_the_same_bits(
    name: OptimizerName, rate: float
) -> None:
    recipe = replace(_ADAMW, optimizer=name, sample_rate=rate, crop=0.5, jitter=0.5)

    def training(network: nn.Module) -> Training:
        feed = MemoryFeed(_faces(), recipe, seed=0)
        return Training(network, feed, recipe, mean=127.5, std=128.0, seed=0)

    whole, first, second = _network(), _network(), _network(seed=1)
    list(training(whole).steps())
    stopped, resumed = training(first), training(second)
    for record in stopped.steps():
        if isinstance(record, StepRecord) and record.step == 6:
            break
    resumed.restore({key: value.clone() for key, value in stopped.state().items()})
    list(resumed.steps())
    assert torch.equal(_weights(second), _weights(whole))


def test_every_epoch_is_recorded() -> None:
    records = _train(_network())
    assert [(record.epoch, record.epochs, record.images) for record in records] == [
        (1, 3, 32),
        (2, 3, 32),
        (3, 3, 32),
    ]
    assert records[0].learning_rate > records[1].learning_rate > records[2].learning_rate > 0.0
    assert all(record.seconds > 0.0 for record in records)


def test_seeded_losses_are_those_recorded() -> None:
    golden = json.loads(_GOLDEN.read_text())
    assert [record.loss for record in _train(_network())] == pytest.approx(
        golden["short"], rel=1e-3
    )


def test_the_same_seed_gives_the_same_weights_to_the_bit() -> None:
    first, again, other = _network(), _network(), _network()
    for network, seed in ((first, 0), (again, 0), (other, 1)):
        _train(network, seed=seed)
    assert torch.equal(_weights(first), _weights(again))
    assert not torch.equal(_weights(first), _weights(other))


def test_the_global_generator_is_neither_read_nor_moved() -> None:
    first, again = _network(), _network()
    _train(first)
    torch.manual_seed(123)
    state = torch.random.get_rng_state()
    _train(again)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(_weights(first), _weights(again))


def test_every_network_sees_the_same_images_in_the_same_order() -> None:
    class Spy(nn.Module):
        def __init__(self, dimensions: int) -> None:
            super().__init__()
            self.linear = nn.Linear(192, dimensions)
            self.seen: list[float] = []

        def forward(self, images: Tensor) -> Tensor:
            self.seen.append(float(images.sum()))
            return self.linear(images.flatten(1))  # type: ignore[no-any-return]

    small, large = Spy(2), Spy(9)
    _train(small)
    _train(large)
    assert small.seen == large.seen


def test_the_network_ends_with_the_averaged_weights_and_without_averaging_with_the_last() -> None:
    averaged, last = _network(), _network()
    _train(averaged)
    _train(last, replace(_SHORT, averaging=0.0))
    distance = (_weights(averaged) - _weights(last)).norm() / _weights(last).norm()
    assert 0.0 < distance < 0.2


def test_looking_at_the_average_after_an_epoch_does_not_change_the_training() -> None:
    watched, stopped = _network(), _network()
    after_two = []
    for record in train(watched, _faces(), _SHORT, mean=127.5, std=128.0, seed=0):
        if record.epoch == 2:
            after_two.append(_weights(watched))
    epochs = train(stopped, _faces(), _SHORT, mean=127.5, std=128.0, seed=0)
    next(epochs)
    next(epochs)
    epochs.close()
    assert torch.equal(_weights(stopped), after_two[0])


def test_a_slow_learner_averages_what_it_went_through() -> None:
    # With averaging of all steps and a learning rate of zero, the average of one weight is that
    # weight.
    network = _network()
    before = [parameter.detach().clone() for parameter in network.parameters()]
    _train(network, replace(_SHORT, learning_rate=0.0))
    for old, new in zip(before, network.parameters(), strict=True):
        torch.testing.assert_close(old, new.detach())


@pytest.mark.parametrize("rate", [1e30, float("inf")])
def test_divergence_fails_the_trial_in_one_line(rate: float) -> None:
    with pytest.raises(TrialError) as caught:
        _train(_network(), replace(_SHORT, learning_rate=rate))
    assert "the loss became" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_network_that_gives_nan_fails_the_trial() -> None:
    network = _network()
    with torch.no_grad():
        next(network.parameters()).fill_(float("nan"))
    with pytest.raises(TrialError, match="the loss became nan at 0%"):
        _train(network)


def test_faces_fewer_than_a_batch_are_one_batch() -> None:
    records = _train(_network(), replace(_SHORT, batch_size=1000))
    assert records[0].images == 36


def test_seeding_puts_the_global_generator_back() -> None:
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    with seeded(0):
        torch.rand(5)
    assert torch.equal(torch.rand(1), expected)


def test_the_proxy_recipe_decays_no_norm_bias_or_slope() -> None:
    # Batch norm scales and PReLU slopes stand still where nothing but weight decay could move them.
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 4), nn.BatchNorm1d(4), nn.PReLU(4))
    frozen = [network[2].weight, network[2].bias, network[3].weight]
    before = [parameter.detach().clone() for parameter in frozen]  # type: ignore[operator]
    for parameter in frozen:
        parameter.register_hook(torch.zeros_like)  # type: ignore[operator]
    _train(network, replace(PROXY, epochs=1, batch_size=12))
    for old, parameter in zip(before, frozen, strict=True):
        assert torch.equal(old, parameter.detach())  # type: ignore[operator]


def test_the_network_sees_each_channel_by_its_own_mean_and_std() -> None:
    class Spy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(192, 4)
            self.seen: list[Tensor] = []

        def forward(self, images: Tensor) -> Tensor:
            self.seen.append(images.double().mean((0, 2, 3)))
            return self.linear(images.flatten(1))  # type: ignore[no-any-return]

    plain, own = Spy(), Spy()
    recipe = replace(_SHORT, epochs=1)
    list(train(plain, _faces(), recipe, mean=0.0, std=1.0, seed=0))
    list(train(own, _faces(), recipe, mean=(10.0, 20.0, 30.0), std=(50.0, 60.0, 70.0), seed=0))
    shift, scale = torch.tensor([10.0, 20.0, 30.0]), torch.tensor([50.0, 60.0, 70.0])
    # The first call asks for the embedding's length, with zeros.
    for raw, seen in zip(plain.seen[1:], own.seen[1:], strict=True):
        torch.testing.assert_close(
            seen, (raw - shift) / scale, atol=1e-5, rtol=0, check_dtype=False
        )
