"""One place turns errors into lines and exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from seesawnas.report.network import published as ledger
from tests.cli.running import Ran


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("build", "paper/seesaw_shar"), "did you mean paper/seesaw_share?"),
        (("build", "nowhere.yaml"), "must be a YAML file or a shipped name"),
        (("space", "seesaw", "--budget", "1M"), "MAdds range from 38.35 M"),
        (
            ("space", "seesaw", "--budget", "much"),
            "must be a number with an optional K, M or G, got 'much'",
        ),
        (("space", "seesaw", "--budget", "150M, params<1M"), "must use <= or >=, got 'params<1M'"),
        (("sample", "--budget", "2..1"), "must have its lower limit first"),
        (
            ("build", "paper/seesaw_share", "--seed", str(2**63)),
            f"--seed: must be {2**63 - 1} or less, got {2**63}",
        ),
        (("sample", "-n", "0"), "--number: must be 1 or more, got 0"),
        (("sample", "--seed", "x"), "--seed: must be a whole number, got x"),
        (("sample", "--seed", "9" * 5000), "--seed: must be a whole number, got 999"),
        (("report", "x", "--format", "q"), "--format: must be one of html, md, csv, json, got q"),
        (("build", "x" * 300), "x: must be a YAML file or a shipped name"),
        (("build", "x" * 300 + ":best"), "study must be a name of at most 255 bytes, got 'xxx"),
        (("build", "x" * 300 + "/y"), "x/y: must be a YAML file or a shipped name"),
        (("build", "x" * 20), f"{'x' * 20}: must be a YAML file or a shipped name; shipped are"),
        (
            ("build", f"{Path(__file__).parent}/no"),
            "/no: must be a YAML file or a shipped name; there is no such file or folder",
        ),
        (("build", "x:" + "9" * 5000), "x: must be an existing study"),
        (
            ("eval", "x" * 300, "--pairs", __file__),
            "x: must be a valid path, got file name too long",
        ),
        (
            ("sample", "--budget", "1" + " " * 100_000 + "x"),
            "--budget must be at most 10000 characters",
        ),
        (
            ("search", "--budget", "50M", "--target", "nan"),
            "--target must be a number from 0 to 1000, got nan",
        ),
        (("sample", "--space", "nothing"), "must be a YAML file or a shipped name"),
        (("build", ""), "REF: must not be empty, got nothing"),
        (("confirm", "paper/seesaw_share", " "), "REF: must not be empty, got nothing"),
        (("identify", "", "faces"), "MODEL: must not be empty, got nothing"),
        (("build", "paper/seesaw_share", "--out", ""), "--out: must not be empty, got nothing"),
        (("build", "paper/seesaw_share", "--out="), "--out: must not be empty, got nothing"),
        (("latency", "fit", "--out", ""), "--out: must not be empty, got nothing"),
        (("latency", "fit", "--out", "/"), "--out must be a file, got the folder /"),
        (("search", "--budget", "150M", "--data", ""), "--data must not be empty, got nothing"),
        (("sample", "--space", ""), "must be a YAML file or a shipped name"),
        (("latency", "paper/mobiface", "--runs", "5"), "--runs requires --command, got none"),
        (("latency", "paper/mobiface", "--timeout", "5s"), "--timeout requires --command"),
        (("ablate", "nosuch.yaml"), "nosuch.yaml: must be a YAML file or a shipped name"),
        (("ablate", "nosuch:3"), "nosuch: must be an existing study"),
        (("eval", "nosuch:best", "--pairs", __file__), "nosuch:best: there is no such file or"),
    ],
)
def test_a_user_s_fault_is_one_line_and_exit_code_2(arguments: tuple[str, ...], words: str) -> None:
    ran = Ran(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1
    assert len(ran.err) < 700


def test_every_fault_of_a_file_has_its_line(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("stages: [{width: -1, colour: red}]\n")
    ran = Ran("build", str(own))
    assert ran.code == 2
    assert ran.err.splitlines() == [
        f"{own}: stages.0.width: must be positive, got -1",
        f"{own}: stages.0.colour: is not a known key",
    ]


def test_a_space_is_no_search_point_and_the_message_says_where_to_go() -> None:
    ran = Ran("build", "seesaw")
    assert ran.code == 2
    assert "`seesawnas space seesaw`" in ran.err.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("build", "REF: must be given; see seesawnas build -h"),
        ("eval --json", "MODEL: must be given; see seesawnas eval -h"),
        ("studies rename one", "NEW: must be given; see seesawnas studies rename -h"),
        ("frobnicate", "no such command 'frobnicate'; see seesawnas -h"),
        ("serach", "no such command 'serach'; did you mean 'search'?"),
        ("data ifno", "no such command 'ifno'; did you mean 'info'?"),
        ("--colour", "--colour: must be an option of seesawnas; see seesawnas -h"),
        (
            "sample --colour red",
            "--colour: must be an option of seesawnas sample; see seesawnas sample -h",
        ),
        (
            "search --bugdet 1M",
            "--bugdet: must be an option of seesawnas search; did you mean --budget?",
        ),
        ("build one two", "got unexpected extra argument(s) (two); see seesawnas build -h"),
        ("sample -n some", "--number: must be a whole number, got some"),
        ("search --budget", "--budget: must be given with a value"),
        ("search --json=yes", "--json: must be given without a value"),
    ],
)
def test_a_fault_of_the_command_line_is_one_line_and_exit_code_2(words: str, line: str) -> None:
    ran = Ran(*words.split())
    assert (ran.code, ran.out, ran.err) == (2, "", f"{line}\n")


def test_a_group_without_a_command_prints_its_help() -> None:
    ran = Ran("data")
    assert ran.code == 2
    assert "Usage: seesawnas data" in ran.out + ran.err


def test_ctrl_c_exits_with_130_and_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ledger, "ledger", interrupted)
    ran = Ran("paper")
    assert (ran.code, ran.err) == (130, "")


@pytest.mark.parametrize("arguments", ["sample -n 4000 --json", "paper"])
def test_a_reader_that_leaves_early_is_no_error(arguments: str) -> None:
    program = [sys.executable, "-m", "seesawnas", *arguments.split()]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 141


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ledger, "ledger", broken)
    assert isinstance(Ran("paper").error, ZeroDivisionError)


@pytest.mark.parametrize(
    "words",
    [
        ("build", "no\nsuch.yaml"),
        ("build", "study:a\nb"),
        ("identify", "no\nmodel", "faces"),
        ("fidelity", "--measurements=no\nfile"),
    ],
)
def test_a_word_of_the_command_line_that_breaks_lines_stays_in_its_line(
    words: tuple[str, ...],
) -> None:
    ran = Ran(*words)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "\\n" in ran.err
