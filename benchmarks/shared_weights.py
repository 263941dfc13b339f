"""One set of weights for all networks of a search space; a network's parameters are slices of it.

The whole is the space's largest network: all depths, widths, expansions, kernels and hidden widths
at their largest, one group, every branch. Another network takes of it, by place (stage, block of
the stage, node of the block):

- blocks: the first ones of each stage;
- channels, also of batch norms, PReLU slopes and squeeze-and-excitation: the first ones;
- depthwise kernels: the centre;
- pointwise convolutions in groups: what the groups connect of the dense matrix, blocks along its
  diagonal. A group that reads shuffled channels takes these channels' columns, so that a channel
  means the same in every network.

What differs in kind has no weights of its own (activations, shuffles), or is there or not (the skip
branch, squeeze-and-excitation). Batch norms' statistics are not shared: training uses those of the
batch, and a network that is to be measured gets its own from a few batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim.swa_utils import update_bn

from seesawnas.arch import ArchSpec
from seesawnas.cost import cost
from seesawnas.errors import SpecError
from seesawnas.nn import FaceNetwork, build
from seesawnas.nn.grouped import GroupedConv
from seesawnas.nn.layers import Convolution
from seesawnas.space import FeasibleSet, SearchSpace
from seesawnas.space.attributes import Option
from seesawnas.train import Feed, seeded
from seesawnas.train.batch import Batch

CANDIDATES = 16
"""Networks drawn a step, of which the ends are taken."""
A_STEP = 4
"""Networks trained a step."""


def largest_network(space: SearchSpace) -> ArchSpec:
    """The network with the most params, found decision by decision: each option adds to them."""
    chosen: dict[str, Option] = {}
    for decision in space.decisions:
        params: dict[Option, int] = {}
        for option in decision.options:
            try:
                params[option] = cost(space.choose({**chosen, decision.name: option})).params
            except SpecError:  # such as a shuffle of groups that do not divide the channels
                continue
        chosen[decision.name] = max(params, key=lambda option: params[option])
    return space.choose(chosen)


class Sandwich:
    """The networks of each step: the largest, the smallest, and two more.

    All lie within the budget, where networks are ranked: the largest of ``seesaw`` has six times
    the MAdds of one within 120M..150M, so that it would take most of the time. Of networks that
    cost the same, the ends are those with the most and the fewest params. They are the ends of
    :data:`CANDIDATES` uniform draws, made again for each step: two fixed ends would be trained in
    half of all passes, and networks that share their activation or kernels would score better for
    it. The two others are the first draws that are no ends.

    Args:
        feasible: What is drawn from.
        resolution: Of the input, in pixels.
        seed: Of the draws; step n of a seed has the same networks whenever it is asked for.
    """

    def __init__(self, feasible: FeasibleSet, resolution: int, seed: int) -> None:
        self._feasible, self._resolution, self._seed = feasible, resolution, seed
        self._last: tuple[int, list[ArchSpec]] = (-1, [])

    def at(self, step: int) -> list[ArchSpec]:
        """The networks of a step, from 0: the most params, the fewest, two others."""
        if self._last[0] != step:
            drawn = self._feasible.sample(CANDIDATES, self._seed * 1_000_003 + step + 1)
            specs = [self._feasible.space.choose(one) for one in drawn.assignments()]
            order = sorted(range(CANDIDATES), key=lambda place: cost(specs[place]).params)
            others = [place for place in range(CANDIDATES) if place not in (order[0], order[-1])]
            chosen = [order[-1], order[0], *others[: A_STEP - 2]]
            self._last = step, [specs[one].at_resolution(self._resolution) for one in chosen]
        return self._last[1]


class SharedWeights(nn.Module):
    """The shared weights, as the parameters of the largest network, ``whole``.

    In training, each call runs the next network: the first network of the first step, the second,
    ... ``turn`` counts the calls and is part of the state, so that a training that is resumed goes
    on with the right one. Needed at a time are one network's maps and, for its gradients, a few
    copies of ``whole``.

    Args:
        whole: The largest network, of the resolution that is trained at.
        networks: Those of each step.
        seed: Of the initial weights.
    """

    turn: Tensor

    def __init__(self, whole: ArchSpec, networks: Sandwich | None = None, *, seed: int = 0) -> None:
        super().__init__()
        with seeded(seed):
            self.whole = build(whole)
        self.register_buffer("turn", torch.zeros((), dtype=torch.int64))
        self._networks = networks

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, D), by the network whose turn it is."""
        assert self._networks is not None
        step, place = divmod(int(self.turn), A_STEP)
        self.turn += 1
        return self.run(self._networks.at(step)[place], x)

    def run(self, spec: ArchSpec, x: Tensor) -> Tensor:
        """``spec`` in training mode; gradients reach the shared weights."""
        network = self._modules_of(spec)
        embeddings: Tensor = functional_call(network, self.slices(network), (x,))
        return embeddings

    def slices(self, network: FaceNetwork) -> dict[str, Tensor]:
        """The weights of ``network`` by the names of its parameters; gradients reach the whole."""
        weights, places = dict(self.whole.named_parameters()), self._places(network.spec)
        found: dict[str, Tensor] = {}
        for name, module in network.named_modules():
            first, _, rest = name.partition(".")
            if first == "blocks" and rest:
                block, _, node = rest.partition(".")
                place = ".".join(filter(None, (first, str(places[int(block)]), node)))
            else:
                place = name
            if isinstance(module, GroupedConv):
                parts = _groups_of(weights[f"{place}.weight"], module)
                found |= {f"{name}.weights.{number}": part for number, part in enumerate(parts)}
            elif not isinstance(module, nn.ParameterList):
                _check_groups(module)
                found |= {
                    f"{name}.{own}": _corner(weights[f"{place}.{own}"], weight.shape)
                    for own, weight in module.named_parameters(recurse=False)
                }
        return found

    @torch.no_grad()
    def extract(self, spec: ArchSpec, batches: Iterable[Tensor]) -> FaceNetwork:
        """``spec`` with a copy of its weights, and batch norms' statistics of ``batches``.

        Args:
            spec: A network of the space.
            batches: Normalised images (N, 3, H, W); each batch counts the same.
        """
        network = self._modules_of(spec)
        slices = self.slices(network)
        for name, weight in network.named_parameters():
            weight.copy_(slices[name])
        update_bn(batches, network)
        return network.eval()

    def _modules_of(self, spec: ArchSpec) -> FaceNetwork:
        """A network to run the slices in; nobody's draws move for the weights that it comes with.

        On torch's meta device it takes three times as long to make: most of the time is not spent
        on weights.
        """
        with torch.random.fork_rng(devices=[]):
            return build(spec).to(self.turn.device)

    def _places(self, spec: ArchSpec) -> list[int]:
        """Which block of the largest network each block of ``spec`` is."""
        pairs = zip(spec.stages, self.whole.spec.stages, strict=True)
        return [whole.first + number for mine, whole in pairs for number in range(len(mine.blocks))]


def _corner(weight: Tensor, shape: torch.Size) -> Tensor:
    """The first outputs and inputs, the centre of the kernel; ``weight`` itself if that is all."""
    if weight.shape == shape:
        return weight
    index = [slice(0, size) for size in shape[:2]]
    for size, most in zip(shape[2:], weight.shape[2:], strict=True):
        index.append(slice((most - size) // 2, (most - size) // 2 + size))
    return weight[tuple(index)]


def _groups_of(weight: Tensor, conv: GroupedConv) -> Iterator[Tensor]:
    """The weight of each group: the rows that it makes and the columns that it reads."""
    rows = torch.split(weight[: sum(conv.made)], list(conv.made))
    for part, runs in zip(rows, conv.runs, strict=True):
        (start, end), *others = runs
        if others:
            # One operator and not one a run: each would give a gradient of the whole matrix.
            yield part.index_select(1, _channels(runs).to(weight.device))
        else:
            yield part[:, start:end]


@lru_cache(maxsize=256)
def _channels(runs: tuple[tuple[int, int], ...]) -> Tensor:
    return torch.tensor(list(chain.from_iterable(range(start, end) for start, end in runs)))


def _check_groups(module: nn.Module) -> None:
    """Check that a convolution is dense or depthwise: of those in between, no space has any.

    Raises:
        SpecError: If it is not.
    """
    if isinstance(module, Convolution):
        groups, (outputs, inputs) = module.geometry.groups, module.weight.shape[:2]
        if groups > 1 and (groups != outputs or inputs != 1):
            raise SpecError(
                f"shared weights must have groups with convolutions of their own, got {groups}"
            )


class SandwichFeed:
    """What another feed gives, each batch once for each network of a step."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.identities, self.size = feed.identities, feed.size
        self.batch_size, self.steps = feed.batch_size, feed.steps

    def epoch(self, done: int, first: int) -> Iterator[list[Batch]]:
        """The parts of a step are the networks'."""
        return (parts * A_STEP for parts in self._feed.epoch(done, first))

    def state(self) -> Tensor:
        """The feed's."""
        return self._feed.state()

    def restore(self, state: Tensor) -> None:
        """Resume from a ``state``."""
        self._feed.restore(state)
