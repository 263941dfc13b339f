"""Trials from before digests were hashes of bodies, with this version's digests and keys.

The digest that version 0.1 stored names the same network by other digits. Wherever trials are read,
they get today's, so that whatever is compared by digest (what was tried, repeats, arms, a panel's
networks) is compared right; nothing stored changes.
"""

from __future__ import annotations

import copy
from functools import lru_cache

from optuna.trial import FrozenTrial

from seesawnas.errors import InvalidInput
from seesawnas.space import from_mapping, read_yaml

DIGEST_OF, BODY = "digest_of", "body"
"""The attribute that says what a trial's digest is of."""
DIGEST_BEFORE = "digest_before"
"""The attribute, never stored, that has the older version's digest."""


def renewed(trial: FrozenTrial) -> FrozenTrial:
    """The trial, with today's digest and key if it has an older version's."""
    attrs = trial.user_attrs
    if "spec" not in attrs or "digest" not in attrs or attrs.get(DIGEST_OF) == BODY:
        return trial
    old, new = attrs["digest"], digest_of(str(attrs["spec"]))
    if new is None or new == old:
        return trial
    found = copy.copy(trial)
    found.user_attrs = {**attrs, "digest": new, DIGEST_BEFORE: old}
    if "key" in attrs:
        found.user_attrs["key"] = str(attrs["key"]).replace(str(old), new, 1)
    return found


@lru_cache(maxsize=1 << 14)
def digest_of(spec: str) -> str | None:
    """The digest of the network in a trial's text; None if that is no network of this version."""
    try:
        return from_mapping(read_yaml(spec, "spec")).digest()
    except InvalidInput:
        return None
