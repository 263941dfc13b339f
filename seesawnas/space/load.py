"""Documents -> values: a search space, or a search point with what was published of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from seesawnas.arch import ArchSpec
from seesawnas.errors import DocumentError, SpecError
from seesawnas.space.attributes import BLOCK_ATTRIBUTES, Attribute
from seesawnas.space.document import BlockKeys, DocumentKeys, default_attribute, parse_document
from seesawnas.space.search_space import SearchSpace, StageSpace
from seesawnas.units import parse_quantity, printed_step


@dataclass(frozen=True, slots=True)
class Printed:
    """A count as a paper prints it: 1.3 M is 1,300,000 to the nearest 100,000."""

    value: int
    step: int

    @classmethod
    def parse(cls, text: str) -> Printed:
        """From text such as ``1.3M``."""
        return cls(parse_quantity(text), printed_step(text))

    def agrees(self, counted: int) -> bool:
        """Whether ``counted`` prints as this, rounded or, as papers often do, truncated."""
        return self.value <= counted < self.value + self.step or abs(counted - self.value) * 2 <= self.step


@dataclass(frozen=True, slots=True)
class Published:
    """What a paper prints of a point; accuracies in percent."""

    params: Printed | None
    madds: Printed | None
    accuracies: Mapping[str, float]
    source: str


@dataclass(frozen=True, slots=True)
class Erratum:
    """Where the print is wrong. ``explains`` maps a published figure, ``params`` or ``madds``, to what the network counts to
    under this reading of the paper; to None where no reading counts to the figure.
    """

    text: str
    explains: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchPoint:
    """A fixed spec, what was published of it, the exact counts on record and why they differ where they do."""

    spec: ArchSpec
    published: Published
    counted: Mapping[str, int]
    errata: tuple[Erratum, ...]
    about: str = ""


def to_space(values: Any, source: str) -> SearchSpace:
    """The search space in plain ``values``. Raises DocumentError with every fault."""
    document = parse_document(values, source)
    faults = list(dict.fromkeys(_scope_faults(document)))
    if faults:
        raise DocumentError(source, faults)
    space = _space(document, source)
    unused = sorted(_declared(document) - {attribute.path for attribute in space.attributes()})
    if unused:
        raise DocumentError(
            source, [f"{path}: no block uses this choice; narrower scopes set it all" for path in unused]
        )
    return space


def to_point(values: Any, source: str) -> SearchPoint:
    """The search point in plain ``values``. Raises DocumentError where something is left to decide or does not fit."""
    space = to_space(values, source)
    if space.decisions:
        places = space.decisions[0].name + (f" and {len(space.decisions) - 1} more" if len(space.decisions) > 1 else "")
        rule = f"must be a search point, got a search space, with choices at {places}"
        hint = f"`seesawnas space {source}` counts it, `seesawnas sample --space {source}` draws networks from it"
        raise DocumentError(source, [f"{rule}; {hint}"])
    document = parse_document(values, source)
    try:
        spec = space.choose({}).renamed(space.name)
    except SpecError as error:
        raise DocumentError(source, [str(error)]) from None
    errata = tuple(Erratum(keys.text, {str(k): v for k, v in keys.explains.items()}) for keys in document.errata)
    return SearchPoint(spec, _published(document), document.counted, errata, document.about)


def _space(document: DocumentKeys, source: str) -> SearchSpace:
    activation = document.defaults.activation or default_attribute("activation")
    assert activation is not None
    activation = activation.at("defaults.activation")
    stages = tuple(_stage(document, number) for number in range(len(document.stages)))
    return SearchSpace(
        document.name,
        source,
        document.input.height.at("input.height"),
        document.input.width.at("input.width"),
        document.input.mean,
        document.input.std,
        _part(document.stem, ("width", "activation"), "stem", activation),
        stages,
        _part(document.head, ("width", "activation", "embedding"), "head", activation),
    )


def _part(keys: Any, names: tuple[str, ...], path: str, activation: Attribute) -> dict[str, Attribute]:
    found = {name: getattr(keys, name) for name in names}
    return {name: attribute.at(f"{path}.{name}") if attribute else activation for name, attribute in found.items()}


def _stage(document: DocumentKeys, number: int) -> StageSpace:
    stage, path = document.stages[number], f"stages.{number}"
    attributes = {name: found for name in BLOCK_ATTRIBUTES if (found := default_attribute(name))}
    for keys, scope in ((document.defaults, "defaults"), (stage, path)):
        own = _own(keys, scope)
        if "expansion" in own or "middle" in own:
            attributes.pop("expansion", None)
            attributes.pop("middle", None)
        attributes.update(own)
    return StageSpace(
        stage.depth.at(f"{path}.depth"),
        stage.width.at(f"{path}.width"),
        stage.stride.at(f"{path}.stride"),
        attributes,
        {index: _own(keys, f"{path}.blocks.{index}") for index, keys in stage.blocks.items()},
    )


def _own(keys: BlockKeys, path: str) -> dict[str, Attribute]:
    found = {name: getattr(keys, name) for name in BLOCK_ATTRIBUTES}
    return {name: attribute.at(f"{path}.{name}") for name, attribute in found.items() if attribute is not None}


def _scope_faults(document: DocumentKeys) -> Iterator[str]:
    for number, stage in enumerate(document.stages):
        depth = int(max(stage.depth.options))
        for index in stage.blocks:
            if index >= depth:
                yield f"stages.{number}.blocks: must be indices below the depth {depth}, got {index}"
        space = _stage(document, number)
        for index in range(depth):
            missing = [] if "kind" in space.at(index) else ["kind"]
            missing += [] if {"expansion", "middle"} & set(space.at(index)) else ["expansion"]
            for name in missing:
                yield f"stages.{number}.{name}: is required, here or in defaults, got nothing"


def _declared(document: DocumentKeys) -> set[str]:
    declared = list(_own(document.defaults, "defaults").values())
    for number, stage in enumerate(document.stages):
        declared += _own(stage, f"stages.{number}").values()
    return {attribute.path for attribute in declared if not attribute.is_fixed}


def _published(document: DocumentKeys) -> Published:
    keys = document.published
    counts = [Printed.parse(text) if text is not None else None for text in (keys.params, keys.madds)]
    names = ("lfw", "cfp_fp", "agedb_30", "cplfw", "calfw")
    accuracies = {name: value for name in names if (value := getattr(keys, name)) is not None}
    return Published(counts[0], counts[1], accuracies, keys.source)
