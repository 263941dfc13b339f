"""seesawnas build."""

from __future__ import annotations

import json
import re
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import seesawnas as sn
from seesawnas.report.network import build as check
from seesawnas.space import load_point, read_yaml, to_point
from tests.cli.running import Ran

COUNTS = ["params", "madds", "flops", "activation_bytes"]
KEYS = ["name", "digest", "input", "embedding", *COUNTS, "published", "errata", "stages"]
SMALL = """
input: {height: 32, width: 32}
stem: {width: 8}
stages: [{kind: share, split: [1, 3], width: 8, expansion: 2, stride: 2, se: 4}]
head: {width: 16, embedding: 8}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


def test_json_has_these_keys_and_the_exact_counts() -> None:
    values = Ran("build", "paper/seesaw_share", "--json").json
    assert list(values) == KEYS
    assert (values["name"], values["input"], values["embedding"]) == (
        "paper/seesaw_share",
        [3, 112, 112],
        512,
    )
    assert (values["params"], values["madds"], values["flops"]) == (
        1_370_176,
        145_762_816,
        291_525_632,
    )
    assert values["digest"] == sn.load("paper/seesaw_share").digest()


def test_published_values_are_numbers_or_null() -> None:
    published = Ran("build", "paper/mobilefacenet", "--json").json["published"]
    assert (published["params"], published["madds"]) == (990_000, 221_000_000)
    assert (published["lfw"], published["calfw"]) == (99.55, None)
    unknown = Ran("build", "paper/mobilefacenet_m", "--json").json["published"]
    assert {key for key, value in unknown.items() if value is not None} == {"source"}
    assert list(unknown) == list(published)


def test_stages_add_up_to_the_network() -> None:
    values = Ran("build", "paper/dw_seesaw_v2", "--json").json
    for key in COUNTS:
        assert sum(stage[key] for stage in values["stages"]) == values[key]
        for stage in values["stages"][1:-1]:
            assert sum(block[key] for block in stage["blocks"]) == stage[key]


def test_errata_are_texts() -> None:
    errata = Ran("build", "paper/mobiface", "--json").json["errata"]
    assert len(errata) == 2
    assert all(isinstance(text, str) for text in errata)


def test_the_table_shows_counted_beside_published_and_the_errata() -> None:
    ran = Ran("build", "paper/mobiface")
    assert ran.code == 0
    for words in (
        "2,568,832",
        "2.4 M",
        "231,974,912",
        "462 M",
        "erratum: The 462 M printed as MAdds are FLOPs",
    ):
        assert words in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("ref", "row"),
    [
        ("paper/pocketnet_s128", ["FLOPs", "567,082,240", "587.11", "M"]),
        ("paper/mixfacenet_xs", ["FLOPs", "153,122,240", "161.9", "M"]),
        ("paper/mixfacenet_s", ["FLOPs", "436,282,848", "451.7", "M"]),
    ],
)
def test_printed_flops_stand_beside_twice_the_madds(ref: str, row: list[str]) -> None:
    assert row in [line.split() for line in Ran("build", ref).out.splitlines()]
    assert ["FLOPs"] not in [
        line.split()[:1] for line in Ran("build", "paper/mobilefacenet").out.splitlines()
    ]


def words(ref: str) -> list[str]:
    """The cells that say a block."""
    cells = [
        re.split(r"  +(?![2-9]: )", line.strip())[0] for line in Ran("build", ref).out.splitlines()
    ]
    return [cell for cell in cells if ", " in cell]


def test_a_block_says_its_attributes_by_their_labels_and_leaves_out_defaults() -> None:
    assert "vargroup, 40-80, 3x3/2, prelu" in words("paper/vargfacenet")
    assert "mixfacenet, 8-8-8, prelu, shuffle on" in words("paper/mixfacenet_xs")
    assert "mixfacenet, 8-48-16, prelu, expand groups 2, project groups 2" in words(
        "paper/mixfacenet_xs"
    )
    assert "shufflenet_v1, 24-54-240, 3x3/2, relu, first groups 1" in words("paper/shufflenet")
    assert "3 x shufflenet_v1, 240-60-240, 3x3, relu" in words("paper/shufflenet")


def test_a_cell_says_its_edges_node_by_node() -> None:
    normal = "2: dw1(1)+dw3(0)  3: dw3(2)+dw5(0)  4: dw3(0)+dw3(3)  5: dw3(4)+skip(0)"
    reduction = "2: dw3(1)+dw7(0)  3: dw5(1)+skip(2)  4: skip(2)+max3(0)  5: max3(0)+max3(1)"
    found = words("paper/pocketnet_s128")
    assert found[1:3] == [
        f"6 x darts_cell, 64-64, prelu, {normal}",
        f"darts_cell, 64-128, /2, prelu, {reduction}",
    ]


def test_out_writes_a_spec_that_loads_weights_that_fit_and_a_summary(
    small: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "out"
    assert Ran("build", str(small), "--out", str(folder)).code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "model.safetensors",
        "spec.yaml",
        "summary.json",
    ]
    spec = sn.load(folder / "spec.yaml")
    assert spec == sn.load(small)
    network = sn.build(spec)
    network.load_state_dict(load_file(folder / "model.safetensors"))
    summary = json.loads((folder / "summary.json").read_text())
    assert summary.pop("trained") is False
    assert summary == Ran("build", str(small), "--json").json


def test_random_weights_are_called_so_and_never_replace_trained_ones(
    small: Path, tmp_path: Path
) -> None:
    arguments = ("build", str(small), "--out", str(tmp_path / "out"))
    first, again = Ran(*arguments), Ran(*arguments, "--seed", "1")
    assert [ran.code for ran in (first, again)] == [0, 0]
    assert "random weights" in first.out
    trained = sn.save_model(sn.build(sn.load(small)), tmp_path / "out")
    before = (trained / "model.safetensors").read_bytes()
    ran = Ran(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert (trained / "model.safetensors").read_bytes() == before


def test_weights_carry_the_spec_its_digest_and_the_version(small: Path, tmp_path: Path) -> None:
    Ran("build", str(small), "--out", str(tmp_path / "out"))
    with safe_open(tmp_path / "out" / "model.safetensors", "pt") as file:
        about = file.metadata()
    assert (
        to_point(read_yaml(about["spec"], "metadata"), "metadata").spec.digest() == about["digest"]
    )
    assert about["version"] == sn.__version__


def test_the_seed_decides_the_weights_and_nothing_else_does(small: Path, tmp_path: Path) -> None:
    weights = []
    for number, seed in enumerate(("1", "1", "2")):
        torch.rand(number)
        state = torch.get_rng_state()
        Ran("build", str(small), "--out", str(tmp_path / f"{number}"), "--seed", seed)
        assert torch.equal(torch.get_rng_state(), state)
        weights.append((tmp_path / f"{number}" / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]
    assert weights[0] != weights[2]


@pytest.mark.parametrize("option", ["--out", "--diagram"])
def test_a_place_that_cannot_be_written_is_one_line_and_nothing_is_printed(
    option: str, small: Path
) -> None:
    target = small if option == "--out" else small.parent
    ran = Ran("build", str(small), option, str(target))
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert str(target) in ran.err
    assert small.read_text() == SMALL


def test_diagram_is_written_where_asked(small: Path, tmp_path: Path) -> None:
    ran = Ran("build", str(small), "--diagram", str(tmp_path / "small.svg"))
    assert (tmp_path / "small.svg").read_text().startswith("<svg ")
    assert f"wrote {tmp_path / 'small.svg'}" in ran.out


def test_check_agrees_with_fvcore_and_torch(small: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch deprecates what fvcore is built on
        values = Ran("build", str(small), "--check", "--json").json
    assert list(values) == [*KEYS, "check"]
    assert values["check"]["agrees"] is True
    assert values["check"]["fvcore_madds"] == values["madds"]
    assert values["check"]["torch_params"] == values["params"]


def test_check_exits_with_1_where_counts_disagree(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "_fvcore_madds", lambda network, size: 1)
    ran = Ran("build", str(small), "--check")
    assert ran.code == 1
    assert "the counts differ" in ran.out


HUGE = (
    "stages: [{kind: share, width: 100000, expansion: 2}, {kind: share, width: 100000, "
    "expansion: 2}]\n"
)


@pytest.mark.parametrize("option", ["--out", "--check"])
def test_a_network_too_large_to_build_is_one_line(option: str, tmp_path: Path) -> None:
    (tmp_path / "huge.yaml").write_text(HUGE)
    arguments = [option, str(tmp_path / "out")] if option == "--out" else [option]
    ran = Ran("build", str(tmp_path / "huge.yaml"), *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "huge: must have at most 500.00 M params to be built, got 25.064 G params\n"
    assert not (tmp_path / "out").exists()
    assert Ran("build", str(tmp_path / "huge.yaml"), "--json").json["params"] > 25 * 10**9


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_running_out_of_memory_is_one_line(
    error: Exception, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(network: object, size: object) -> int:
        raise error

    monkeypatch.setattr(check, "_fvcore_madds", fail)
    ran = Ran("build", str(small), "--check")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("small: must fit into memory, got ")
    assert "params" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_another_error_of_torch_keeps_its_traceback(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(network: object, size: object) -> int:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(check, "_fvcore_madds", fail)
    assert isinstance(Ran("build", str(small), "--check").error, RuntimeError)


def test_check_without_fvcore_says_how_to_get_it(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        check, "find_spec", lambda name: None if name == "fvcore" else find_spec(name)
    )
    ran = Ran("build", str(small), "--check")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == '--check must have fvcore: pip install "seesawnas[check]"\n'


def test_a_trial_of_a_study_is_a_ref(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def trial_point(ref: str, storage: str | None) -> object:
        asked.append(ref)
        return load_point("paper/seesaw_share")

    monkeypatch.setattr("seesawnas.study.library.trials.trial_point", trial_point)
    assert Ran("build", "lfw_150M:best", "--json").json["params"] == 1_370_176
    assert Ran("build", "runs/lfw_150M:12", "--json").json["params"] == 1_370_176
    assert asked == ["lfw_150M:best", "runs/lfw_150M:12"]


def test_a_file_of_that_name_comes_before_a_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a:3").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    assert Ran("build", "a:3", "--json").json["embedding"] == 8
