"""Flips and shifts by one gather."""

from __future__ import annotations

import torch

from seesawnas.train.feeds.augment import moved, sample_augmentation


def _images(count: int = 64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 6, 6, 3), dtype=torch.uint8, generator=generator)


def _run(images: torch.Tensor, flip: bool, shift: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return moved(
        images, sample_augmentation(len(images), flip=flip, shift=shift, generator=generator)
    )


def test_without_flip_and_shift_the_images_come_back() -> None:
    assert torch.equal(_run(_images(), False, 0), _images())


def test_a_flip_mirrors_about_half_of_the_images_and_leaves_the_others() -> None:
    before, after = _images(), _run(_images(), True, 0)
    kept = (after == before).flatten(1).all(dim=1)
    mirrored = (after == before.flip(2)).flatten(1).all(dim=1)
    assert (kept | mirrored).all()
    assert 16 < int(mirrored.sum()) < 48


def test_a_shift_moves_whole_images_and_repeats_the_border() -> None:
    before, after = _images(), _run(_images(), False, 1)
    padded = torch.nn.functional.pad(
        before.permute(0, 3, 1, 2).float(), (1, 1, 1, 1), mode="replicate"
    )
    windows = padded.unfold(2, 6, 1).unfold(3, 6, 1).permute(0, 2, 3, 4, 5, 1)  # (N, 3, 3, 6, 6, 3)
    hits = (windows == after[:, None, None].float()).flatten(3).all(dim=3).flatten(1)
    assert hits.any(dim=1).all()
    assert hits.any(dim=0).all()


def test_a_seed_repeats_itself() -> None:
    assert torch.equal(_run(_images(), True, 2, seed=5), _run(_images(), True, 2, seed=5))
    assert not torch.equal(_run(_images(), True, 2, seed=5), _run(_images(), True, 2, seed=6))
