"""What a training run is made of, but for the network, the faces and the seed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from seesawnas.train.margins import Guard, Margin
from seesawnas.train.schedule import PAPER_STEPS, Decay

_LATER = ("decay_steps", "decay_factor", "embedding_weight_decay", "sample_rate")


@dataclass(frozen=True)
class Recipe:
    """Stochastic gradient descent on a margin head.

    Shares (``warm_up``, ``margin_warm_up``, ``decay_steps``) are parts of the whole training; ``decay_steps``, at which the
    learning rate is multiplied by ``decay_factor``, are read by decay "steps" alone. Weight decay acts on convolutions and
    linear layers, never on biases, batch norm or PReLU slopes; on the embedding's linear layer it is
    ``embedding_weight_decay`` where one is given. ``shift`` is the largest random move of a picture, in parts of its side.
    ``averaging`` is the decay a step of the averaged weights, 0 for none; early on it is less, so that the average does not
    remember the initial weights. ``sample_rate`` is the share of the classes that a step uses (Partial FC).
    """

    label: str
    epochs: int
    batch_size: int = 64
    learning_rate: float = 0.1
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 4e-5
    head_weight_decay: float = 4e-4
    decay: Decay = "cosine"
    warm_up: float = 0.05
    margin: Margin = "arcface"
    margin_size: float = 0.5
    margin_warm_up: float = 0.0
    guard: Guard = "linear"
    scale: float = 64.0
    label_smoothing: float = 0.0
    flip: bool = True
    shift: float = 0.0
    averaging: float = 0.0
    decay_steps: tuple[float, ...] = PAPER_STEPS
    decay_factor: float = 0.1
    embedding_weight_decay: float | None = None
    sample_rate: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "decay_steps", tuple(self.decay_steps))  # JSON makes it a list

    def to_mapping(self) -> dict[str, Any]:
        """As JSON values; fields added later are left out at their defaults, so that what was kept before still agrees."""
        values, unsaid = {**asdict(self), "decay_steps": list(self.decay_steps)}, self.unsaid()
        return {name: value for name, value in values.items() if name not in unsaid or value != unsaid[name]}

    @classmethod
    def unsaid(cls) -> dict[str, Any]:
        """What holds where a mapping does not say, as JSON values."""
        values: dict[str, Any] = {field.name: field.default for field in fields(cls) if field.name in _LATER}
        return {**values, "decay_steps": list(values["decay_steps"])}


PROXY = Recipe(
    label="proxy",
    epochs=4,
    batch_size=32,
    learning_rate=0.12,
    weight_decay=5e-4,
    margin_size=0.2,
    margin_warm_up=1.0,
    scale=16.0,
    shift=0.04,
    averaging=0.97,
)
"""For a folder of a few thousand aligned faces: it learns fast from few steps, which is what a search can afford.

A small scale and a margin that grows to the end: s 64 and m 0.5 from the first step often leave small networks at
chance. Four epochs rank networks as eight do at half of the cost (studies/lfw_proxies): on 2,036 aligned faces of 418 people
(Labeled Faces in the Wild) Kendall's tau with 12 epochs at 112x112 is 0.55 after four epochs at 56x56, and 0.47 and 0.60 after
eight from two seeds. seesaw_share: area under the ROC curve 0.89 on 105 other people after 4 epochs, 0.91 after 8.
"""

FIRST_RUN = replace(PROXY, label="first run", epochs=2, flip=False, shift=0.0, averaging=0.95)
"""For the default set: its 3,600 pictures twice over, 55 seconds of one thread.

Flips and shifts only slow so few steps down: the set's nuisances are in its pictures already.
"""
