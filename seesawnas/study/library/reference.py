"""The network that a REF names, of any form: whatever takes a network takes all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seesawnas.io.catalog import split_trial

if TYPE_CHECKING:
    from seesawnas.space import SearchPoint


def find_network(ref: str, storage: str | None = None) -> SearchPoint:
    """The network that ``ref`` names.

    Args:
        ref: ``paper/NAME``, a YAML file, a trained network's folder, or a study's trial; see
            :mod:`seesawnas.study.library.trials`.
        storage: The storage of the study; None for that of its folder.

    Raises:
        InvalidInput: In one line, if it names none; if a file breaks rules, with a line per fault.
    """
    # Optuna is slow to import: only a trial needs it.
    if split_trial(ref) is not None:
        from seesawnas.study.library.trials import trial_point

        if (point := trial_point(ref, storage)) is not None:
            return point
    from seesawnas.space import load_point

    return load_point(ref)
