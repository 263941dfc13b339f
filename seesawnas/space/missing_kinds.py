"""Unknown keys that follow from a missing kind.

The kind may have declared them, so they say nothing of the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from seesawnas.io.validation import Place
from seesawnas.space.grammar import RESERVED, Grammar, kind_options
from seesawnas.text import nearest


def follows_missing_kind(values: Mapping[str, Any], grammar: Grammar) -> Callable[[Place], bool]:
    """Whether an unknown key at a place may be an attribute of a missing kind.

    That is a kind that the document names and that is not there. A key that is like one of the
    grammar's own, ``depht``, is a slip whatever the kind.
    """
    scopes = set(_scopes(values, grammar))

    def follows(place: Place) -> bool:
        return (
            tuple(map(str, place[:-1])) in scopes
            and nearest(str(place[-1]), sorted(RESERVED)) is None
        )

    return follows


def _scopes(values: Mapping[str, Any], grammar: Grammar) -> Iterator[tuple[str, ...]]:
    """The scopes whose attributes may be those of a missing kind."""
    for role in ("stem", "head"):
        if _missing(values.get(role), grammar, False):
            yield (role,)
    common = _missing(values.get("defaults"), grammar, False)
    found = [scope for scope, missing in _stages(values.get("stages"), grammar, common) if missing]
    yield from found
    if common or found:
        yield ("defaults",)


def _stages(stages: Any, grammar: Grammar, common: bool) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Stages and single blocks, each with whether its kind is missing.

    For a stage, that is the kind of a block that inherits from it.
    """
    for number, stage in enumerate(stages if isinstance(stages, list) else ()):
        inherited = _missing(stage, grammar, common)
        blocks = stage.get("blocks") if isinstance(stage, Mapping) else None
        own = {
            index: _missing(block, grammar, inherited)
            for index, block in (blocks.items() if isinstance(blocks, Mapping) else ())
        }
        yield ("stages", str(number)), inherited or any(own.values())
        for index, missing in own.items():
            yield ("stages", str(number), "blocks", str(index)), missing


def _missing(part: Any, grammar: Grammar, inherited: bool) -> bool:
    """Whether a part's kind, or one that it may have, is not there.

    ``inherited`` if the part says no kind.
    """
    if not isinstance(part, Mapping) or "kind" not in part:
        return inherited
    return any(
        isinstance(name, str) and name not in grammar.kinds for name in kind_options(part["kind"])
    )
