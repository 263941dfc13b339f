from __future__ import annotations

import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from seesawnas.data import read_bin
from seesawnas.errors import DataError


def picture(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (shade, shade, shade)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("protocol", range(1, 6))
def test_pairs_come_in_order_with_their_answers(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(pickle.dumps(([picture(shade) for shade in (0, 50, 100, 150)], [True, False]), protocol=protocol))
    images, same = read_bin(path, resolution=8)
    assert images.shape == (4, 8, 8, 3)
    assert [int(image.mean()) for image in images] == [0, 50, 100, 150]
    assert same.tolist() == [True, False]


class _Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("made-by-a-pickle",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        pickle.dumps(([picture(0)], [True])),
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
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(pickle.dumps(([picture(0), picture(9)], [True]), protocol=2))
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
