"""Every kind of bad data in a folder of identities, made with Pillow."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from seesawnas.data import load_faces
from seesawnas.errors import DataError


def _image(path: Path, shade: int = 100, size: tuple[int, int] = (8, 8), mode: str = "RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, shade).convert(mode).save(path)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Six identities of three images, one grey shade an image."""
    root = tmp_path / "faces"
    for identity in range(6):
        for number in range(3):
            _image(root / f"person{identity}" / f"{number}.png", shade=20 * identity + number)
    return root


def _shades(root: Path, **settings: int) -> dict[str, list[int]]:
    data = load_faces(root, resolution=4, **settings)
    return {
        name: faces.images[faces.labels == label][:, 0, 0, 0].tolist()
        for faces in (data.training, data.verification)
        for label, name in enumerate(faces.names)
    }


def test_every_image_of_every_identity_arrives_once_and_in_order(people: Path) -> None:
    assert _shades(people) == {f"person{p}": [20 * p, 20 * p + 1, 20 * p + 2] for p in range(6)}


def test_identities_to_train_on_and_to_verify_on_are_disjoint(people: Path) -> None:
    data = load_faces(people, resolution=4, verification_share=0.5)
    assert data.training.identities == data.verification.identities == 3
    assert not set(data.training.names) & set(data.verification.names)


def test_reading_twice_gives_the_same_fingerprint_and_another_seed_another_split(
    people: Path,
) -> None:
    first, again = (load_faces(people, resolution=4, seed=1) for _ in range(2))
    assert first.fingerprint == again.fingerprint
    splits = {load_faces(people, resolution=4, seed=seed).verification.names for seed in range(8)}
    assert len(splits) > 1


def test_one_changed_pixel_changes_the_fingerprint(people: Path) -> None:
    before = load_faces(people, resolution=8).fingerprint
    image = Image.open(people / "person0" / "0.png")
    image.putpixel((3, 3), (255, 0, 0))
    image.save(people / "person0" / "0.png")
    assert load_faces(people, resolution=8).fingerprint != before


def test_unreadable_images_are_counted_and_named(people: Path) -> None:
    (people / "person0" / "a.jpg").write_bytes(b"no picture at all")
    (people / "person1" / "b.png").write_bytes((people / "person1" / "0.png").read_bytes()[:40])
    (people / "person2" / "c.jpg").write_bytes(b"")
    assert load_faces(people, resolution=4).notes == (
        "unreadable images: 3 (person0/a.jpg, person1/b.png, person2/c.jpg)",
    )


def test_a_truncated_jpeg_is_unreadable(people: Path) -> None:
    whole = people / "person0" / "x.jpg"
    Image.effect_noise((64, 64), 80).save(whole)
    whole.write_bytes(whole.read_bytes()[:-400])
    assert load_faces(people, resolution=4).notes == ("unreadable images: 1 (person0/x.jpg)",)


def test_a_decompression_bomb_is_refused_as_unreadable(people: Path) -> None:
    (people / "person0" / "bomb.png").write_bytes(_png_claiming(60_000, 60_000))
    assert load_faces(people, resolution=4).notes == ("unreadable images: 1 (person0/bomb.png)",)


def test_an_identity_with_fewer_than_two_readable_images_is_left_out_with_a_note(
    people: Path,
) -> None:
    for name in ("1.png", "2.png"):
        (people / "person3" / name).write_bytes(b"broken")
    data = load_faces(people, resolution=4)
    assert "identities with fewer than two readable images: 1 (person3)" in data.notes
    assert "person3" not in data.training.names + data.verification.names


def test_links_that_lead_outside_the_folder_are_skipped_and_counted(
    people: Path, tmp_path: Path
) -> None:
    _image(tmp_path / "outside" / "secret.png")
    (people / "person0" / "leak.png").symlink_to(tmp_path / "outside" / "secret.png")
    (people / "person9").symlink_to(tmp_path / "outside")
    notes = load_faces(people, resolution=4).notes
    assert notes == ("links that lead outside the folder: 2 (person0/leak.png, person9)",)


def test_links_inside_the_folder_are_followed(people: Path) -> None:
    (people / "person0" / "9.png").symlink_to(people / "person0" / "0.png")
    assert _shades(people)["person0"] == [0, 1, 2, 0]


def test_a_link_to_nothing_never_crashes(people: Path) -> None:
    (people / "person0" / "gone.png").symlink_to(people / "person0" / "nowhere.png")
    assert load_faces(people, resolution=4).notes == (
        "entries that are not JPEG, PNG or PGM files: 1 (person0/gone.png)",
    )


def test_other_files_are_noted_and_hidden_ones_passed_over(people: Path) -> None:
    (people / "README.txt").write_text("about")
    (people / "person0" / "Thumbs.db").write_text("cache")
    (people / ".DS_Store").write_text("cache")
    (people / "person0" / ".hidden.png").write_text("cache")
    assert set(load_faces(people, resolution=4).notes) == {
        "files outside the identity folders: 1 (README.txt)",
        "entries that are not JPEG, PNG or PGM files: 1 (person0/Thumbs.db)",
    }


def test_notes_name_the_first_three_only_and_stay_on_one_line(people: Path) -> None:
    for name in ("a", "b\nb", "c", "d"):
        (people / name).mkdir()
    (note,) = load_faces(people, resolution=4).notes
    assert note == "identities with fewer than two readable images: 4 (a, b?b, c, ...)"


def test_too_few_identities_says_how_many_are_needed_and_found(people: Path) -> None:
    for identity in (0, 1, 2):
        for image in (people / f"person{identity}").iterdir():
            image.unlink()
    with pytest.raises(DataError) as caught:
        load_faces(people, resolution=4)
    assert "must have at least 4 identities with two readable images, got 3" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        ("missing", "there is no such folder"),
        ("file", "must be a folder with one sub-folder per identity, or a .rec file"),
    ],
)
def test_a_path_that_is_no_folder_is_one_line(tmp_path: Path, make: str, rule: str) -> None:
    path = tmp_path / make
    if make == "file":
        path.write_text("x")
    with pytest.raises(DataError) as caught:
        load_faces(path, resolution=4)
    assert str(caught.value) == f"{path}: {rule}"


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("x" * 5000, "there is no such folder"),
        ("zero\0byte", "there is no such folder"),
        ("~nobody-of-that-name/faces", "~nobody-of-that-name: home directory is not known"),
    ],
)
def test_a_path_that_cannot_be_is_one_line_too(path: str, rule: str) -> None:
    with pytest.raises(DataError, match=rule) as caught:
        load_faces(path, resolution=4)
    assert str(caught.value).isprintable()


def test_an_empty_folder_is_too_few_identities(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="got 0"):
        load_faces(tmp_path, resolution=4)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_without_permission_is_noted(people: Path) -> None:
    (people / "person5").chmod(0)
    try:
        assert "folders that cannot be read: 1 (person5)" in load_faces(people, resolution=4).notes
    finally:
        (people / "person5").chmod(0o700)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_that_is_no_share_is_refused(people: Path, share: float) -> None:
    with pytest.raises(DataError, match="must be between 0 and 1"):
        load_faces(people, resolution=4, verification_share=share)


def test_a_resolution_below_one_is_refused(people: Path) -> None:
    with pytest.raises(DataError, match="must be positive"):
        load_faces(people, resolution=0)


def test_the_arrays_have_the_documented_types(people: Path) -> None:
    faces = load_faces(people, resolution=5).training
    assert faces.images.shape[1:] == (5, 5, 3)
    assert [str(faces.images.dtype), str(faces.labels.dtype)] == ["uint8", "int64"]


def test_real_faces_load_within_seconds_and_are_what_the_folder_holds(lfw_train: Path) -> None:
    data = load_faces(lfw_train, resolution=56)
    assert data.training.identities + data.verification.identities == 523
    assert len(data.training) + len(data.verification) == 2589
    assert data.notes == (
        "identities with fewer than two readable images: 2186 (AJ_Cook, Aaron_Pena, Abba_Eban, "
        "...)",
    )


def _png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )
