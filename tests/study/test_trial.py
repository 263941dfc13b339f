from __future__ import annotations

from dataclasses import replace

import pytest

from seesawnas.errors import TrialError
from seesawnas.space import to_mapping
from seesawnas.study import Measurement, Proxy, TrialJob, run_trial
from seesawnas.train import EpochRecord
from tests.faces import made_up_faces
from tests.study.fakes import small_set


def job(seed: int = 0, learning_rate: float = 0.1) -> TrialJob:
    feasible = small_set()
    spec = feasible.space.choose(next(feasible.at([feasible.count // 2]).assignments()))
    proxy = Proxy(resolution=32, pairs=200, seed=seed).with_epochs(2)
    return TrialJob(7, to_mapping(spec), replace(proxy, recipe=replace(proxy.recipe, learning_rate=learning_rate)))


def test_a_trial_yields_its_epochs_and_then_its_measurement() -> None:
    *records, found = run_trial(job(), made_up_faces())
    assert [record.epoch for record in records if isinstance(record, EpochRecord)] == [1, 2]
    assert isinstance(found, Measurement)
    assert 0.5 <= found.accuracy <= 1
    assert len(found.losses) == 2
    assert Measurement.from_json(found.to_json()) == found


def test_a_trial_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    def losses(seed: int) -> tuple[float, ...]:
        *_, found = run_trial(job(seed), made_up_faces())
        assert isinstance(found, Measurement)
        return (*found.losses, found.accuracy, found.auc)

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
