"""The shipped suites on what ships; and that they fail on what does not keep them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest
import torch

from seesawnas.arch import Block, Body, Draft, Head, Inputs, Shape, Stem
from seesawnas.data import open_source
from seesawnas.search.samplers import SAMPLERS
from seesawnas.testing import BlockSuite, DataSourceSuite, MarginSuite, SamplerSuite
from seesawnas.testing.data_sources import OpenSource
from seesawnas.testing.samplers import MakeSampler
from seesawnas.train.losses.margins import MARGINS, MarginKind
from tests.data.rec_files import insightface, write_records
from tests.faces import write_folder
from tests.nn.specs import BLOCKS


class TestBlocks(BlockSuite):
    @pytest.fixture(
        params=[*BLOCKS.values(), Stem(8, "prelu"), Head(16, "relu", 8), Head(16, "swish", 0)],
        ids=str,
    )
    def block(self, request: pytest.FixtureRequest) -> Block:
        found: Block = request.param
        return found


class TestMargins(MarginSuite):
    @pytest.fixture(params=MARGINS.values(), ids=list(MARGINS))
    def margin(self, request: pytest.FixtureRequest) -> MarginKind:
        found: MarginKind = request.param
        return found


class TestSamplers(SamplerSuite):
    @pytest.fixture(params=SAMPLERS.values(), ids=list(SAMPLERS))
    def make(self, request: pytest.FixtureRequest) -> MakeSampler:
        found: MakeSampler = request.param
        return found


class TestDataSources(DataSourceSuite):
    @pytest.fixture(params=["folder", "rec", "synthetic"])
    def open_faces(self, request: pytest.FixtureRequest, tmp_path: Path) -> OpenSource:
        match request.param:
            case "folder":
                place = write_folder(tmp_path / "faces", people=3, each=3)
                (place / "alone").mkdir()
                (place / "p0" / "0.png").rename(place / "alone" / "0.png")
            case "rec":
                place = write_records(tmp_path, insightface((3, 1, 2)))
            case _:
                return lambda least: open_source("synthetic:3x4", least=least)
        return lambda least: open_source(place, least=least)


@dataclass(frozen=True, slots=True, kw_only=True)
class Liar(Block):
    """Says that it halves the map, and does not."""

    kind: ClassVar[str] = "liar"

    inputs: int
    outputs: int
    stride: int = 2

    @classmethod
    def of(cls, inputs: Inputs, width: int, stride: int, **options: Any) -> Self:
        return cls(inputs=inputs[0].channels, outputs=width, stride=stride)

    def body(self) -> Body:
        draft = Draft()
        draft.conv("conv", -1, self.outputs)
        return draft.body()


def test_a_block_that_does_not_say_what_it_gives_fails() -> None:
    with pytest.raises(AssertionError):
        BlockSuite().test_its_output_is_what_it_says(Liar(inputs=8, outputs=8), (Shape(8, 12, 12),))


def test_a_margin_that_helps_the_true_class_fails() -> None:
    helping = MarginKind(lambda cosine, size, guard, quality: cosine + size, lambda cosine: cosine)
    with pytest.raises(AssertionError):
        MarginSuite().test_the_true_class_is_harder_to_win_and_more_so_by_a_larger_margin(
            helping, "none"
        )
    with pytest.raises(AssertionError):
        MarginSuite().test_values_and_gradients_are_finite_to_both_ends(
            MarginKind(
                lambda cosine, size, guard, quality: torch.acos(cosine), lambda cosine: cosine
            ),
            "none",
        )
