import numpy as np
import pytest

from benchmarks.bench_taught import compare, compare_all, scores

NETWORKS = [f"{number:02}" for number in range(20)]


def _lines(level: str, seed: int, values: list[float]) -> list[dict[str, object]]:
    return [
        {
            "level": level,
            "seed": seed,
            "assignment": {"width": network},
            "curve": [{"auc": 0.5}, {"auc": value}],
        }
        for network, value in zip(NETWORKS, values, strict=True)
    ]


def test_the_reference_is_the_mean_of_the_longer_trainings_that_all_networks_have() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=20)
    lines = [
        *_lines("4x56", 0, list(truth + rng.normal(size=20))),
        *_lines("8x56", 0, list(truth)),
        *_lines("8x56", 1, list(3 * truth + 1)),
        *_lines("12x112", 0, list(truth))[:19],
        *_lines("8x32", 0, list(-truth)),
    ]
    taught = scores(_lines("4x56", 0, list(truth)))["4x56", 0]
    found = compare_all(scores(lines), taught, "4x56")
    assert [one.reference for one in found] == ["mean of 2 trainings", "8x56 seed 0", "8x56 seed 1"]
    assert found[0].taught == pytest.approx(1)
    assert found[0].gain == pytest.approx(1 - found[0].plain)
    assert found[0].gain_interval[0] > 0


def test_two_equal_proxies_differ_by_nothing() -> None:
    values = np.arange(10.0)
    found = compare("itself", values, values, values[::-1].copy())
    assert found.plain == pytest.approx(-1)
    assert found.gain == 0
    assert found.gain_interval == (0, 0)
