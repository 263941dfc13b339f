from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.analysis.fidelity.level import Level
from seesawnas.analysis.fidelity.panel import opened
from seesawnas.analysis.fidelity.plan import FidelityPlan
from seesawnas.cost import Budget
from seesawnas.data import FaceData
from seesawnas.errors import InvalidInput, StudyError
from seesawnas.space import write_yaml
from seesawnas.study import Finished, InlineEngine
from seesawnas.testing.engines import SMALL_SPACE
from tests.faces import write_folder


def panel(
    study: str = "p", networks: int = 3, seeds: int = 1, levels: str = "1x32", **more: Any
) -> FidelityPlan:
    return FidelityPlan(
        budget=Budget.parse("1M"),
        study=study,
        levels=tuple(Level.parse(text) for text in levels.split(",")),
        networks=networks,
        seeds=seeds,
        space="small.yaml",
        data="faces",
        engine_kind="local",
        workers=1,
        **more,
    )


@given(st.integers(1, 99), st.integers(16, 512), st.sampled_from([1.0, 0.5, 0.25]))
def test_a_level_reads_back_as_it_is_written(epochs: int, side: int, share: float) -> None:
    level = Level(epochs, side, share)
    assert Level.parse(str(level)) == level


@pytest.mark.parametrize(
    "text", ["", "8", "8x", "x56", "8x56:2", "8x56:0.0", "0x56", "8x8", "8 x 56", "8x56:-1"]
)
def test_what_is_no_level_is_told_in_one_line(text: str) -> None:
    with pytest.raises(StudyError, match=r"^level must") as caught:
        Level.parse(text)
    assert "\n" not in str(caught.value)


def test_a_panel_of_networks_that_are_not_square_sees_their_aspect(folder: Path) -> None:
    Path("small.yaml").write_text(write_yaml({**SMALL_SPACE, "input": {"height": 32, "width": 24}}))
    seen = []

    def engine(faces: FaceData) -> InlineEngine:
        seen.append(faces.sizes)
        return InlineEngine(faces)

    with opened(panel(levels="1x32,1x16"), engine) as session:
        assert sum(isinstance(event, Finished) for event in session.run()) == 6
    assert seen == [((32, 24),), ((16, 12),)]


def test_a_larger_panel_trains_only_what_the_smaller_one_did_not(folder: Path) -> None:
    with opened(panel()) as session:
        assert sum(isinstance(event, Finished) for event in session.run()) == 3
        small = session.rows()
    with opened(panel(networks=4, seeds=2, levels="1x32,1x32:0.5")) as session:
        assert sum(isinstance(event, Finished) for event in session.run()) == 16 - 3
        rows = session.rows()
    assert {(row.level, row.seed, row.network) for row in rows} == {
        (level, seed, network)
        for level in ("1x32", "1x32:0.5")
        for seed in (0, 1)
        for network in range(4)
    }
    assert all(row in rows for row in small)
    assert len({row.mark for row in rows}) == 16


def test_measurements_of_the_same_networks_proxies_and_faces_are_taken_in_and_others_are_not(
    folder: Path,
) -> None:
    with opened(panel()) as session:
        list(session.run())
        known = [row.to_mapping() for row in session.rows()]
    with opened(panel(study="q")) as session:
        assert not list(session.run(known))[:-1]
        assert [row.to_mapping() for row in session.rows()] == known
    elsewhere = [{**values, "data": "0" * 16} for values in known]
    with opened(panel(study="r")) as session:
        assert sum(isinstance(event, Finished) for event in session.run(elsewhere)) == 3


def test_a_space_with_fewer_networks_than_wanted_is_refused(folder: Path) -> None:
    with (
        opened(panel(networks=10_000)) as session,
        pytest.raises(StudyError, match="--networks must be at most"),
    ):
        list(session.run())


def test_a_finished_panel_is_not_gone_on_with_under_other_settings_or_faces(folder: Path) -> None:
    with opened(panel()) as session:
        list(session.run())
        pairs = session.plan.pairs
    other = panel(levels="1x16,1x32", pairs=pairs + 1)
    with (
        pytest.raises(
            StudyError, match=r"study p\.32px: must be resumed with --pairs \d+, got \d+; or use"
        ),
        opened(other),
    ):
        pass
    write_folder(Path("faces"), people=25)
    with (
        pytest.raises(StudyError, match=r"study p\.32px: must be resumed with --data "),
        opened(panel()),
    ):
        pass
    # What the old study refused is not kept in the new one.
    with opened(panel(levels="1x16")) as session:
        assert session.records[16].settings["pairs"] == pairs


def test_a_panel_without_its_faces_leaves_no_folder(folder: Path) -> None:
    with pytest.raises(InvalidInput) as caught, opened(replace(panel(), data="nosuch")):
        pass
    assert "\n" not in str(caught.value)
    assert not Path("runs").exists()


def test_a_full_disk_is_told_in_one_line(folder: Path) -> None:
    with (
        pytest.raises(
            StudyError, match=r"cannot be written: No space left.*run the same command to resume$"
        ),
        opened(panel()),
    ):
        raise OSError(28, "No space left on device")
