"""Packages that are installed for a test: their modules and entry points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

Offer: TypeAlias = Callable[..., None]


def offering(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Offer:
    """What installs a package: ``offer("pack", "seesawnas.samplers", {"mine": "mod:Sampler"})``.

    ``modules`` are its modules by name, as text.
    """

    def offer(
        package: str, group: str, points: Mapping[str, str], modules: Mapping[str, str] = {}
    ) -> None:
        place = folder / package
        about = place / f"{package}-1.0.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
        (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
        for name, text in modules.items():
            (place / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(place)

    return offer


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offer:
    return offering(tmp_path, monkeypatch)
