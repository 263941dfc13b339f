"""Which kind of YAML document something is.

So one that is given in another's place is named, and its command said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal[
    "space", "point", "search", "ablation", "confirmation", "fidelity", "recipe", "table"
]

_MARKS: dict[Kind, frozenset[str]] = {
    "point": frozenset({"stages", "stem", "head"}),
    "ablation": frozenset({"base"}),
    "confirmation": frozenset({"networks"}),
    "fidelity": frozenset({"score", "measurements"}),
    "search": frozenset({"budget", "sampler", "objectives", "trials"}),
    "recipe": frozenset(
        {"batch_size", "learning_rate", "margin", "margin_size", "momentum", "weight_decay"}
    ),
}
"""Keys that documents of one kind alone have, at their top."""
_WORDS: dict[Kind, str] = {
    "space": "a search space; give it with --space {ref}",
    "point": "a search point; use seesawnas build {ref} or seesawnas train {ref}",
    "search": "a search study file; use seesawnas search {ref}",
    "ablation": "an ablation study file; use seesawnas ablate {ref}",
    "confirmation": "a confirmation's study file; use seesawnas confirm {ref}",
    "fidelity": "a fidelity study's file; resume it by seesawnas fidelity --study and its name",
    "table": "a table of trials; give it with seesawnas search --learn-from {ref}",
    "recipe": "a recipe; give it with seesawnas train --recipe {ref}, or its keys under recipe in "
    "a study file",
}


def document_kind(values: Any) -> Kind | None:
    """The kind whose keys ``values`` hold; None if they hold those of none."""
    if not isinstance(values, Mapping):
        return None
    # A latency model has a number of networks.
    keys = {key for key in values if key != "networks" or not isinstance(values[key], int)}
    kind = next((kind for kind, marks in _MARKS.items() if not marks.isdisjoint(keys)), None)
    return "space" if kind == "point" and _decides(values) else kind


def _decides(values: Any) -> bool:
    """Whether something in ``values`` is a choice or a range."""
    if isinstance(values, list):
        return any(map(_decides, values))
    return isinstance(values, Mapping) and (
        bool({"choice", "range"} & set(values)) or any(map(_decides, values.values()))
    )


def other_kind(values: Any, *wanted: Kind, ref: str) -> str | None:
    """What ``values`` are, and what takes ``ref``, if it is another kind than those ``wanted``.

    Else None.
    """
    kind = document_kind(values)
    return None if kind is None or kind in wanted else described(kind, ref)


def described(kind: Kind, ref: str) -> str:
    """What a document of ``kind`` is, in words, with what takes ``ref``."""
    return _WORDS[kind].format(ref=ref)
