"""One embedding a template, as IJB is verified: the mean within a media, the mean over the media, length one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seesawnas.data import TemplateSet
from seesawnas.evaluation.pairs import Pairs


def template_embeddings(
    embeddings: NDArray[np.floating], templates: NDArray[np.int64], media: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return (rows of length one (T, D), their numbers (T,), rising) of ``embeddings`` (N, D), each of a template and media.

    A video's many frames weigh as much as one photograph. Sums and means differ by a length, which becomes one.
    """
    keys = np.stack([templates, media], axis=1)
    groups, group_of = np.unique(keys, axis=0, return_inverse=True)
    of_media = _means(embeddings, group_of.reshape(-1), len(groups))
    numbers, template_of = np.unique(groups[:, 0], return_inverse=True)
    of_templates = _means(of_media, template_of.reshape(-1), len(numbers))
    lengths = np.linalg.norm(of_templates, axis=1, keepdims=True)
    return of_templates / np.maximum(lengths, np.finfo(np.float32).tiny), numbers


def template_pairs(
    found: TemplateSet, embeddings: NDArray[np.floating], readable: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], Pairs]:
    """The templates' embeddings, and the pairs of those of which a picture is ``readable`` (N,)."""
    rows, numbers = template_embeddings(embeddings[readable], found.templates[readable], found.media[readable])
    known = np.isin(found.left, numbers) & np.isin(found.right, numbers)
    left, right = (np.searchsorted(numbers, side[known]) for side in (found.left, found.right))
    return rows, Pairs(left, right, found.same[known])


def _means(rows: NDArray[np.floating], group_of: NDArray[np.int64], groups: int) -> NDArray[np.float32]:
    sums = np.zeros((groups, rows.shape[1]), dtype=np.float32)
    np.add.at(sums, group_of, rows)
    return np.asarray(sums / np.bincount(group_of, minlength=groups)[:, None], dtype=np.float32)
