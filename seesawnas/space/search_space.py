"""``SearchSpace``: what may vary. It knows no sampler and no budget.

A decision is named by its place, ``stages.2.expansion``, and has at least two options. A mapping from decisions to options
is an assignment; ``choose`` turns it into a network.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

from seesawnas.arch import ArchSpec, Block, Head, Input, Stem, canonical_block
from seesawnas.errors import SpecError
from seesawnas.space.attributes import KINDS, Attribute, Option, middle_width, parse_split

Assignment: TypeAlias = Mapping[str, Option]


@dataclass(frozen=True, slots=True)
class Decision:
    """A named choice among at least two options."""

    name: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class StageSpace:
    """What may vary in one stage. ``attributes`` holds what its blocks inherit, ``overrides`` what single blocks set."""

    depth: Attribute
    width: Attribute
    stride: Attribute
    attributes: Mapping[str, Attribute]
    overrides: Mapping[int, Mapping[str, Attribute]] = field(default_factory=dict)
    _merged: Mapping[int, Mapping[str, Attribute]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        merged = {index: _overridden(self.attributes, own) for index, own in self.overrides.items()}
        object.__setattr__(self, "_merged", merged)

    def at(self, index: int) -> Mapping[str, Attribute]:
        """The attributes of the stage's block ``index``."""
        return self._merged.get(index, self.attributes)

    def all(self) -> Iterator[Attribute]:
        """Every attribute in force in some block that the stage can have, and the stage's own three."""
        yield from (self.depth, self.width, self.stride)
        for index in range(int(max(self.depth.options))):
            yield from self.at(index).values()


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """A space of networks, as its document describes it. ``source`` is the file, for messages."""

    name: str
    source: str
    height: Attribute
    width: Attribute
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    stem: Mapping[str, Attribute]
    stages: tuple[StageSpace, ...]
    head: Mapping[str, Attribute]

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Every decision, in the order of the network."""
        found = {attribute.path: attribute for attribute in self.attributes() if not attribute.is_fixed}
        return tuple(Decision(path, attribute.options) for path, attribute in found.items())

    @property
    def input_sizes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) of every input that a network of the space can have."""
        heights, widths = ([int(side) for side in sides.options] for sides in (self.height, self.width))
        return tuple(itertools.product(heights, widths))

    def attributes(self) -> Iterator[Attribute]:
        """Every attribute in force somewhere, more than once where scopes share it."""
        yield from (self.height, self.width, *self.stem.values())
        for stage in self.stages:
            yield from stage.all()
        yield from self.head.values()

    def choose(self, assignment: Assignment) -> ArchSpec:
        """The network of ``assignment``; decisions that it leaves out take their first option.

        Raises SpecError, its message starting with the place, where the options do not fit together.
        """
        stem = Stem(int(pick(self.stem["width"], assignment)), pick(self.stem["activation"], assignment))  # type: ignore[arg-type]
        blocks, channels = [], stem.width
        for index, stage in enumerate(self.stages):
            for block in _stage_blocks(stage, index, channels, assignment):
                blocks.append(block)
            channels = blocks[-1].outputs
        return ArchSpec(tuple(blocks), self.input(assignment), stem, self.head_of(assignment))

    def input(self, assignment: Assignment) -> Input:
        """The input that ``assignment`` says."""
        size = int(pick(self.height, assignment)), int(pick(self.width, assignment))
        return Input(*size, self.mean, self.std)

    def head_of(self, assignment: Assignment) -> Head:
        """The head that ``assignment`` says."""
        width, embedding = pick(self.head["width"], assignment), pick(self.head["embedding"], assignment)
        return Head(int(width), pick(self.head["activation"], assignment), int(embedding))  # type: ignore[arg-type]

    def restrict(self, options: Mapping[str, tuple[Option, ...]]) -> SearchSpace:
        """The part of the space in which each decision named has only the options given."""

        def narrow(attribute: Attribute) -> Attribute:
            allowed = options.get(attribute.path)
            if allowed is None or attribute.is_fixed:
                return attribute
            return replace(attribute, options=tuple(option for option in attribute.options if option in allowed))

        return self._mapped(narrow)

    def _mapped(self, change: Callable[[Attribute], Attribute]) -> SearchSpace:
        def each(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
            return {name: change(attribute) for name, attribute in attributes.items()}

        stages = tuple(
            StageSpace(
                change(stage.depth),
                change(stage.width),
                change(stage.stride),
                each(stage.attributes),
                {index: each(own) for index, own in stage.overrides.items()},
            )
            for stage in self.stages
        )
        return replace(
            self,
            height=change(self.height),
            width=change(self.width),
            stem=each(self.stem),
            stages=stages,
            head=each(self.head),
        )


def pick(attribute: Attribute, assignment: Assignment) -> Option:
    """The option in force: the assigned one, or the first."""
    if attribute.is_fixed:
        return attribute.options[0]
    return assignment.get(attribute.path, attribute.options[0])


def _overridden(inherited: Mapping[str, Attribute], own: Mapping[str, Attribute]) -> Mapping[str, Attribute]:
    """What a block has that sets ``own``; expansion and middle replace each other."""
    sized = "expansion" in own or "middle" in own
    kept = {name: a for name, a in inherited.items() if not (sized and name in ("expansion", "middle"))}
    return {**kept, **own}


def make_block(
    attributes: Mapping[str, Attribute], assignment: Assignment, inputs: int, outputs: int, stride: int
) -> Block:
    """One block, canonical, from the attributes in force. Raises SpecError where its channels do not divide."""
    values = _values(attributes, assignment, stride)
    return _built(tuple(values.items()), inputs, outputs)


@lru_cache(maxsize=1 << 16)
def _built(items: tuple[tuple[str, Option], ...], inputs: int, outputs: int) -> Block:
    values = dict(items)
    kind = KINDS[str(values["kind"])]
    own: dict[str, object] = {"split": parse_split(values["split"])} if "split" in kind.own else {}
    block = kind.make(
        inputs=inputs,
        middle=_middle(values, inputs),
        outputs=outputs,
        stride=values["stride"],
        kernel=values["kernel"],
        se=values["se"],
        activation=values["activation"],
        skip=values["skip"],
        **own,
    )
    return canonical_block(block)


def _values(attributes: Mapping[str, Attribute], assignment: Assignment, stride: int) -> dict[str, Option]:
    picked: dict[str, Option] = {name: pick(attribute, assignment) for name, attribute in attributes.items()}
    picked["stride"] = stride
    values = dict(picked)
    for name, attribute in attributes.items():
        # Conditions look at what was picked, not at each other's outcome, so their order does not matter.
        if attribute.otherwise is not None and any(picked.get(other) not in ok for other, ok in attribute.when):
            values[name] = attribute.otherwise
    return values


def _middle(values: Mapping[str, Option], inputs: int) -> int:
    if "middle" in values:
        return int(values["middle"])
    middle = middle_width(inputs, values["expansion"])
    if middle is None:
        raise SpecError(f"expansion must give a whole width, got {values['expansion']} x {inputs}")
    return middle


def _stage_blocks(stage: StageSpace, number: int, inputs: int, assignment: Assignment) -> Iterator[Block]:
    depth, width = int(pick(stage.depth, assignment)), int(pick(stage.width, assignment))
    stride = int(pick(stage.stride, assignment))
    block: Block | None = None
    for index in range(depth):
        # From the second block on, the same attributes on the same width make the same block.
        if block is None or index == 1 or stage.at(index) is not stage.at(index - 1):
            try:
                block = make_block(stage.at(index), assignment, inputs, width, stride if index == 0 else 1)
            except SpecError as error:
                raise SpecError(f"stages.{number}.blocks.{index}: {error}") from None
        yield block
        inputs = width
