"""Lists of two paths and a label.

The header decides, and what can be read in two ways is refused.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seesawnas.data import read_pairs
from seesawnas.errors import DataError
from tests.data.fuzz_pairs import write_identities
from tests.data.pair_tables import made_table

ANN, OTHER, BO = "Ann/Ann_0001.png", "Ann/Ann_0002.png", "Bo/Bo_0001.png"
ROWS = [(ANN, OTHER, True), (ANN, BO, False)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_identities(tmp_path / "images")
    return tmp_path


def _read(root: Path, text: str, name: str = "mine.csv") -> list[tuple[str, str, bool]]:
    (root / name).write_bytes(text.encode())
    found = read_pairs(root / name, images=root / "images", resolution=8)
    places = found.images.places
    sides = (found.left.tolist(), found.right.tolist(), found.same.tolist())
    return [(places[a], places[b], same) for a, b, same in zip(*sides, strict=True)]


def _table(header: str, *columns: str) -> str:
    """``header`` over two rows.

    A column is "first,second", one field a row, or the name of a side.
    """
    sides = {"left": f"{ANN},{ANN}", "right": f"{OTHER},{BO}"}
    rows = zip(*(sides.get(column, column).split(",") for column in columns), strict=True)
    return "\n".join([header, *map(",".join, rows)]) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        _table("left,right,glasses,label", "left", "right", "0,1", "1,0"),
        _table("left,right,label,glasses", "left", "right", "1,0", "0,1"),
        _table("LABEL,Path1,Path2", "1,0", "left", "right"),
        _table("image_a,Is Same,image_b", "left", "True,False", "right"),
        _table(",img1,img2,fold,issame", "0,1", "left", "right", "0,1", "1,-1"),
        _table("id1,file1,id2,file2,y", "7,7", "left", "7,8", "right", "1,0"),
        _table("label1,label2,image.1,image.2,match", "7,7", "7,8", "left", "right", "yes,no"),
        _table("source,target,label", "left", "right", "same,different"),
        _table("x,y,label", "left", "right", "1.0,0.0"),
        _table("path,path.1,same", "left", "right", "1,0"),
        _table("reference photo,new photo,notes,genuine", "left", "right", "a,b", "1,0"),
        _table("left,right,same", "left", "right", "same,different").partition("\n")[2],
        _table("left,right,same,", "left", "right", "1,0", ","),
    ],
)
def test_the_header_says_which_column_is_which(root: Path, text: str) -> None:
    assert _read(root, text) == ROWS
    assert _read(root, text.replace(",", "\t"), "mine.txt") == ROWS
    assert (
        _read(root, "\ufeff# mine\n\n" + text.replace(",", ";").replace("\n", "\r\n"), "mine.tsv")
        == ROWS
    )


PLAIN = f"{ANN} {OTHER} 1\n{ANN} {BO} 0\n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        *(PLAIN.replace(" ", separator) for separator in ("\t", ",", ";", " , ", "   ", " \t")),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace(" 1\n", " true\n").replace(" 0\n", " FALSE\n"),
        f"-1 {ANN} {BO}\n",
        f'"{ANN}" {BO} different\n',
        f"{ANN} {BO} 7 0\n",
        f"./{ANN} Bo\\Bo_0001.png 0\n",
        f"{ANN} {BO.replace('png', 'PNG')} 0\n",
    ],
)
@pytest.mark.parametrize("name", ["mine.txt", "mine.csv"])
def test_plain_lists_are_read_by_any_separator(root: Path, text: str, name: str) -> None:
    assert _read(root, text, name) == (ROWS if OTHER in text else ROWS[1:])


def test_paths_in_quotation_marks_hold_spaces_and_commas(root: Path) -> None:
    (root / "images/a b,c.png").write_bytes((root / "images" / ANN).read_bytes())
    for separator in (" ", ",", "\t", ";"):
        assert _read(root, separator.join(('"a b,c.png"', BO, "0")), "mine.txt") == [
            ("a b,c.png", BO, False)
        ]


@pytest.mark.parametrize(
    ("comment", "columns"),
    [
        ("#left,right,glasses,label", ("left", "right", "0,1", "1,0")),
        ("#  label, glasses, img1, img2", ("1,0", "0,1", "left", "right")),
        ("# made by hand\n#path1,path2,actual_issame", ("left", "right", "+1,-1")),
    ],
)
def test_names_behind_a_mark_of_comments_decide_too(
    root: Path, comment: str, columns: tuple[str, ...]
) -> None:
    assert _read(root, _table(comment, *columns)) == ROWS
    assert _read(root, _table(comment, *columns).replace("\n", "\n\n"), "mine.txt") == ROWS


@pytest.mark.parametrize(
    "comment", ["# three words here", "# a, b, same", "# path1 and path2 show one identity or two"]
)
def test_other_comments_decide_nothing(root: Path, comment: str) -> None:
    assert _read(root, f"{comment}\n{PLAIN}") == ROWS
    headed = _table("left,right,glasses,label", "left", "right", "0,1", "1,0")
    assert _read(root, f"{comment}\n{headed}") == ROWS


def test_folds_that_are_named_are_the_set_s(root: Path) -> None:
    (root / "mine.csv").write_text(_table("left,right,label,fold", "left", "right", "1,0", "9,2"))
    found = read_pairs(root / "mine.csv", images=root / "images")
    assert found.folds is not None
    assert (found.folds.tolist(), found.same.tolist()) == ([2, 9], [False, True])
    (root / "mine.csv").write_text(
        _table("left,right,label,fold", "left", "right", "1,0", "dev,test")
    )
    found = read_pairs(root / "mine.csv", images=root / "images")
    assert (found.folds, found.notes) == (
        None,
        ("the column of folds is not used: must be numbers, got 'dev'",),
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            _table("left,right,glasses", "left", "right", "0,1"),
            "line 1: must name the column of labels",
        ),
        (
            _table("img1,img2,different", "left", "right", "0,1"),
            "line 1: must name the column of labels",
        ),
        (
            _table("left,right,mismatch", "left", "right", "yes,no"),
            "line 1: must name the column of labels",
        ),
        (
            _table("left,right,label,target", "left", "right", "1,0", "0,1"),
            "line 1: must name one column of labels",
        ),
        (
            _table("left,right,label,label", "left", "right", "1,0", "0,1"),
            "line 1: must name each column once",
        ),
        (
            _table("left,right,same,fold,fold_id", "left", "right", "1,0", "0,1", "1,0"),
            "line 1: must name one column of folds",
        ),
        (
            _table("a1,b1,c1,label", "left", "right", "left", "1,0"),
            "line 1: must name the two columns of paths",
        ),
        (
            _table("left,right,label", "left", "right", "1,0.7"),
            "line 3: must have a label such as 1 or 0, got '0.7'",
        ),
        (
            _table("left,right,label", "left", "right", "1,"),
            "line 3: must have a label such as 1 or 0, got ''",
        ),
        (_table("left,right,label", "left", "right", "0,-1"), "got both 0 and -1"),
        (
            f"left,right,label\n{ANN},{BO}\n",
            "line 2: must have two paths and a label, got 2 fields",
        ),
        (
            f"left,right,label,age\n{ANN},{BO},0\n",
            "line 2: must have 4 fields as in the header, got 3",
        ),
        (f"left,right,label\n,{BO},0\n", "line 2: must have two paths, got an empty field"),
        (f"# path1 path2 different\n{ANN} {OTHER} 0\n", "line 1: must name the column of labels"),
        ("left,right,label\n", "got "),
        (f"{ANN},{BO},0,1\n", "must have one column of labels, got columns 3 and 4"),
        (f"{ANN},{OTHER},1\n{ANN},{BO},2\n", "line 2: must have a label such as 1 or 0, got '2'"),
        (f"0,1,2\n{ANN},{BO},0\n", "line 1: must have a label"),
        (f'"{ANN},{BO},0\n{ANN},{BO},0\n', "line 1: must be fields"),
        # The campaign found it.
        (
            '10\t300\nAnn\t1\t2\nA\t1\nBo\t"\t"0001\ta.JPG1\n',
            "line 4: must be fields",
        ),
        (f"{ANN},{BO},0\n\n{ANN},x,{BO},0\n", "line 3: must have 3 fields as in line 1, got 4"),
        (f"my {ANN} other {BO} 0\n", "must have two columns of paths"),
        (f"{ANN} {BO} \u00b2\n", "must have a label"),
        (f"{ANN} {BO} {'1' * 5000}\n", "must have a label"),
    ],
)
def test_what_can_be_read_in_two_ways_or_in_none_is_one_line(
    root: Path, text: str, place: str
) -> None:
    with pytest.raises(DataError) as caught:
        _read(root, text)
    assert place in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.integers(0, 2**32), st.sampled_from(("csv", "txt", "tsv")))
def test_tables_are_read_as_they_are_meant_or_refused(root: Path, seed: int, suffix: str) -> None:
    table = made_table(Random(seed))
    try:
        found = _read(root, table.content.decode(), f"mine.{suffix}")
    except DataError:
        return
    assert found == table.pairs
