"""``SearchSpace``: what may vary. It knows no sampler and no budget.

A decision is named by its place, ``stages.2.expansion``, and has at least two options. A mapping
from decisions to options is an assignment; ``choose`` turns it into a network.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

from seesawnas.arch import ArchSpec, Block, Input, Inputs, Kind, Shape, find_kind
from seesawnas.arch.blocks.parts import check_output
from seesawnas.cost.cost import cost_and_output
from seesawnas.errors import InvalidInput, SpecError
from seesawnas.space.attributes import Attribute, Option

Assignment: TypeAlias = Mapping[str, Option]


@dataclass(frozen=True, slots=True)
class Decision:
    """A named choice among at least two options."""

    name: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class StageSpace:
    """What may vary in one stage.

    Attributes:
        attributes: What its blocks inherit.
        overrides: What single blocks set.
        pairs: The attributes that an overriding one replaces beside itself: expansion and middle
            replace each other.
    """

    depth: Attribute
    width: Attribute
    stride: Attribute
    attributes: Mapping[str, Attribute]
    overrides: Mapping[int, Mapping[str, Attribute]] = field(default_factory=dict)
    pairs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _merged: Mapping[int, Mapping[str, Attribute]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        merged = {
            index: _overridden(self.attributes, own, self.pairs)
            for index, own in self.overrides.items()
        }
        object.__setattr__(self, "_merged", merged)

    def at(self, index: int) -> Mapping[str, Attribute]:
        """The attributes of the stage's block ``index``."""
        return self._merged.get(index, self.attributes)

    def all(self) -> Iterator[Attribute]:
        """Every attribute in force in some block of the stage, and the stage's own three.

        Blocks are all that the stage can have.
        """
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
        found = {
            attribute.path: attribute for attribute in self.attributes() if not attribute.is_fixed
        }
        return tuple(Decision(path, attribute.options) for path, attribute in found.items())

    @property
    def input_sizes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) of every input that a network of the space can have."""
        heights, widths = (
            [int(side) for side in sides.options] for sides in (self.height, self.width)
        )
        return tuple(itertools.product(heights, widths))

    def attributes(self) -> Iterator[Attribute]:
        """Every attribute in force somewhere, more than once if scopes share it."""
        yield from (self.height, self.width, *self.stem.values())
        for stage in self.stages:
            yield from stage.all()
        yield from self.head.values()

    def choose(self, assignment: Assignment) -> ArchSpec:
        """The network of ``assignment``; decisions that it leaves out take their first option.

        Raises:
            SpecError: If the options do not fit together; the message starts with the place.
        """
        image = self.input(assignment)
        stem, output = self.stem_of(assignment)
        found, blocks = [output], list[Block]()
        for number, stage in enumerate(self.stages):
            _add_stage(stage, number, found, blocks, assignment)
        return ArchSpec(tuple(blocks), image, stem, self.head_of(assignment, found)[0])

    def input(self, assignment: Assignment) -> Input:
        """The input that ``assignment`` says."""
        size = int(pick(self.height, assignment)), int(pick(self.width, assignment))
        return Input(*size, self.mean, self.std)

    def stem_of(self, assignment: Assignment) -> tuple[Block, Shape]:
        """The stem that ``assignment`` says, and its output.

        Raises:
            SpecError: If its options do not fit together.
        """
        image = Shape(3, int(pick(self.height, assignment)), int(pick(self.width, assignment)))
        return _part("stem", self.stem, assignment, [image])

    def head_of(self, assignment: Assignment, found: Sequence[Shape]) -> tuple[Block, Shape]:
        """The head that ``assignment`` says after the shapes ``found``, and its output.

        Raises:
            SpecError: If its options do not fit together.
        """
        return _part("head", self.head, assignment, found)

    @property
    def reads(self) -> int:
        """How many of the outputs before it a block of the space, or its head, reads at most."""
        places = [stage.at(index) for stage in self.stages for index in (0, *stage.overrides)]
        kinds = {name for found in (*places, self.head) for name in possible_kinds(found["kind"])}
        return max(known_kind(name).reads for name in kinds)

    def restrict(self, options: Mapping[str, tuple[Option, ...]]) -> SearchSpace:
        """The part of the space in which each decision named has only the options given."""

        def narrow(attribute: Attribute) -> Attribute:
            allowed = options.get(attribute.path)
            if allowed is None or attribute.is_fixed:
                return attribute
            return replace(
                attribute,
                options=tuple(option for option in attribute.options if option in allowed),
            )

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
                stage.pairs,
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
    options = attribute.options
    return options[0] if len(options) == 1 else assignment.get(attribute.path, options[0])


def possible_kinds(attribute: Attribute) -> tuple[str, ...]:
    """The kinds that an attribute ``kind`` may hold, those of its ``otherwise`` too."""
    otherwise = () if attribute.otherwise is None else (attribute.otherwise,)
    return tuple(dict.fromkeys(map(str, (*attribute.options, *otherwise))))


def known_kind(name: str) -> Kind:
    """The kind of that name.

    Raises:
        InvalidInput: If it is not there any more.
    """
    kind = find_kind(name)
    if kind is None:
        raise InvalidInput(f"kind must be installed, got {name}")
    return kind


def read_shapes(found: Sequence[Shape], reads: int) -> Inputs:
    """The last ``reads`` of ``found``, the last first.

    If there are fewer, the first stands for those before it.
    """
    if reads == 1:
        return (found[-1],)
    return tuple(found[max(0, len(found) - back)] for back in range(1, reads + 1))


def make_block(
    attributes: Mapping[str, Attribute],
    assignment: Assignment,
    found: Sequence[Shape],
    width: int,
    stride: int,
) -> tuple[Block, Shape]:
    """One block, canonical, after maps of the shapes ``found``, and its output.

    Args:
        attributes: The attributes in force.
        assignment: The options of the decisions among them.
        found: The shapes of the outputs before the block, the last one last.
        width: Output channels.
        stride: The block's stride; 0 for the part's own.

    Raises:
        SpecError: If there is no such block.
    """
    values = _values(attributes, assignment, stride)
    reads = known_kind(str(values["kind"])).reads
    inputs = (found[-1],) if reads == 1 else read_shapes(found, reads)
    return _built(tuple(values), tuple(values.values()), inputs, width)


@lru_cache(maxsize=1 << 16)
def _built(
    names: tuple[str, ...], options: tuple[Option, ...], inputs: Inputs, width: int
) -> tuple[Block, Shape]:
    values = dict(zip(names, options, strict=True))
    kind = known_kind(str(values["kind"]))
    stride = int(values["stride"]) or _own_stride(kind)
    said = {name: values[name] for name in kind.attributes if name in values}
    block = kind.create(inputs, width, stride, said)
    output = cost_and_output(block, inputs[: block.reads])[1]
    check_output(block, inputs, output)
    return block, output


def _own_stride(kind: Kind) -> int:
    """The stride of a stem or head, which its class says.

    A class that leaves it open gets what its role is there for.
    """
    stride = kind.block.stride
    return stride if isinstance(stride, int) else 2 if kind.role == "stem" else 1


def _part(
    role: str, attributes: Mapping[str, Attribute], assignment: Assignment, found: Sequence[Shape]
) -> tuple[Block, Shape]:
    kind = known_kind(str(pick(attributes["kind"], assignment)))
    stride = (
        int(pick(attributes["stride"], assignment))
        if "stride" in kind.attributes.keys() & attributes.keys()
        else 0
    )
    try:
        return make_block(
            attributes, assignment, found, int(pick(attributes["width"], assignment)), stride
        )
    except SpecError as error:
        raise SpecError(f"{role}: {error}") from None


def _overridden(
    inherited: Mapping[str, Attribute],
    own: Mapping[str, Attribute],
    pairs: Mapping[str, tuple[str, ...]],
) -> Mapping[str, Attribute]:
    """What a block that sets ``own`` has.

    Of two attributes that say one thing, one replaces the other.
    """
    replaced = {other for name in own if name in pairs for other in (name, *pairs[name])}
    kept = {name: attribute for name, attribute in inherited.items() if name not in replaced}
    return {**kept, **own}


def _values(
    attributes: Mapping[str, Attribute], assignment: Assignment, stride: int
) -> dict[str, Option]:
    picked: dict[str, Option] = {}
    conditional = False
    get = assignment.get
    for name, attribute in attributes.items():
        options = attribute.options
        picked[name] = options[0] if len(options) == 1 else get(attribute.path, options[0])
        if attribute.when:
            conditional = True
    picked["stride"] = stride
    if not conditional:
        return picked
    values = dict(picked)
    for name, attribute in attributes.items():
        # Conditions look at what was picked, not at each other's outcome, so their order does not
        # matter.
        if attribute.when and any(_held(picked, other) not in ok for other, ok in attribute.when):
            values[name] = attribute.otherwise  # type: ignore[assignment]
    return values


def _held(picked: Mapping[str, Option], name: str) -> Option | None:
    """What was picked of an attribute; the kind's own default if nothing was said of it."""
    if name in picked:
        return picked[name]
    attributes = known_kind(str(picked["kind"])).attributes
    return attributes[name].default if name in attributes else None


def _add_stage(
    stage: StageSpace, number: int, found: list[Shape], blocks: list[Block], assignment: Assignment
) -> None:
    """Add a stage's blocks to ``blocks``, and their outputs to the shapes ``found`` before it."""
    depth, width = int(pick(stage.depth, assignment)), int(pick(stage.width, assignment))
    stride, index = int(pick(stage.stride, assignment)), 0
    while index < depth:
        try:
            block, output = make_block(
                stage.at(index), assignment, found, width, stride if index == 0 else 1
            )
        except SpecError as error:
            raise SpecError(f"stages.{number}.blocks.{index}: {error}") from None
        run = 1
        if (
            index
            and index not in stage.overrides
            and all(shape == output for shape in found[-block.reads :])
        ):
            # On maps of the same shapes, the same attributes make the same block.
            run = (
                min((other for other in stage.overrides if index < other < depth), default=depth)
                - index
            )
        blocks += [block] * run
        found += [output] * run
        index += run
