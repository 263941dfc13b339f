from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas import evaluation
from seesawnas.data import FaceData
from seesawnas.errors import StudyError, TrialError
from seesawnas.space import to_mapping
from seesawnas.study import Measurement, Proxy, TrialJob, run_trial
from seesawnas.study.trial import MAX_SHAPES, load_proxy_faces, proxy_sizes
from tests.oblong import write_identities
from tests.study.fakes import small_set

_SIDE = st.integers(1, 512)


def test_a_proxy_keeps_the_aspect_and_the_proportion_of_the_sizes() -> None:
    assert proxy_sizes("s", [(112, 112)], 56) == {(112, 112): (56, 56)}
    assert proxy_sizes("s", [(112, 96)], 56) == {(112, 96): (56, 48)}
    assert proxy_sizes("s", [(96, 112), (96, 96)], 56) == {(96, 112): (48, 56), (96, 96): (48, 48)}


@given(_SIDE, _SIDE, st.integers(16, 512))
def test_the_longer_side_is_the_resolution_and_the_other_follows(
    height: int, width: int, resolution: int
) -> None:
    (small,) = proxy_sizes("s", [(height, width)], resolution).values()
    assert max(small) == resolution
    assert abs(min(small) - max(1.0, min(height, width) * resolution / max(height, width))) <= 0.5


def test_sizes_that_become_one_and_too_many_are_one_line() -> None:
    with pytest.raises(
        StudyError,
        match=r"^s: different input sizes must stay different .*, got 112x112 and 111x112, both "
        r"become 56x56$",
    ):
        proxy_sizes("s", [(112, 112), (111, 112)], 56)
    with pytest.raises(
        StudyError, match=f"^s: input must have at most {MAX_SHAPES} shapes .*, got 17$"
    ):
        proxy_sizes("s", [(112, width) for width in range(96, 113)], 112)


def _job(height: int, width: int, resolution: int) -> TrialJob:
    feasible = small_set()
    spec = feasible.space.choose(next(feasible.at([0]).assignments())).at_resolution(height, width)
    return TrialJob(0, to_mapping(spec), Proxy(resolution=resolution, pairs=60).with_epochs(1))


def test_each_network_of_a_study_sees_the_images_in_its_own_shape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = write_identities(tmp_path / "faces", people=8, each=4)
    sizes = proxy_sizes("s", [(28, 24), (28, 28), (24, 28)], 28)
    faces = load_proxy_faces(tmp_path / "faces", sizes, seed=0)
    assert faces.sizes == ((28, 24), (28, 28), (24, 28))
    assert len({faces.fingerprint, *(one.fingerprint for one in faces.shapes.values())}) == 4
    known = {image.tobytes() for image in images}
    assert {image.tobytes() for image in faces.shapes[28, 24].training.images} <= known
    seen: list[tuple[int, ...]] = []
    embed = evaluation.embed

    def seeing(network: Any, batch: np.ndarray, **more: Any) -> Any:
        seen.append(batch.shape[1:3])
        return embed(network, batch, **more)

    monkeypatch.setattr("seesawnas.study.trial.embed", seeing)
    for size in sizes:
        (found,) = run_trial(_job(*size, 28), faces)
        assert isinstance(found, Measurement)
    assert seen == list(sizes)


def test_faces_of_another_shape_than_the_network_s_are_refused(tmp_path: Path) -> None:
    write_identities(tmp_path / "faces")
    faces: FaceData = load_proxy_faces(tmp_path / "faces", {(28, 24): (28, 24)}, seed=0)
    with pytest.raises(
        TrialError, match=r"^faces must be 28x28 for a network of 28x28, got 28x24$"
    ):
        list(run_trial(_job(28, 28, 28), faces))
