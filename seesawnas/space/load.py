"""Documents -> values: a search space, or a search point with what was published of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from seesawnas.arch import ArchSpec, Kind
from seesawnas.arch.blocks import Role
from seesawnas.errors import DocumentError, SpecError
from seesawnas.space.attributes import Attribute
from seesawnas.space.document import TEST_SETS, AttributeKeys, parse_document
from seesawnas.space.grammar import Grammar, partners, shared_default
from seesawnas.space.search_space import SearchSpace, StageSpace, possible_kinds
from seesawnas.units import parse_quantity, printed_step


@dataclass(frozen=True, slots=True)
class PublishedValue:
    """A count as a paper prints it: 1.3 M is 1,300,000 to the nearest 100,000."""

    value: int
    step: int

    @classmethod
    def parse(cls, text: str) -> PublishedValue:
        """Parse text such as ``1.3M``."""
        return cls(parse_quantity(text), printed_step(text))

    def agrees(self, counted: int) -> bool:
        """Whether ``counted`` prints as this, rounded or, as papers often do, truncated."""
        return (
            self.value <= counted < self.value + self.step
            or abs(counted - self.value) * 2 <= self.step
        )


@dataclass(frozen=True, slots=True)
class Published:
    """What a paper prints of a point, ``flops`` if it counts 2 x MAdds; accuracies in percent."""

    params: PublishedValue | None
    madds: PublishedValue | None
    accuracies: Mapping[str, float]
    source: str
    flops: PublishedValue | None = None


@dataclass(frozen=True, slots=True)
class Erratum:
    """An error in the print.

    ``explains`` maps a published figure, ``params``, ``madds`` or ``flops``, to what the network
    counts to under this reading of the paper; to None if no reading counts to the figure.
    """

    text: str
    explains: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchPoint:
    """A fixed spec, and what was published of it.

    It also has the exact counts on record, and why they differ from the print if they do.
    """

    spec: ArchSpec
    published: Published
    counted: Mapping[str, int]
    errata: tuple[Erratum, ...]
    about: str = ""


def to_space(values: Any, source: str) -> SearchSpace:
    """The search space in plain ``values``.

    Raises:
        DocumentError: With every fault, if the document breaks rules.
    """
    document, grammar = parse_document(values, source)
    reading = _Reading(document, grammar)
    faults = list(dict.fromkeys(reading.faults()))
    if faults:
        raise DocumentError(source, faults)
    space = reading.space(source)
    unused = sorted(reading.declared() - {attribute.path for attribute in space.attributes()})
    if unused:
        raise DocumentError(
            source,
            [
                f"{path}: no block uses this choice: narrower scopes override it everywhere"
                for path in unused
            ],
        )
    return space


def to_point(values: Any, source: str) -> SearchPoint:
    """The search point in plain ``values``.

    Raises:
        DocumentError: If something is left to decide or does not fit.
    """
    space = to_space(values, source)
    if space.decisions:
        places = space.decisions[0].name + (
            f" and {len(space.decisions) - 1} more" if len(space.decisions) > 1 else ""
        )
        rule = f"must be a search point without choices, got choices at {places}"
        hint = (
            f"`seesawnas space {source}` counts it, `seesawnas sample --space {source}` draws "
            "networks from it"
        )
        raise DocumentError(source, [f"{rule}; {hint}"])
    document, _ = parse_document(values, source)
    try:
        spec = space.choose({}).renamed(space.name)
    except SpecError as error:
        raise DocumentError(source, [str(error)]) from None
    errata = tuple(
        Erratum(keys.text, {str(k): v for k, v in keys.explains.items()})
        for keys in document.errata
    )
    return SearchPoint(spec, _published(document), document.counted, errata, document.about)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a checked document says, scope by scope."""

    document: Any
    grammar: Grammar

    def space(self, source: str) -> SearchSpace:
        """The search space."""
        document = self.document
        return SearchSpace(
            document.name,
            source,
            document.input.height.at("input.height"),
            document.input.width.at("input.width"),
            document.input.mean,
            document.input.std,
            self.part("stem"),
            tuple(self.stage(number) for number in range(len(document.stages))),
            self.part("head"),
        )

    def part(self, role: Role) -> dict[str, Attribute]:
        """Stem or head: its kind, width, and the attributes of its kinds.

        An activation that it does not say is that of ``defaults``.
        """
        keys: Any = getattr(self.document, role)
        said = {"width": keys.width, **keys.attributes()}
        found = {name: said[name].at(f"{role}.{name}") for name in ("kind", "width")}
        some = self._kinds(said["kind"])
        inherited = self.document.defaults.attributes().get("activation")
        for name in _attributes_of(some):
            if name in said:
                found[name] = said[name].at(f"{role}.{name}")
            elif name == "activation" and inherited is not None:
                found[name] = inherited.at("defaults.activation")
            elif (default := shared_default(name, some)) is not None:
                scope = "defaults" if name == "activation" else role
                found[name] = Attribute(f"{scope}.{name}", (default,))
        return found

    def stage(self, number: int) -> StageSpace:
        """A stage: what its blocks inherit, and what single blocks set."""
        stage, path = self.document.stages[number], f"stages.{number}"
        scopes = (_own(self.document.defaults, "defaults"), _own(stage, path))
        overrides = {
            index: _own(keys, f"{path}.blocks.{index}") for index, keys in stage.blocks.items()
        }
        some = self._kinds(
            *(own["kind"] for own in (*scopes, *overrides.values()) if "kind" in own)
        )
        attributes: dict[str, Attribute] = {}
        for name in self.grammar.names("block")[1:]:
            if (default := shared_default(name, some)) is not None:
                attributes[name] = Attribute(name, (default,))
        for own in scopes:
            for name in self._paired(own):
                attributes.pop(name, None)
            attributes.update(own)
        # Decisions are numbered by the order of attributes: those with a default first, as the
        # grammar lists them.
        declared = self.grammar.declared["block"]
        first = [
            name for name, one in declared.items() if one.default is not None and name in attributes
        ]
        attributes = {name: attributes[name] for name in (*first, *attributes)}
        pairs = {
            name: partners(name, self.grammar.declared["block"])
            for own in overrides.values()
            for name in own
        }
        return StageSpace(
            stage.depth.at(f"{path}.depth"),
            stage.width.at(f"{path}.width"),
            stage.stride.at(f"{path}.stride"),
            attributes,
            overrides,
            {name: found for name, found in pairs.items() if found},
        )

    def faults(self) -> Iterator[str]:
        """What is missing, and what is said at places whose blocks or parts cannot use it."""
        yield from self._unusable(
            "defaults", _own(self.document.defaults, "defaults"), self._every_kind()
        )
        for role in _PARTS:
            keys: Any = getattr(self.document, role)
            some, said = self._kinds(keys.attributes()["kind"]), keys.attributes()
            yield from self._unusable(role, said, some)
            yield from self._missing(role, self.part(role), some, "")
        for number, stage in enumerate(self.document.stages):
            yield from self._stage_faults(number, stage)

    def declared(self) -> set[str]:
        """The paths of the choices of ``defaults`` and of stages."""
        found = list(_own(self.document.defaults, "defaults").values())
        for number, stage in enumerate(self.document.stages):
            found += _own(stage, f"stages.{number}").values()
        return {attribute.path for attribute in found if not attribute.is_fixed}

    def _stage_faults(self, number: int, stage: Any) -> Iterator[str]:
        path, depth = f"stages.{number}", int(max(stage.depth.options))
        for index in stage.blocks:
            if index >= depth:
                yield f"{path}.blocks: must be indices below the depth {depth}, got {index}"
        space = self.stage(number)
        used: list[Kind] = []
        for index in [
            index
            for index in range(depth)
            if index in stage.blocks or index == _first_plain(stage.blocks)
        ]:
            attributes = space.at(index)
            if "kind" not in attributes:
                yield f"{path}.kind: is required, here or in defaults, got nothing"
                continue
            some = self._kinds(attributes["kind"])
            used += some
            if index in stage.blocks:
                place = f"{path}.blocks.{index}"
                yield from self._unusable(place, _own(stage.blocks[index], place), some)
            yield from self._missing(path, attributes, some, ", here or in defaults")
        if used:
            yield from self._unusable(path, _own(stage, path), used)

    def _missing(
        self, path: str, found: Mapping[str, Attribute], some: list[Kind], where: str
    ) -> Iterator[str]:
        said: set[str] = set()
        for kind in some:
            for name, one in kind.attributes.items():
                instead = {name, *partners(name, kind.attributes)}
                if one.default is None and not instead & (set(found) | said):
                    said.add(name)
                    yield f"{path}.{name}: is required{where}, got nothing"

    def _unusable(self, path: str, own: Mapping[str, Attribute], some: list[Kind]) -> Iterator[str]:
        names = ", ".join(dict.fromkeys(kind.name for kind in some))
        for name in own:
            if name not in ("kind", "width") and not any(name in kind.attributes for kind in some):
                yield (
                    f"{path}.{name}: must be an attribute of the kind, got kind {names} without it"
                )

    def _paired(self, own: Mapping[str, Attribute]) -> set[str]:
        """What ``own`` replaces: itself and its partner, if two attributes say one thing."""
        found: set[str] = set()
        for name in own:
            others = partners(name, self.grammar.declared["block"])
            found |= {name, *others} if others else set()
        return found

    def _kinds(self, *attributes: Attribute) -> list[Kind]:
        names = dict.fromkeys(
            name for attribute in attributes for name in possible_kinds(attribute)
        )
        return [self.grammar.kinds[name] for name in names]

    def _every_kind(self) -> list[Kind]:
        """The kinds of blocks anywhere; all of them if none is said.

        An activation is the stem's and the head's too.
        """
        scopes = [self.document.defaults, *self.document.stages]
        scopes += [keys for stage in self.document.stages for keys in stage.blocks.values()]
        said = [own["kind"] for scope in scopes if "kind" in (own := scope.attributes())]
        parts = [getattr(self.document, role).attributes()["kind"] for role in _PARTS]
        return self._kinds(*said, *parts) if said else list(self.grammar.kinds.values())


_PARTS: tuple[Role, ...] = ("stem", "head")


def _attributes_of(some: list[Kind]) -> list[str]:
    return list(dict.fromkeys(name for kind in some for name in kind.attributes))


def _first_plain(blocks: Mapping[int, Any]) -> int:
    """The first block of a stage that sets nothing of its own."""
    return next(index for index in range(len(blocks) + 1) if index not in blocks)


def _own(keys: AttributeKeys, path: str) -> dict[str, Attribute]:
    return {name: attribute.at(f"{path}.{name}") for name, attribute in keys.attributes().items()}


def _published(document: Any) -> Published:
    keys = document.published
    counts = [
        PublishedValue.parse(text) if text is not None else None
        for text in (keys.params, keys.madds, keys.flops)
    ]
    accuracies = {name: value for name in TEST_SETS if (value := getattr(keys, name)) is not None}
    return Published(counts[0], counts[1], accuracies, keys.source, counts[2])
