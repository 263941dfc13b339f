"""Images of any source, as an identification walks through them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seesawnas.data import open_images, open_source
from seesawnas.errors import DataError
from tests.data.rec_files import encoded_image, insightface, write_records

EACH = (3, 1, 2)


def test_a_rec_has_the_images_of_the_folder_it_was_made_of(tmp_path: Path) -> None:
    write_records(tmp_path / "set", insightface(EACH))
    source = open_source(tmp_path / "set", least=1)
    for index in range(len(source)):
        person = tmp_path / "faces" / source.names[source.labels[index]]
        person.mkdir(parents=True, exist_ok=True)
        (person / f"{index}.png").write_bytes(source.payload(index))
    packed, labels, notes = open_images(tmp_path / "set", resolution=8)
    plain, same, _ = open_images(tmp_path / "faces", resolution=8)
    assert labels.tolist() == same.tolist() == [0, 0, 0, 1, 2, 2]
    assert np.array_equal(packed.decode(0, 6)[0], plain.decode(0, 6)[0])
    assert np.array_equal(packed.decode(4, 6)[0], plain.decode(4, 6)[0])
    assert notes == ()


def test_a_damaged_record_is_an_unreadable_image_by_its_place(tmp_path: Path) -> None:
    records = insightface(EACH)
    folder = write_records(tmp_path / "set", records)
    data = (folder / "train.rec").read_bytes()
    second = data.index(encoded_image(2))
    broken = data[:second] + bytes(len(encoded_image(2))) + data[second + len(encoded_image(2)) :]
    (folder / "train.rec").write_bytes(broken)
    images, _, _ = open_images(folder, resolution=8)
    readable = images.decode(0, 6)[1]
    assert readable.tolist() == [True, False, True, True, True, True]
    assert "train.rec: record 2" in "".join(images.unreadable_notes(readable))


def test_a_source_without_images_is_refused(tmp_path: Path) -> None:
    write_records(tmp_path / "set", insightface(()))
    with pytest.raises(DataError, match=r"train\.rec: must contain images, got none"):
        open_images(tmp_path / "set", resolution=8)
