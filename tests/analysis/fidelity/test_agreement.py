from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from seesawnas.analysis.fidelity.agreement import Agreement, agreements, noises, reference_level
from seesawnas.analysis.fidelity.measurements import PanelRow, read_measurements
from seesawnas.errors import StudyError
from seesawnas.report.plots.fidelity import fidelity_html
from seesawnas.study import Scores

NETWORKS = 30


@pytest.fixture(autouse=True)
def few_bootstraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seesawnas.analysis.fidelity.agreement.BOOTSTRAPS", 60)


def planted(
    level: str, seed: int, noise: float, epochs: int = 2, seconds: float = 10.0
) -> list[PanelRow]:
    """Network i is truly worth i hundredths.

    The last epoch sees that through ``noise``, the first through ten times it.
    """
    rng = np.random.default_rng([seed, len(level)])
    rows = []
    for network in range(NETWORKS):
        draws = network / 100 + noise * np.array([10.0, 1.0]) * rng.standard_normal(2)
        curve = tuple(Scores(float(value), 0.01, float(value)) for value in draws)
        rows.append(
            PanelRow(
                network, f"d{network}", 100 + network % 7, 50, level, seed, curve[-epochs:], seconds
            )
        )
    return rows


def by_name(found: list[Agreement]) -> dict[str, Agreement]:
    return {agreement.reading: agreement for agreement in found}


def test_a_reading_without_noise_agrees_wholly_and_one_of_noise_alone_not_at_all() -> None:
    rows = [
        *planted("long", 0, 0.0),
        *planted("exact", 0, 0.0, seconds=1.0),
        *planted("noise", 0, 100.0),
    ]
    found = by_name(agreements(rows, "auc", "long"))
    assert found["exact"].tau == 1.0
    assert (found["exact"].low, found["exact"].high) == pytest.approx((1.0, 1.0))
    assert found["noise"].low < 0.0 < found["noise"].high
    assert found["exact"].networks == NETWORKS


def test_the_reference_is_read_against_its_other_seeds_and_never_against_itself() -> None:
    rows = [row for seed in range(3) for row in planted("long", seed, 0.05)]
    found = by_name(agreements(rows, "auc"))
    assert 0.3 < found["long"].tau < 0.9
    assert not found["long"].same_run
    assert found["long, 2 seeds"].tau > found["long after epoch 1"].tau
    assert found["long"].reference_seeds == 2
    assert found["long, 2 seeds"].reference_seeds == 1
    assert "long, 3 seeds" not in found


def test_the_default_reference_trains_most_however_fast_its_machine_was() -> None:
    rows = [
        *planted("8x32", 0, 0.1, seconds=235.0),
        *planted("12x112", 0, 0.1, seconds=94.0),
        *planted("12x112:0.5", 0, 0.1, seconds=300.0),
        *planted("8x56+teacher", 0, 0.1, seconds=400.0),
    ]
    assert reference_level(rows) == "12x112"
    own = [*planted("short", 0, 0.1, seconds=1.0), *planted("long", 0, 0.1, seconds=2.0)]
    assert reference_level(own) == "long"


def test_an_early_epoch_of_the_only_reference_is_told_as_of_the_same_run() -> None:
    found = by_name(agreements(planted("long", 0, 0.001), "auc"))
    assert found["long after epoch 1"].same_run
    assert "long" not in found


def test_more_seeds_cost_and_agree_more() -> None:
    rows = [row for seed in range(4) for row in planted("cheap", seed, 0.2, seconds=3.0)]
    found = by_name(agreements([*rows, *planted("long", 9, 0.0)], "auc", "long"))
    assert found["cheap, 4 seeds"].seconds == 12.0
    assert found["cheap after epoch 1"].seconds == 1.5
    assert found["cheap, 4 seeds"].tau > found["cheap"].tau


def test_costs_known_without_training_are_the_baselines() -> None:
    found = by_name(agreements(planted("long", 0, 0.0), "auc"))
    assert found["MAdds"].seconds == 0.0
    assert -0.5 < found["MAdds"].tau < 0.5


def test_noise_is_split_between_networks_and_seeds_as_it_was_planted() -> None:
    rows = [row for seed in range(8) for row in planted("cheap", seed, 0.05)]
    (noise,) = noises(rows, ["auc"])
    true = float(np.std(np.arange(NETWORKS) / 100, ddof=1))
    assert noise.between == pytest.approx(true, rel=0.25)
    assert noise.within == pytest.approx(0.05, rel=0.2)
    assert noise.reliability == pytest.approx(true**2 / (true**2 + 0.05**2), abs=0.12)
    assert noises(planted("cheap", 0, 0.05), ["auc"]) == []


def test_a_reference_that_is_not_there_and_a_line_that_is_no_measurement_are_told_in_one_line() -> (
    None
):
    with pytest.raises(StudyError, match=r"^reference must be one of long, got short$"):
        agreements(planted("long", 0, 0.0), "auc", "short")
    with pytest.raises(StudyError, match=r"^m\.jsonl: line 1: must be a panel's measurement"):
        read_measurements("[]\n", "m.jsonl")


def test_a_level_that_learns_from_a_teacher_is_another_proxy_of_the_same_faces() -> None:
    row = {"network": 0, "digest": "d", "madds": 1, "params": 1, "level": "2x56:0.5", "seed": 0}
    row |= {"curve": [asdict(Scores(0.5, 0.0, 0.5))], "seconds": 1.0, "data": "f"}
    plain, taught = (PanelRow.from_mapping({**row, **more}) for more in ({}, {"teacher": "12ab"}))
    assert (plain.level, taught.level) == ("2x56:0.5", "2x56:0.5+teacher")
    assert plain.side == taught.side == "56"
    rows = [*planted("long", 0, 0.0), *planted("cheap", 0, 0.1)]
    rows += [replace(one, level="cheap+teacher", teacher="12ab") for one in rows[-NETWORKS:]]
    found = by_name(agreements(rows, "auc", "long"))
    assert found["cheap+teacher"].tau == found["cheap"].tau
    mixed = [*rows, *(replace(one, seed=1, teacher="34cd") for one in rows[-NETWORKS:])]
    with pytest.raises(StudyError, match="must be of the same teacher, got 12ab and 34cd"):
        agreements(mixed, "auc", "long")


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"distill": "embedding"}, "got angular, weight 7 and embedding, weight 7"),
        ({"distill_weight": 2.5}, "got angular, weight 7 and angular, weight 2.5"),
        ({"distill": "", "distill_weight": None}, "got angular, weight 7 and not known"),
    ],
)
def test_proxies_of_one_teacher_that_learn_by_two_losses_are_not_mixed(
    other: dict[str, Any], told: str
) -> None:
    rows = [*planted("long", 0, 0.0), *planted("cheap+teacher", 0, 0.1)]
    taught: dict[str, Any] = {"teacher": "12ab", "distill": "angular", "distill_weight": 7.0}
    rows = [replace(one, **taught) if one.level.endswith("teacher") else one for one in rows]
    assert agreements(rows, "auc", "long")
    # the same trainings again, which are taken once if nothing differs
    assert agreements([*rows, *rows], "auc", "long") == agreements(rows, "auc", "long")
    again = [replace(one, **other) for one in rows[-NETWORKS:]]
    with pytest.raises(StudyError, match=f"of the same distillation loss, {told}$"):
        agreements([*rows, *again], "auc", "long")


def test_rows_say_by_which_loss_they_were_taught_or_that_it_is_not_known() -> None:
    row = {"network": 0, "digest": "d", "madds": 1, "params": 1, "level": "2x56", "seed": 0}
    row |= {"curve": [asdict(Scores(0.5, 0.0, 0.5))], "seconds": 1.0, "teacher": "12ab"}
    assert PanelRow.from_mapping(row).loss == "not known"
    row |= {"distill": "angular", "distill_weight": 7}
    assert PanelRow.from_mapping(row).loss == "angular, weight 7"
    with pytest.raises(StudyError, match="distill_weight must be a finite number"):
        read_measurements(json.dumps({**row, "distill_weight": "7"}), "m.jsonl")


def test_levels_that_share_too_few_networks_with_the_reference_are_left_out() -> None:
    rows = [*planted("long", 0, 0.0), *planted("cheap", 0, 0.0)[:2]]
    assert not any(agreement.level == "cheap" for agreement in agreements(rows, "auc", "long"))


def test_the_plot_shows_every_level_and_baseline() -> None:
    rows = [*planted("long", 0, 0.0), *planted("cheap", 0, 0.1, seconds=1.0)]
    html = fidelity_html(
        agreements(rows, "auc", "long"), title="panel", reference="long", score="AUC"
    )
    for text in ("long", "cheap", "MAdds only", "params only", "Kendall"):
        assert text in html


def test_a_level_equal_to_the_reference_in_all_but_its_name_agrees_as_the_ceiling_does() -> None:
    twin = [row for seed in range(3) for row in planted("long", seed, 0.1)]
    rows = [*twin, *(replace(row, level="twin") for row in twin)]
    found = by_name(agreements(rows, "auc", "long"))
    assert found["twin"].tau == found["long"].tau
    assert {found[name].reference_seeds for name in ("twin", "long", "MAdds", "params")} == {2}


def test_all_rows_are_held_against_the_only_seed_of_a_reference() -> None:
    found = agreements(
        [*planted("long", 0, 0.1), *(row for s in range(3) for row in planted("cheap", s, 0.1))],
        "auc",
        "long",
    )
    assert {agreement.reference_seeds for agreement in found} == {1}
    assert {"cheap", "cheap, 2 seeds", "cheap, 3 seeds"} <= set(by_name(found))


def test_networks_are_told_apart_by_their_digest_and_a_row_that_comes_twice_counts_once() -> None:
    rows = [row for seed in range(2) for row in planted("long", seed, 0.1)]
    renumbered = [replace(row, network=NETWORKS - row.network) for row in rows if row.seed == 1]
    assert agreements([row for row in rows if row.seed == 0] + renumbered, "auc") == agreements(
        rows, "auc"
    )
    assert agreements([*rows, *rows], "auc") == agreements(rows, "auc")
    assert noises([*rows, *rows], ["auc"]) == noises(rows, ["auc"])


def test_rows_that_cannot_be_compared_and_too_few_are_refused_in_one_line() -> None:
    rows = planted("3x56", 0, 0.1)
    others = [replace(row, level="8x56", data="other") for row in rows]
    with pytest.raises(
        StudyError,
        match=r"^level 8x56: measurements must be of the same faces, got data  and other$",
    ):
        agreements([*rows, *others], "auc")
    with pytest.raises(
        StudyError, match=r"^level 3x56: curves must be of one length, got 2 and 1 epochs$"
    ):
        agreements([*rows, *(replace(row, seed=1, curve=row.curve[:1]) for row in rows)], "auc")
    with pytest.raises(StudyError, match=r"^fidelity must have 3 networks"):
        agreements(rows[:2], "auc")
    assert agreements([*rows, *(replace(row, level="8x32", data="other") for row in rows)], "auc")


@pytest.mark.parametrize(
    "values",
    [
        {"curve": []},
        {"curve": 3},
        {"curve": [{"accuracy": 1.0, "accuracy_std": 0.0, "auc": float("nan")}]},
        {"curve": [{"accuracy": "high", "accuracy_std": 0.0, "auc": 0.5}]},
        {"network": True},
        {"seed": 0.5},
        {"seconds": None},
        {"seconds": float("inf")},
        {"level": 8},
        {"data": None},
    ],
)
def test_a_line_with_a_value_of_another_kind_is_no_measurement(values: dict[str, Any]) -> None:
    good = asdict(planted("long", 0, 0.0)[0])
    assert read_measurements(json.dumps(good), "m.jsonl")
    with pytest.raises(StudyError, match=r"^m\.jsonl: line 2: must be a panel's measurement"):
        read_measurements(json.dumps(good) + "\n" + json.dumps({**good, **values}), "m.jsonl")
