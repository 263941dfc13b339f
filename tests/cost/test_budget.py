from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesawnas.cost import Budget, Cost, Limit
from seesawnas.cost.budget import anchor_files, limit_latency
from seesawnas.errors import BudgetError, DocumentError
from tests.latency import model

KNOWN = "must limit madds, params, activation_bytes or latency"


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("150M", Budget(150_000_000)),
        (" 150 M ", Budget(150_000_000)),
        ("0.5G", Budget(500_000_000)),
        ("140M..150M", Budget(150_000_000, 140_000_000)),
        ("140M .. 150M", Budget(150_000_000, 140_000_000)),
        ("140M...150M", Budget(150_000_000, 140_000_000)),
        ("150M..150M", Budget(150_000_000, 150_000_000)),
        ("madds<=150M", Budget(150_000_000)),
        ("140M<=madds<=150M", Budget(150_000_000, 140_000_000)),
        ("150M>=MAdds>=140M", Budget(150_000_000, 140_000_000)),
        ("150M, madds >= 140M", Budget(150_000_000, 140_000_000)),
        ("madds>=140M", Budget(None, 140_000_000)),
        ("150M, params>=0", Budget(150_000_000)),
    ],
)
def test_a_budget_is_a_ceiling_or_a_band(text: str, budget: Budget) -> None:
    assert Budget.parse(text) == budget


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "",
            "budget must be a number with an optional K, M or G, got ''; write such as 150M, or a "
            "range such as 140M..150M",
        ),
        (
            "cheap",
            "budget must be a number with an optional K, M or G, got 'cheap'; write such as 150M, "
            ".*",
        ),
        ("-5M", "budget must be a number .* got '-5M'; .*"),
        ("150M..", "budget must be a number .* got ''; .*"),
        ("..150M", "budget must be a number .* got ''; .*"),
        ("0.5", "budget must be a whole number, got 0.5; .*"),
        ("1M..2M..3M", "budget must be a maximum or a range, got '1M..2M..3M'; .*"),
        ("150M..140M", "budget must have its lower limit first, got 150000000..140000000"),
        ("9" * 400, "budget must be at most 1000000.000 G, got 1.00e[+]400; .*"),
        ("1G\n2G", "budget must be a number .* got '1G.n2G'; .*"),
    ],
)
def test_a_budget_that_does_not_parse_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(BudgetError, match=f"^{message}$") as caught:
        Budget.parse(text)
    assert "\n" not in str(caught.value)


def test_both_ends_of_a_band_are_admitted() -> None:
    band = Budget(150, 140)
    assert [madds for madds in range(138, 153) if band.admits_madds(madds)] == list(range(140, 151))


def test_a_ceiling_admits_everything_down_to_nothing() -> None:
    assert Budget(10).admits_madds(0)
    assert Budget(10).admits_madds(10)
    assert not Budget(10).admits_madds(11)


@pytest.mark.parametrize(
    ("budget", "text"), [(Budget(150_000_000), "150.00 M"), (Budget(1_500, 500), "500..1.5 K")]
)
def test_people_read_a_budget_as_they_write_it(budget: Budget, text: str) -> None:
    assert str(budget) == text
    assert Budget.parse(text) == budget


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_budget_says_its_ends_in_any_spelling(one: int, two: int) -> None:
    low, high = sorted((one, two))
    assert Budget.parse(f"{low}..{high}") == Budget(high, low)


PARAMS = Limit("params", 1_500_000)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("150M, params<=1.5M", Budget(150_000_000, others=(PARAMS,))),
        ("params<=1.5M,150M", Budget(150_000_000, others=(PARAMS,))),
        ("140M<=madds<=150M, 1.5M>=params", Budget(150_000_000, 140_000_000, (PARAMS,))),
        ("140M..150M, params<=1.5M", Budget(150_000_000, 140_000_000, (PARAMS,))),
        ("params<=1.5M", Budget(None, others=(PARAMS,))),
        ("params<=1.5M, params>=1M", Budget(None, others=(Limit("params", 1_500_000, 1_000_000),))),
        (
            "activation bytes<=3M, params>=1M",
            Budget(None, 0, (Limit("params", None, 10**6), Limit("activation_bytes", 3 * 10**6))),
        ),
    ],
)  # fmt: skip
def test_a_budget_limits_any_cost(text: str, budget: Budget) -> None:
    assert Budget.parse(text) == budget


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("150M,,params<=1M", "must have a limit between commas, got '150M,,params<=1M'"),
        ("150M,", "must have a limit between commas, got '150M,'"),
        ("150M, params<1M", "must use <= or >=, got 'params<1M'"),
        ("params=1M", "must use <= or >=, got 'params=1M'"),
        ("params!=1M", "must use <= or >=, got 'params!=1M'"),
        ("params<==1M", "must use <= or >=, got 'params<==1M'"),
        (
            "parms<=1M",
            f"{KNOWN}, got 'parms' in 'parms<=1M'",
        ),
        (
            "flops<=1M",
            f"{KNOWN}, got 'flops' in 'flops<=1M'",
        ),
        ("<=1M", f"{KNOWN}, got '' in '<=1M'"),
        ("params<=", "must be a number with an optional K, M or G, got '' in 'params<='"),
        ("params<=-1", "must be a number with an optional K, M or G, got '-1' in 'params<=-1'"),
        ("params<=0.5", "must be a whole number, got 0.5 in 'params<=0.5'"),
        ("150M, 140M", "must have only one upper limit of madds, got '150M' and '140M'"),
        (
            "150M, madds<=150M",
            "must have only one upper limit of madds, got '150M' and 'madds<=150M'",
        ),
        (
            "params>=1M, params>=1M",
            "must have only one lower limit of params, got 'params>=1M' and 'params>=1M'",
        ),
        ("2M<=params<=1M", "params must have its lower limit first, got 2000000..1000000"),
        ("params<=1M, params>=2M", "params must have its lower limit first, got 2000000..1000000"),
        ("150M<=madds<=140M", "must have its lower limit first, got 150000000..140000000"),
        ("150M, madds>=160M", "must have its lower limit first, got 160000000..150000000"),
        (
            "1M<=params>=2M",
            "must have limits of the form params<=1.5M or 1M<=params<=1.5M, got '1M<=params>=2M'",
        ),
        (
            "1M<=2M<=params<=3M",
            "must have limits of the form params<=1.5M or 1M<=params<=1.5M, got "
            "'1M<=2M<=params<=3M'",
        ),
        ("params>=0", "must contain a limit, got 'params>=0'"),
        ("1,500", "must have only one upper limit of madds, got '1' and '500'"),
    ],
)
def test_a_limit_that_does_not_parse_is_refused_with_its_rule_its_value_and_its_place(
    text: str, message: str
) -> None:
    with pytest.raises(BudgetError) as caught:
        Budget.parse(text)
    assert str(caught.value) == f"budget {message}"


@pytest.mark.parametrize(
    "others",
    [
        (Limit("madds", 1),),
        (PARAMS, PARAMS),
        (Limit("activation_bytes", 1), PARAMS),
        (Limit("flops", 1),),
    ],
)
def test_other_limits_are_of_other_costs_once_each_in_their_order(
    others: tuple[Limit, ...],
) -> None:
    with pytest.raises(
        BudgetError,
        match=r"^budget must limit each of params, activation_bytes, latency once, in this order, ",
    ):
        Budget(150, others=others)


def test_a_budget_of_nothing_is_none() -> None:
    with pytest.raises(BudgetError, match=r"^budget must contain a limit, got nothing$"):
        Budget(None)


def ends() -> st.SearchStrategy[tuple[int, int | None]]:
    quantities = st.integers(0, 10**15) | st.integers(0, 10**6).map(lambda n: n * 10**6)
    return st.tuples(quantities, st.none() | quantities).filter(
        lambda e: e[1] is None or e[0] <= e[1]
    )


def limits(name: str) -> st.SearchStrategy[tuple[Limit, ...]]:
    one = ends().map(lambda e: Limit(name, e[1], e[0])).filter(lambda limit: limit.is_limit)
    return st.just(()) | one.map(lambda limit: (limit,))


@st.composite
def budgets(draw: st.DrawFn) -> Budget:
    low, high = draw(ends())
    others = draw(limits("params")) + draw(limits("activation_bytes"))
    return Budget(high, low, others) if others or high is not None or low else Budget(1)


@given(budgets())
def test_what_a_budget_prints_parses_to_it_again(budget: Budget) -> None:
    assert Budget.parse(str(budget)) == budget


@given(budgets(), st.integers(0, 10**15), st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_budget_admits_what_lies_within_all_its_limits(
    budget: Budget, madds: int, params: int, bytes_: int
) -> None:
    cost = Cost(madds, params, bytes_)
    within = [
        limit.low <= getattr(cost, limit.name) <= (limit.high or 0)
        for limit in budget.limits
        if limit.high is not None
    ]
    within += [
        limit.low <= getattr(cost, limit.name) for limit in budget.limits if limit.high is None
    ]
    assert budget.admits(cost) == all(within)


@pytest.mark.parametrize(
    ("text", "words", "setting"),
    [
        ("150M", "150.00 M MAdds", [0, 150_000_000]),
        ("140M..150M", "140.00 M..150.00 M MAdds", [140_000_000, 150_000_000]),
        ("1004K", "1.004 M MAdds", [0, 1_004_000]),
        ("madds>=140M", "140.00 M MAdds or more", "madds>=140.00 M"),
        ("params<=1.5M", "params<=1.50 M", "params<=1.50 M"),
        (
            "150M,1M<=params<=1.5M",
            "150.00 M MAdds, 1.00 M<=params<=1.50 M",
            "150.00 M, 1.00 M<=params<=1.50 M",
        ),
    ],
)
def test_people_and_studies_have_a_budget_in_their_own_words(
    text: str, words: str, setting: object
) -> None:
    budget = Budget.parse(text)
    assert budget.words == words
    assert budget.setting() == setting


@pytest.mark.parametrize(
    ("name", "text"),
    [("seesaw", "150M"), ("MobileFaceNet", "221M"), ("lfr2019-light", "madds<=500M, params<=5M")],
)
def test_a_preset_is_what_it_stands_for(name: str, text: str) -> None:
    assert Budget.parse(name) == Budget.parse(text)


def test_a_word_like_a_preset_names_it() -> None:
    with pytest.raises(BudgetError, match="did you mean lfr2019-light"):
        Budget.parse("lfr-2019-light")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "latency.yaml"
    path.write_text(model().to_yaml())
    return path


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("latency<=6ms@", 0, 6000),
        (" latency <= 6 ms @ ", 0, 6000),
        ("6ms>=latency@", 0, 6000),
        ("latency<=800us@", 0, 800),
        ("4ms<=latency<=6.5ms@", 4000, 6500),
        ("latency>=4ms@", 4000, None),
    ],
)
def test_a_limit_on_latency_names_the_file_of_its_model(
    text: str, low: int, high: int | None, file: Path
) -> None:
    budget = Budget.parse(f"{text}{file}")
    assert budget == Budget(None, others=(limit_latency(model(), high, low),))
    assert budget.model == model()
    assert not budget.limits_madds


def test_a_limit_on_latency_stands_beside_others(file: Path) -> None:
    budget = Budget.parse(f"150M, latency<=6ms@{file}, params<=2M")
    assert budget.high == 150_000_000
    assert [limit.name for limit in budget.others] == ["params", "latency"]
    assert budget.words == "150.00 M MAdds, params<=2.00 M, latency<=6 ms"


def test_a_study_keeps_the_digest_of_the_model_and_not_where_it_lay(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"latency<=6 ms@latency.yaml#{model().digest}"
    budget = Budget.parse(f"latency<=6ms@{file}")
    assert budget.setting() == str(budget) == text
    shown = Budget.parse(text, read=False)
    assert shown == replace(budget, others=(replace(budget.others[0], model=None),))
    assert shown.setting() == text
    monkeypatch.chdir(file.parent)
    assert Budget.parse(text) == budget
    file.write_text(model(factor=1.2).to_yaml())
    with pytest.raises(
        BudgetError, match=r"must have the latency model \w{12} in latency.yaml, got"
    ):
        Budget.parse(text)


def test_files_are_relative_to_a_folder(file: Path) -> None:
    text = anchor_files("150M, latency<=6ms@latency.yaml, params<=2M", file.parent)
    assert text == f"150M, latency<=6ms@{file}, params<=2M"
    assert anchor_files(text, Path("/elsewhere")) == text


@pytest.mark.parametrize("name", ["a,b", 'a"b', '"a,b"', '@",', "a#b", "a@b", "~", "\n", "a=b"])
def test_a_file_in_any_folder_is_read_again(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "latency.yaml").write_text(model().to_yaml())
    monkeypatch.chdir(tmp_path)
    for kept in ("latency.yaml", f"latency.yaml#{model().digest}"):
        text = anchor_files(f"150M, latency<=6ms@{kept}, params<=2M", folder)
        assert Budget.parse(text).model == model()
        assert anchor_files(text, Path("/elsewhere")) == text
        assert Budget.parse(str(Budget.parse(text, read=False))).model == model()


def test_a_long_path_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["x" * 200] * 8)
    folder.mkdir(parents=True)
    (folder / "latency.yaml").write_text(model().to_yaml())
    text = anchor_files("latency<=6ms@latency.yaml", folder)
    assert Budget.parse(text).model == model()


def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    found = anchor_files("latency<=6ms@~/l.yaml", Path("/elsewhere"))
    assert found == f"latency<=6ms@{tmp_path}/l.yaml"
    (tmp_path / "here" / "~").mkdir(parents=True)
    (tmp_path / "here" / "~" / "l.yaml").touch()
    found = anchor_files("latency<=6ms@~/l.yaml", tmp_path / "here")
    assert found == f"latency<=6ms@{tmp_path}/here/~/l.yaml"
    monkeypatch.setenv("HOME", "")
    with pytest.raises(BudgetError, match="home directory is not known"):
        anchor_files("latency<=6ms@~/l.yaml", Path("/elsewhere"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "latency<=6ms",
            "latency must have the file of its model, such as latency<=6ms@latency.yaml, got "
            "latency<=6 ms",
        ),
        ("latency<=6@x", "must be a time such as 6ms or 800us, got '6' in 'latency<=6'"),
        (
            "latency<=0.0001ms@x",
            "must be a whole number of microseconds, got '0.0001ms' in 'latency<=0.0001ms'",
        ),
        ("params<=2M@x", "must have a file for latency alone, got one for params"),
        ("latency<=6ms@x, latency>=4ms@y", "must have only one file for latency, got x and y"),
        ("6ms@x", "must be a number with an optional K, M or G, got '6ms'; write such as 150M, .*"),
    ],
)
def test_a_limit_on_latency_that_does_not_parse(text: str, message: str) -> None:
    with pytest.raises(BudgetError, match=f"^budget {message}"):
        Budget.parse(text)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match=r"none.yaml: latency model cannot be read: no such file"):
        Budget.parse(f"latency<=6ms@{tmp_path / 'none.yaml'}")
    (tmp_path / "x.yaml").write_text("budget: 150M")
    with pytest.raises(DocumentError, match="must be a latency model"):
        Budget.parse(f"latency<=6ms@{tmp_path / 'x.yaml'}")


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0.5, 3), st.integers(0, 10**6))
def test_the_limit_is_on_the_prediction_times_the_factor(
    low: int, high: int, factor: float, predicted: int
) -> None:
    limit = limit_latency(model(factor=factor), max(low, high), min(low, high))
    least, most = Budget(None, others=(limit,)).predicted_ends
    assert most is not None
    assert limit.admits(model(factor=factor).bound(predicted)) == (least <= predicted <= most)
