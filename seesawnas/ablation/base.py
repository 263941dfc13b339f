"""The network that an ablation changes, and the others that it names: found by their REFs, and their factors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from seesawnas.ablation.factors import Factor, factors_of
from seesawnas.ablation.widths import scaled
from seesawnas.arch import ArchSpec
from seesawnas.errors import InvalidInput
from seesawnas.space import load_point
from seesawnas.study import trial_point


def find_network(ref: str, scale: float = 1.0) -> ArchSpec:
    """The network that ``ref`` names, of the library, a file or a study, its widths times ``scale``. Raises InvalidInput."""
    of_study = None if Path(ref).exists() else trial_point(ref)
    spec = (of_study or load_point(ref)).spec
    return spec if scale == 1 else scaled(spec, scale).renamed(f"{spec.name} x {scale:g}")


class BaseFactors:
    """Gives the factors of the base, whose kinds may have some that no kind known by name has.

    The base is read when they are first asked for, so that it costs nothing where the known factors are enough.
    """

    def __init__(self, ref: Any) -> None:
        self.faults: list[str] = []
        """Why it could not be read, a line each, if it was asked for."""
        self._ref = ref

    def __call__(self) -> Mapping[str, Factor]:
        """By name; none where the base cannot be read."""
        return self._factors

    @cached_property
    def _factors(self) -> Mapping[str, Factor]:
        if not isinstance(self._ref, str):
            return {}  # the key's own rule says it
        try:
            return factors_of(find_network(self._ref))
        except InvalidInput as error:
            self.faults += str(error).splitlines()
            return {}
