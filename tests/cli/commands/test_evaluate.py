"""``seesawnas eval`` and ``seesawnas identify``."""

from __future__ import annotations

import pickle
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

import seesawnas as sn
from seesawnas.space import to_point
from seesawnas.train import seeded
from tests.cli.running import Ran
from tests.device.test_export import POINT
from tests.evaluation.onnx_file import write_flatten
from tests.faces import patterns, write_folder

SHARED = Path(__file__).parents[4] / "shared"
KEYS = (
    "model set protocol flip pairs same folds accuracy std auc eer tar@far not_resolvable "
    "thresholds intervals bootstrap notes"
)


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A network that gives its pixels, and made-up identities in ``faces``."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    monkeypatch.chdir(tmp_path)
    write_folder(Path("faces"), people=12, each=4)
    return str(write_flatten(Path("pixels.onnx"), ["n", 3, 32, 32]))


@pytest.fixture
def csv(network: str) -> str:
    """Pairs of neighbours in the folder of faces."""
    people = patterns(12, 4, 32).names
    files = {
        name: sorted(str(path) for path in (Path("faces") / name).iterdir()) for name in people
    }
    rows = [f"{files[p][i]},{files[p][i + 1]},1" for p in people for i in range(3)]
    rows += [f"{files[p][i]},{files[q][i]},0" for p, q in pairwise(people) for i in range(3)]
    Path("pairs.csv").write_text("\n".join(rows))
    return "pairs.csv"


def test_json_holds_every_figure_under_stable_keys(network: str, csv: str) -> None:
    values = Ran(
        "eval", network, "--pairs", csv, "--normalise", "128", "--json", "--resamples", "50"
    ).json
    assert list(values) == KEYS.split()
    assert (
        list(values["tar@far"])
        == ["1e-2", "1e-3", "1e-4", "1e-5", "1e-6"]
        == values["not_resolvable"]
    )
    assert list(values["thresholds"]) == ["accuracy", "eer", "1e-2", "1e-3", "1e-4", "1e-5", "1e-6"]
    assert values["bootstrap"] == {"level": 0.95, "draws": 50, "of": "pairs", "seed": 0}
    assert values["accuracy"] > 0.9
    low, high = values["intervals"]["auc"]
    assert low <= values["auc"] <= high


def test_several_sets_make_one_table_and_a_list(network: str, csv: str) -> None:
    Path("other.csv").write_text(Path(csv).read_text() + "\nfaces/p0/0.png,faces/gone.png,1\n")
    arguments = (
        "eval",
        network,
        "--pairs",
        f"{csv},other.csv",
        "--normalise",
        "128",
        "--resamples",
        "20",
    )
    first, second = Ran(*arguments, "--json").json
    assert first["accuracy"] == second["accuracy"]
    assert second["notes"][:2] == [
        "missing images: 1 (faces/gone.png)",
        "pairs skipped because of missing images: 1 of 70",
    ]
    ran = Ran(*arguments, "--html", "page.html")
    assert ran.code == 0
    assert ran.out.count("not resolvable") == 11
    assert "other: missing images: 1 (faces/gone.png)" in ran.out
    assert "wrote page.html" in ran.out
    assert "Plotly.newPlot" in Path("page.html").read_text()


def test_the_cosine_protocol_s_thresholds_are_cosines(network: str, csv: str) -> None:
    arguments = (
        "eval",
        network,
        "--pairs",
        csv,
        "--normalise",
        "128",
        "--json",
        "--resamples",
        "0",
        "--no-flip",
    )
    cosine, distance = (
        Ran(*arguments, "--protocol", name).json for name in ("cosine", "insightface")
    )
    assert cosine["auc"] == pytest.approx(distance["auc"])
    assert cosine["flip"] is False
    assert cosine["thresholds"]["eer"] == pytest.approx(
        1 - distance["thresholds"]["eer"] / 2, abs=1e-3
    )


def test_templates_are_verified_from_their_files(network: str) -> None:
    lines = [
        f"p{p}/{4 * p + i}.png {p * 2 + i // 2} {p * 4 + i}" for p in range(12) for i in range(4)
    ]
    Path("members.txt").write_text("\n".join(lines))
    pairs = [(a, b) for a in range(24) for b in range(a)]
    Path("pairs.txt").write_text("\n".join(f"{a} {b} {int(a // 2 == b // 2)}" for a, b in pairs))
    arguments = (
        "--pairs",
        "pairs.txt",
        "--templates",
        "members.txt",
        "--images",
        "faces",
        "--normalise",
        "128",
    )
    values = Ran("eval", network, *arguments, "--json", "--resamples", "0").json
    assert (values["pairs"], values["same"]) == (276, 12)
    assert values["auc"] == 1.0
    assert values["tar@far"]["1e-2"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--pairs", "pairs.csv"), "pixels.onnx: requires --normalise"),
        (
            ("--pairs", "pairs.csv", "--normalise", "128", "--protocol", "lfw"),
            "--protocol must be one of insightface, cosine",
        ),
        (("--pairs", ",", "--normalise", "128"), "--pairs must name a verification set"),
        (("--pairs", "gone.bin", "--normalise", "128"), "gone.bin: cannot be read"),
        (("--pairs", "pairs.csv,gone.bin", "--normalise", "128"), "gone.bin: cannot be read"),
        (("--pairs", "hostile.bin", "--normalise", "128"), "refused: os.mkdir"),
    ],
)
def test_a_user_s_fault_is_one_line(
    network: str, csv: str, arguments: tuple[str, ...], words: str
) -> None:
    Path("hostile.bin").write_bytes(b"\x80\x02cos\nmkdir\nX\x04\x00\x00\x00made\x85R.")
    ran = Ran("eval", network, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not Path("made").exists()


@pytest.fixture
def trained(network: str) -> str:
    """The folder of a network, as if it were trained."""
    with seeded(1):
        made = sn.build(to_point(POINT, "tiny").spec)
    return str(sn.save_model(made, "trained"))


def test_several_models_are_compared_on_the_same_pairs(
    network: str, csv: str, trained: str
) -> None:
    arguments = ("--pairs", csv, "--resamples", "40")
    Path("other.csv").write_text(Path(csv).read_text())
    several = ("eval", trained, network, "--normalise", "128", *arguments)
    values = Ran(*several, "--json").json
    assert list(values) == ["models", "results", "differences_to", "timing"]
    first, second = values["models"]
    assert list(first) == ["model", "path", "params", "madds", "bytes", "input", "latency"]
    spec = to_point(POINT, "tiny").spec
    assert (first["params"], first["madds"]) == (sn.cost(spec).params, sn.cost(spec).madds)
    assert first["bytes"] == Path(trained, "model.safetensors").stat().st_size
    assert (second["model"], second["params"], second["latency"]) == (network, None, None)
    assert (values["differences_to"], values["timing"]) == ("trained", None)
    # Each model scores what it scores alone.
    own, other = values["results"]
    assert list(own) == [*KEYS.split(), "difference"]
    assert own.pop("difference") is None
    change = other.pop("difference")
    assert own == Ran("eval", trained, *arguments, "--json").json
    assert other == Ran("eval", network, "--normalise", "128", *arguments, "--json").json
    assert change["auc"]["value"] == other["auc"] - own["auc"]
    low, high = change["auc"]["interval"]
    assert low <= change["auc"]["value"] <= high
    assert change["1e-6"] is None

    ran = Ran(*several[:-4], "--pairs", f"{csv},other.csv", "--html", "page.html")
    assert ran.code == 0
    assert ran.out.count(network) == 4  # a row for each set, of figures and of differences
    assert "Differences to trained" in ran.out
    assert "Plotly.newPlot" in Path("page.html").read_text()


def test_files_of_several_models_are_normalised_each_in_its_way(
    network: str, csv: str, trained: str
) -> None:
    write_flatten(Path("more.onnx"), ["n", 3, 32, 32])
    arguments = ("--pairs", csv, "--resamples", "0", "--json")
    models = ("eval", trained, network, "more.onnx")
    own = Ran(*models, "--normalise", "128", "--normalise", "more.onnx=0..1", *arguments).json
    both = Ran(*models, "--normalise", "128", *arguments).json
    assert [one["auc"] for one in own["results"]][:2] == [one["auc"] for one in both["results"]][:2]
    assert own["results"][2]["thresholds"] != both["results"][2]["thresholds"]


def test_models_of_one_name_are_told_apart_by_their_paths(network: str, csv: str) -> None:
    Path("more").mkdir()
    write_flatten(Path("more/pixels.onnx"), ["n", 3, 32, 32])
    values = Ran(
        "eval", network, "more/pixels.onnx", "--pairs", csv, "--normalise", "128", "--json"
    ).json
    assert [one["model"] for one in values["models"]] == ["pixels.onnx", "more/pixels.onnx"]
    assert [one["model"] for one in values["results"]] == ["pixels.onnx", "more/pixels.onnx"]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (("pixels.onnx", "gone", "bad.onnx", "--normalise", "128"), ["gone: ", "bad.onnx: "]),
        (("pixels.onnx", "trained"), ["pixels.onnx: requires --normalise"]),
        (
            ("pixels.onnx", "pixels.onnx", "--normalise", "128"),
            ["MODEL must name each model once, got pixels.onnx and pixels.onnx"],
        ),
        (
            ("trained", "again", "--normalise", "128", "--bgr"),
            ["--normalise, --bgr: only for files without a card"],
        ),
        (
            ("pixels.onnx", "trained", "--normalise", "other.onnx=128"),
            ["--normalise must be HOW or MODEL=HOW, got other.onnx=128"],
        ),
        (
            ("pixels.onnx", "trained", "--normalise", "128", "--normalise", "0..1"),
            ["--normalise must be given once for each model, got 128 and 0..1"],
        ),
        (
            ("pixels.onnx", "trained", "--normalise", "128", "--latency", "abacus"),
            ["--latency must be one of"],
        ),
        (
            ("pixels.onnx", "trained", "--normalise", "128", "--latency", "ncnn"),
            ["pixels.onnx: must be a .ncnn.param file for --latency ncnn"],
        ),
    ],
)
def test_models_that_cannot_be_opened_are_a_line_each_before_any_is_evaluated(
    trained: str,
    csv: str,
    words: tuple[str, ...],
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("bad.onnx").write_bytes(b"no model")
    shutil.copytree(trained, "again")
    monkeypatch.setattr("seesawnas.evaluation.verify_set", None)
    ran = Ran("eval", *words, "--pairs", csv)
    assert (ran.code, ran.out) == (2, "")
    said = ran.err.splitlines()
    assert len(said) == len(lines)
    for line, start in zip(said, lines, strict=True):
        assert start in line


@pytest.mark.processes
def test_models_are_timed_side_by_side_before_they_are_evaluated(
    trained: str, csv: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    monkeypatch.setattr("seesawnas.device.latency.protocol.MOST_DISAGREEMENT", 1e9)
    monkeypatch.setattr("seesawnas.device.latency.measuring.ROUNDS", 8)
    shutil.copytree(trained, "again")
    arguments = ("--pairs", csv, "--resamples", "0", "--latency", "onnxruntime")
    values = Ran("eval", trained, "again", *arguments, "--json").json
    first, second = (one["latency"] for one in values["models"])
    assert first["ratio"] == 1.0
    assert second["ms"] > 0
    assert (values["timing"]["runtime"], values["timing"]["threads"]) == ("onnxruntime", 1)
    alone = Ran("eval", trained, *arguments, "--json").json
    assert list(alone) == [*KEYS.split(), "latency"]
    assert alone["latency"]["runtime"] == "onnxruntime"
    assert "latency " in Ran("eval", trained, *arguments).out

    monkeypatch.setattr("seesawnas.device.latency.protocol.MOST_DISAGREEMENT", -1.0)
    busy = Ran("eval", trained, "again", *arguments, "--json")
    assert busy.code == 2
    assert '"results"' in busy.out  # what was evaluated is not lost
    assert "--rounds" not in busy.err  # which eval does not have


def test_a_set_of_one_kind_of_pairs_is_refused(network: str) -> None:
    image = Path("faces/p0/0.png").read_bytes()
    Path("v.bin").write_bytes(pickle.dumps(([image] * 8, [True] * 4), protocol=2))
    ran = Ran("eval", network, "--pairs", "v.bin", "--normalise", "128")
    assert "v.bin: verification: must have at least 4 pairs, both same and different" in ran.err
    Path("v.bin").write_bytes(pickle.dumps(([b"no picture"] * 8, [True] * 4), protocol=2))
    ran = Ran("eval", network, "--pairs", "v.bin", "--normalise", "128")
    assert (
        "; unreadable images: 8 (image 0, image 1, image 2, ...); pairs skipped because of "
        "unreadable images: 4 of 4" in ran.err
    )
    assert len(ran.err.splitlines()) == 1


def test_identities_of_a_folder_are_identified(network: str) -> None:
    arguments = ("identify", network, "faces", "--normalise", "128")
    values = Ran(*arguments, "--json").json
    assert (values["enrolled"], values["searches"], values["unmated"]) == (12, 36, 36)
    assert values["rank"] == {"1": 1.0, "5": 1.0}
    assert list(values["tpir@fpir"]) == ["1e-1", "1e-2", "1e-3"]
    ran = Ran(*arguments, "--html", "det.html")
    assert "rank 1" in ran.out
    assert "Plotly.newPlot" in Path("det.html").read_text()
    Path("empty").mkdir()
    assert (
        "must contain images in sub-folders"
        in Ran("identify", network, "empty", "--normalise", "128").err
    )


@pytest.mark.slow
def test_the_teacher_scores_as_measured_elsewhere() -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    model, pairs = SHARED / "models/teacher_mobilefacenet.onnx", SHARED / "data/lfw/lfw_dev.bin"
    if not model.is_file() or not pairs.is_file():
        pytest.skip("the teacher and its faces are not at ../shared")
    values = Ran(
        "eval", str(model), "--pairs", str(pairs), "--normalise", "imagenet", "--json"
    ).json
    assert [round(values[name], 4) for name in ("accuracy", "std", "auc")] == [
        0.9925,
        0.0087,
        0.9974,
    ]
    assert round(values["tar@far"]["1e-2"], 4) == 0.9917
    assert values["not_resolvable"] == ["1e-3", "1e-4", "1e-5", "1e-6"]
    assert len(values["notes"]) == 1
    assert "8 of 10" in values["notes"][0]
