"""Pairs of templates: what numpy's readers would crash on or misread is refused with its line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seesawnas.data.pairs import text_lines as number_lines
from seesawnas.data.pairs.text_lines import read_labelled_pairs
from seesawnas.errors import DataError

ROWS = [(5, 9, False), (5, 5, True), (17, 10**18 - 1, False)]
PLAIN = "5 9 0\n5 5 1\n17 999999999999999999 0\n"


def _read(path: Path, content: str | bytes) -> list[tuple[int, int, bool]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    left, right, same = read_labelled_pairs(path)
    return list(zip(left.tolist(), right.tolist(), same.tolist(), strict=True))


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.rstrip("\n"),
        PLAIN.replace(" ", ","),
        PLAIN.replace(" ", "\t"),
        PLAIN.replace(" ", " ; "),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace("\n", " \n\n"),
        "# templates\n" + PLAIN.replace("\n", " # a pair\n"),
        "\ufeff" + PLAIN,
        PLAIN.replace(" 1\n", " 01\n"),
    ],
)
@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_pairs_are_read_in_every_layout_whatever_the_size_of_a_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, block: int
) -> None:
    monkeypatch.setattr(number_lines, "_BLOCK", max(block, 40))  # a longer line is none
    assert _read(tmp_path / "pairs.txt", text) == ROWS


@pytest.mark.parametrize(
    "line",
    [
        *(
            f"5 1{chr(code)} 0"
            for code in (0xB2, 0xE9, 0x661, 0x2028, 0x4E00, 0x80000, 0xE0100, 0x10FFFF)
        ),
        *(
            "5 9",
            "5 9 0 1",
            "5 9 2",
            "5 9 -1",
            "5-9 0",
            "5 -9 0",
            "5 9 0x1",
            "5 1_0 0",
            "5 9.0 0",
            "5 9 ",
            "5,,9,0",
            ",5,9,0",
        ),
        *(
            "5 9 nan",
            "5 9223372036854775808 0",
            "5 " + "9" * 5000 + " 0",
            "5 9\x000 0",
            "5 9\x0b 0",
        ),
    ],
)
def test_a_line_that_is_none_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    with pytest.raises(
        DataError, match=r"pairs\.txt: line 3: must have two template numbers and 1 or 0, got"
    ) as caught:
        _read(tmp_path / "pairs.txt", "5 9 0\n\n" + line + "\n5 5 1\n")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n\n",
        "# nothing\n",
        b"\xff\xfe1",
        b"\0" * 100,
        b"7" * (3 << 20),
        b"\r" * 9 + b"x",
        b" " * (3 << 20) + PLAIN.encode(),
    ],
)
def test_a_file_that_holds_none_is_one_line(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(DataError, match="must have two template numbers and 1 or 0") as caught:
        _read(tmp_path / "pairs.txt", content)
    assert len(str(caught.value)) < 500


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pairs.txt")
    with pytest.raises(DataError, match="must be a file"):
        read_labelled_pairs(tmp_path / "pairs.txt")


_PART = st.sampled_from(
    (
        "5",
        "9",
        "0",
        "1",
        "12345678901234567890",
        " ",
        " ",
        ",",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "-",
        "#",
        "\ufeff",
    )
)


@example("5 1\U0010ffff 0")
@example("5 1\U000e0100 0")
@example("1 2 \n3 4 \n5")
@example("1 2\n3 4 5 6\n")
@given(st.lists(_PART | st.characters(codec="utf-8"), max_size=40).map("".join))
def test_any_text_is_read_as_its_lines_say_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    try:
        found = _read(path, text)
    except DataError:
        return
    lines = [
        line.partition("#")[0]
        for line in text.removeprefix("\ufeff").replace("\r", "\n").split("\n")
    ]
    numbers = [
        line.replace(",", " ").replace(";", " ").replace("\t", " ").split(" ") for line in lines
    ]
    wanted = [[int(field) for field in fields if field] for fields in numbers]
    assert found == [(a, b, same == 1) for a, b, same in filter(None, wanted)]
