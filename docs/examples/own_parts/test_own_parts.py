"""That the parts fulfil what seesawnas expects of them: ``pytest test_own_parts.py``."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from own_parts.margin import FADING
from own_parts.sampler import NearestSampler
from own_parts.source import ZipSource
from PIL import Image

from seesawnas.testing import DataSourceSuite, MarginSuite, SamplerSuite
from seesawnas.train import MarginKind


class TestNearest(SamplerSuite):
    @pytest.fixture
    def make(self) -> type[NearestSampler]:
        return NearestSampler


class TestFading(MarginSuite):
    @pytest.fixture
    def margin(self) -> MarginKind:
        return FADING


class TestZip(DataSourceSuite):
    @pytest.fixture
    def open_faces(self, tmp_path: Path) -> Callable[[int], ZipSource]:
        noise = np.random.default_rng(0)
        with ZipFile(tmp_path / "faces.zip", "w") as archive:
            for name, images in {"ann": 3, "bob": 2, "cem": 1}.items():
                for number in range(images):
                    file = io.BytesIO()
                    Image.fromarray(noise.integers(0, 255, (8, 8, 3), np.uint8)).save(file, "PNG")
                    archive.writestr(f"{name}/{number}.png", file.getvalue())
        return lambda least: ZipSource(str(tmp_path / "faces.zip"), least=least)
