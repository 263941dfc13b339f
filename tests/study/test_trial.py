from __future__ import annotations

from dataclasses import replace

import pytest

from seesawnas.errors import TrialError
from seesawnas.study import Measurement, TrialEpoch, run_trial
from tests.faces import made_up_faces
from tests.study.jobs import job


def test_a_trial_yields_its_epochs_and_then_its_measurement() -> None:
    *epochs, found = run_trial(job(), made_up_faces())
    assert [epoch.record.epoch for epoch in epochs if isinstance(epoch, TrialEpoch)] == [1]
    assert isinstance(found, Measurement)
    assert 0.5 <= found.scores.accuracy <= 1
    assert len(found.curve) == 2
    assert len(found.losses) == 2
    assert Measurement.from_json(found.to_json()) == found


def test_a_trial_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    def losses(seed: int) -> tuple[float, ...]:
        *_, found = run_trial(job(seed), made_up_faces())
        assert isinstance(found, Measurement)
        return (*found.losses, found.scores.accuracy, found.scores.auc)

    assert losses(3) == losses(3)
    assert losses(3)[:2] != losses(4)[:2]


def test_a_trial_normalises_each_channel_as_its_point_says() -> None:
    def losses(values: dict[str, object]) -> tuple[float, ...]:
        given = job()
        point = {**given.point, "input": {**given.point["input"], **values}}
        given = replace(given, point=point, proxy=given.proxy.with_epochs(1))
        *_, found = run_trial(given, made_up_faces())
        assert isinstance(found, Measurement)
        return found.losses

    assert losses({"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}) != losses({})


def test_divergence_is_an_error_with_its_reason_in_one_line() -> None:
    with pytest.raises(TrialError) as caught:
        list(run_trial(job(learning_rate=1e30), made_up_faces()))
    assert "\n" not in str(caught.value)


def test_a_trial_that_goes_on_from_its_checkpoint_ends_as_an_uninterrupted_one() -> None:
    faces = made_up_faces()
    first, found = run_trial(job(), faces)
    assert isinstance(first, TrialEpoch)
    (again,) = run_trial(job(), faces, first.checkpoint)
    assert isinstance(again, Measurement)
    assert isinstance(found, Measurement)
    assert replace(again, seconds=0.0) == replace(found, seconds=0.0)


@pytest.mark.parametrize("damage", ["torn", "flipped", "another job's", "nonsense"])
def test_a_checkpoint_that_is_damaged_or_anothers_is_as_none_and_the_trial_says_so(
    damage: str,
) -> None:
    faces = made_up_faces()
    first, found = run_trial(job(), faces)
    assert isinstance(first, TrialEpoch)
    middle = len(first.checkpoint) // 2
    flipped = bytearray(first.checkpoint)
    flipped[middle] ^= 0xFF
    packed = {"torn": first.checkpoint[:middle], "flipped": bytes(flipped), "nonsense": b"nonsense"}
    *_, other = (epoch for epoch in run_trial(job(seed=5), faces) if isinstance(epoch, TrialEpoch))
    again, ended = run_trial(job(), faces, packed.get(damage, other.checkpoint))
    assert isinstance(again, TrialEpoch)
    assert again.note.startswith("restarted: checkpoint ")
    assert isinstance(ended, Measurement)
    assert isinstance(found, Measurement)
    assert ended.curve == found.curve
