from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seesawnas.data import read_bin, read_pairs
from seesawnas.errors import DataError
from tests.data.pairs.bins import PARTS, encoded_image
from tests.data.pairs.written import outcome


@pytest.mark.parametrize("protocol", range(1, 6))
def test_pairs_come_in_order_with_their_answers(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(
        pickle.dumps(
            ([encoded_image(shade) for shade in (0, 50, 100, 150)], [True, False]),
            protocol=protocol,
        )
    )
    images, same = read_bin(path, resolution=8)
    assert images.shape == (4, 8, 8, 3)
    assert [int(image.mean()) for image in images] == [0, 50, 100, 150]
    assert same.tolist() == [True, False]


def _python_2(images: list[bytes], same: list[bool]) -> bytes:
    """What Python 2's cPickle writes at protocol 2: strings of bytes."""
    strings = b"".join(b"T" + len(content).to_bytes(4, "little") + content for content in images)
    answers = b"".join(b"\x88" if answer else b"\x89" for answer in same)
    return b"\x80\x02](" + strings + b"e](" + answers + b"e\x86."


def _whole(path: Path) -> None:
    found = read_pairs(path, resolution=8)
    images, readable = found.images.decode(0, 4)
    assert readable.all()
    assert [int(image.mean()) for image in images] == [0, 50, 100, 150]
    assert (found.left.tolist(), found.right.tolist(), found.same.tolist()) == (
        [0, 2],
        [1, 3],
        [True, False],
    )


def test_a_file_that_python_2_wrote_is_read(tmp_path: Path) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(
        _python_2([encoded_image(shade) for shade in (0, 50, 100, 150)], [True, False])
    )
    _whole(path)


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("module", ["numpy._core", "numpy.core"])
def test_arrays_of_bytes_are_read_without_numpy_s_constructors(
    tmp_path: Path, protocol: int, module: str
) -> None:
    path = tmp_path / "v.bin"
    images = [np.frombuffer(encoded_image(shade), dtype=np.uint8) for shade in (0, 50, 100, 150)]
    answers: tuple[object, ...] = (
        [np.bool_(True), np.bool_(False)],
        np.array([True, False]),
        [1, 0],
    )
    for same in answers:
        content = pickle.dumps((images, same), protocol=protocol)
        if protocol < 4:  # later ones write the names' lengths
            content = content.replace(b"cnumpy._core.", f"c{module}.".encode())
        path.write_bytes(content)
        _whole(path)


def test_images_that_cannot_be_decoded_are_named(tmp_path: Path) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(
        _python_2(
            [encoded_image(0), b"no picture", encoded_image(5), encoded_image(5)], [True, False]
        )
    )
    found = read_pairs(path, resolution=8)
    kept = found.without(found.images.decode(0, 4)[1])
    assert kept.notes == (
        "unreadable images: 1 (image 1)",
        "pairs skipped because of unreadable images: 1 of 2",
    )
    assert kept.same.tolist() == [False]


_MANY = (
    b"\x80\x02c_codecs\nencode\nq\x00X"
    + (5000).to_bytes(4, "little")
    + b"x" * 5000
    + b"q\x01]("
    + (b"h\x00h\x01X\x07\x00\x00\x00latin-1\x86R" * 5000)
    + b"e]\x86."
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"\x80\x02](r\xff\xff\xff\x7fe]\x86.",
            "LONG_BINPUT 2147483647 reaches past the end of the file",
        ),
        (b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.", "refused: os.system"),
        (b"\x80\x02cnumpy\nload\nX\x01\x00\x00\x00x\x85R.", "refused: numpy.load"),
        (b"\x80\x02cbuiltins\neval\n.", "refused: builtins.eval"),
        (b"\x80\x05\x8e" + (2**50).to_bytes(8, "little") + b".", "must be a pickle"),
        (_MANY, "expands to more data than its size allows"),
        (b"\x80\x02](" + b"]" * 50000 + b"e].", "must be a pickle"),
    ],
)
def test_a_hostile_pickle_is_one_line_and_takes_no_memory(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_pairs(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_done_to_a_stand_in_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "v.bin"
    # Attributes set on what stands for _codecs.encode and for numpy's array, by the state of a
    # BUILD.
    state = b"N}X\x0c\x00\x00\x00__defaults__)s\x86b0"
    path.write_bytes(
        b"\x80\x02c_codecs\nencode\n"
        + state
        + b"cnumpy.core.multiarray\n_reconstruct\n"
        + state
        + b"]]\x86."
    )
    with pytest.raises(DataError):
        read_pairs(path)
    path.write_bytes(
        pickle.dumps(
            ([encoded_image(shade) for shade in (0, 50, 100, 150)], [True, False]), protocol=2
        )
    )
    _whole(path)


class _Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("made-by-a-pickle",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        pickle.dumps(([encoded_image(0)], [True])),
        pickle.dumps(([b"no picture", b"no picture"], [True])),
        pickle.dumps((["text", "text"], [True])),
        pickle.dumps(7),
        pickle.dumps((_Hostile(), [True])),
    ],
)
def test_a_file_that_is_no_verification_set_is_one_line_and_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "v.bin"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_bin(path, resolution=8)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert not Path("made-by-a-pickle").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    tmp_path: Path, data: st.DataObject
) -> None:
    whole = bytearray(pickle.dumps(([encoded_image(0), encoded_image(9)], [True]), protocol=2))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "v.bin"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        images, same = read_bin(path, resolution=8)
    except DataError:
        return
    assert len(images) == 2 * len(same)
    assert images.dtype == np.uint8


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(st.lists(st.sampled_from(PARTS) | st.binary(max_size=4), max_size=40).map(b"".join))
def test_any_row_of_opcodes_is_read_or_refused_and_nothing_else(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(content)
    found = outcome(path)
    if isinstance(found, str):
        assert "\n" not in found
    else:
        assert len(found.images) == 2 * len(found) > 0
