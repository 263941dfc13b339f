"""The identity by which a study recognizes its space, however the space is written.

The mapping leaves out what holds by default, so that a key that the grammar gets later changes no
identity of a space that does not use it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from seesawnas.arch import Kind
from seesawnas.space.attributes import Attribute, Option
from seesawnas.space.grammar import DEFAULT_KINDS, shared_default
from seesawnas.space.search_space import SearchSpace, StageSpace, known_kind, possible_kinds

_DIGITS = 12
_MEAN, _STD = (127.5, 127.5, 127.5), (128.0, 128.0, 128.0)
_FIRST: Mapping[str, Option] = {
    "split": "1:3",
    "se": 0,
    "activation": "swish",
    "kernel": 3,
    "skip": "none",
}
"""What version 0.1 put in front of a stage's own attributes."""


def canonical_mapping(space: SearchSpace) -> dict[str, Any]:
    """JSON values, equal for spaces of the same networks and decisions.

    Name and file do not count.
    """
    image = {
        **_unless("height", _said(space.height), 112),
        **_unless("width", _said(space.width), 112),
        **_unless("mean", list(space.mean), list(_MEAN)),
        **_unless("std", list(space.std), list(_STD)),
    }
    return {
        **_unless("input", image, {}),
        "stem": _part(space.stem, "stem"),
        "stages": [_stage(stage) for stage in space.stages],
        "head": _part(space.head, "head"),
    }


def space_digest(space: SearchSpace) -> str:
    """12 hexadecimal digits of :func:`canonical_mapping`."""
    text = json.dumps(canonical_mapping(space), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def compatible_digest(space: SearchSpace, kept: object, label: str = "") -> str:
    """The identity of ``space``, with ``label`` in front.

    It is ``kept`` if version 0.1 wrote that for the same space.
    """
    front = f"{label} " if label else ""
    old = f"{front}{_digest_of_0_1(space)}"
    return old if kept == old else f"{front}{space_digest(space)}"


def _part(attributes: Mapping[str, Attribute], role: str) -> dict[str, Any]:
    some = [known_kind(name) for name in possible_kinds(attributes["kind"])]
    found: dict[str, Any] = {"width": _said(attributes["width"])}
    found |= _unless("kind", _said(attributes["kind"]), DEFAULT_KINDS[role])
    for name, attribute in attributes.items():
        if name not in ("kind", "width"):
            found |= _unless(name, _said(attribute), shared_default(name, some))
    return found


def _stage(stage: StageSpace) -> dict[str, Any]:
    places = [stage.at(index) for index in range(int(max(stage.depth.options)))]
    some = [
        known_kind(name)
        for name in dict.fromkeys(n for found in places for n in possible_kinds(found["kind"]))
    ]
    own: dict[str, Any] = {}
    for name, attribute in stage.attributes.items():
        if not attribute.is_fixed or _is_used(name, some):
            own |= _unless(name, _said(attribute), shared_default(name, some))
    overrides = {
        str(index): {name: _said(attribute) for name, attribute in found.items()}
        for index, found in sorted(stage.overrides.items())
    }
    return {
        "width": _said(stage.width),
        **_unless("depth", _said(stage.depth), 1),
        **_unless("stride", _said(stage.stride), 1),
        **_unless("attributes", own, {}),
        **_unless("blocks", overrides, {}),
    }


def _is_used(name: str, some: list[Kind]) -> bool:
    return name == "kind" or any(name in kind.attributes for kind in some)


def _said(attribute: Attribute) -> Any:
    """The value of a fixed attribute.

    Of a decision also its place, which says with what it is shared.
    """
    if attribute.is_fixed and not attribute.when:
        return attribute.options[0]
    found: dict[str, Any] = {"options": list(attribute.options)}
    if not attribute.is_fixed:
        found["at"] = attribute.path
    if attribute.when:
        found["when"] = {name: list(options) for name, options in attribute.when}
        found["otherwise"] = attribute.otherwise
    return found


def _unless(name: str, value: Any, default: Any) -> dict[str, Any]:
    return {} if value == default and type(value) is type(default) else {name: value}


def _digest_of_0_1(space: SearchSpace) -> str:
    """The identity that version 0.1 gave, made from its own repr of the space."""
    stages = ", ".join(map(_stage_of_0_1, space.stages)) + ("," if len(space.stages) == 1 else "")
    stem, head = (
        {name: attribute for name, attribute in part.items() if name != "kind"}
        for part in (space.stem, space.head)
    )
    text = (
        f"SearchSpace(name='', source='', height={_of_0_1(space.height)}, "
        f"width={_of_0_1(space.width)}, "
        f"mean={space.mean!r}, std={space.std!r}, stem={_all_of_0_1(stem)}, stages=({stages}), "
        f"head={_all_of_0_1(head)})"
    )
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _stage_of_0_1(stage: StageSpace) -> str:
    first = {name: Attribute(name, (default,)) for name, default in _FIRST.items()}
    overrides = ", ".join(f"{index}: {_all_of_0_1(own)}" for index, own in stage.overrides.items())
    return (
        f"StageSpace(depth={_of_0_1(stage.depth)}, width={_of_0_1(stage.width)}, "
        f"stride={_of_0_1(stage.stride)}, "
        f"attributes={_all_of_0_1({**first, **stage.attributes})}, overrides={{{overrides}}})"
    )


def _all_of_0_1(attributes: Mapping[str, Attribute]) -> str:
    return (
        "{"
        + ", ".join(f"{name!r}: {_of_0_1(attribute)}" for name, attribute in attributes.items())
        + "}"
    )


def _of_0_1(attribute: Attribute) -> str:
    return (
        f"Attribute(path={attribute.path!r}, options={attribute.options!r}, "
        f"when={attribute.when!r}, "
        f"otherwise={attribute.otherwise!r})"
    )
