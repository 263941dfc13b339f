"""The settings of a study compared with those of a later start.

Each difference is reported by its option, with both values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

from seesawnas.plan.options import options_of
from seesawnas.study.options import RunPlan
from seesawnas.units import format_quantity

_NAMES = {"base": "SPEC", "candidate": "the first REF", "networks": "networks"}
"""What they are called, which are no options."""
_MADE_OF = {
    "data": ("resolution", "seed", "share", "identities"),
    "networks": ("base", "candidate", "factors", "design", "match"),
}
"""Settings that others change along with themselves.

These are named, not what follows from them.
"""
StudyKind: TypeAlias = Literal["search", "ablation", "confirmation"]
KIND_WORDS: dict[StudyKind, str] = {
    "search": "a search",
    "ablation": "an ablation",
    "confirmation": "a confirmation",
}
_OF_TEACHER = ("--teacher of digest", "--teacher fed with", "--distill", "--distill-weight")


def differences(kept: Mapping[str, Any], asked: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(option, value of the study, value asked for) of every setting that differs."""
    now = json.loads(json.dumps(dict(asked)))
    names = [name for name in dict.fromkeys([*kept, *now]) if kept.get(name) != now.get(name)]
    if kind_of(kept) != kind_of(now):
        return [("", KIND_WORDS[kind_of(kept)], KIND_WORDS[kind_of(now)])]
    if set(names) == {"recipe"} and {**kept["recipe"], "label": ""} == {
        **now["recipe"],
        "label": "",
    }:
        return [("recipe.label", str(kept["recipe"].get("label")), str(now["recipe"].get("label")))]
    if kept.get("teacher") is None or now.get("teacher") is None:
        # How nobody is learnt from is nothing to name.
        kept, now = _without_distillation(kept), _without_distillation(now)
        names = [name for name in names if kept.get(name) != now.get(name)]
    named = [name for name in names if not _follows(name, names, kept, now)]
    return [found for name in named for found in _told(name, kept.get(name), now.get(name), kept)]


def _without_distillation(settings: Mapping[str, Any]) -> dict[str, Any]:
    recipe = settings.get("recipe")
    if not isinstance(recipe, dict):
        return dict(settings)
    plain = {
        key: value for key, value in recipe.items() if key not in ("distill", "distill_weight")
    }
    return {**settings, "recipe": plain}


def kind_of(settings: Mapping[str, Any]) -> StudyKind:
    """What a study of these settings is; those of a fidelity study are a search's."""
    if "candidate" in settings:
        return "confirmation"
    return "ablation" if "base" in settings else "search"


def refusal(
    study: str,
    kept: Mapping[str, Any],
    asked: Mapping[str, Any],
    way_out: str = "use another --study",
) -> str | None:
    """One line that says why ``study`` cannot be resumed with ``asked``; None if it can."""
    found = differences(kept, asked)
    if not found:
        return None
    before = " and ".join(f"{option} {old}" for option, old, _ in found if option)
    now = " and ".join(new for option, _, new in found if option)
    if not before:
        return f"{study}: must be resumed as {found[0][1]}, got {found[0][2]}; {way_out}"
    is_taught = any(option in _OF_TEACHER for option, _, _ in found)
    why = " (trials that learn from other teachers do not compare)" if is_taught else ""
    return f"{study}: must be resumed with {before}, got {now}{why}; or {way_out}"


def _follows(name: str, names: list[str], kept: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a setting differs only because others do.

    For example, the same faces at another size have another fingerprint.
    """
    if not any(cause in names for cause in _MADE_OF.get(name, ())):
        return False
    return name != "data" or _faces(kept.get(name)) == _faces(now.get(name))


def _faces(value: Any) -> str:
    """The name of the faces in a data setting's description, and where they lie.

    Without counts, which a seed may change, without the fingerprint, and without how many of the
    identities are used, which another setting says.
    """
    return _SUBSET.sub("", str(value).rsplit(" ", 1)[0].split(": ")[0])


_SUBSET = re.compile(r"^[0-9]+ identit(?:y|ies) of ")


def _told(name: str, old: Any, new: Any, kept: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            told_elsewhere = name == "recipe" and (
                key == "label" or (key == "epochs" and "epochs" in kept)
            )
            if old.get(key) != new.get(key) and not told_elsewhere:
                yield _place(name, key), _words(key, old.get(key)), _words(key, new.get(key))
        return
    common = {one.key: one.flag or one.key for one in options_of(RunPlan)}
    option = _NAMES.get(name) or common.get(name) or f"--{name.replace('_', '-')}"
    if name == "objectives" and ("base" in kept or "candidate" in kept):
        option = "--quality" if "base" in kept else "--metric"
    if name == "data":
        before, now = _faces(old), _faces(new)
        same = before == now
        yield option, str(old) if same else before, str(new) if same else now
        return
    if name == "teacher":
        yield _teacher(old, new)
        return
    if name in ("space", "base", "candidate"):  # a name and a hash: the hash if the names are equal
        before, now = _named(old), _named(new)
        yield option, str(old) if before == now else before, str(new) if before == now else now
        return
    yield option, _words(name, old), _words(name, new)


def _place(name: str, key: str) -> str:
    if name == "recipe" and key in ("distill", "distill_weight"):
        return f"--{key.replace('_', '-')}"
    return {"factors": "--levels ", "networks": "network "}.get(name, f"{name}.") + key


def _teacher(old: Any, new: Any) -> tuple[str, str, str]:
    """Of two teachers their digests; of one that is fed otherwise how."""
    before, now = (str("none" if value is None else value).split("; ", 1) for value in (old, new))
    if before[0] != now[0]:
        return "--teacher of digest", before[0], now[0]
    return "--teacher fed with", before[-1], now[-1]


def _named(value: Any) -> str:
    return str(value).rsplit(" ", 1)[0]


def _words(name: str, value: Any) -> str:
    if value is None:
        return "none"
    if name == "budget" and isinstance(value, list) and len(value) == 2:
        low, high = value
        ends = [format_quantity(end, exact=True) for end in (low, high)]
        return "..".join(ends) if low else ends[1]
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
