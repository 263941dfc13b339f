"""What every source of faces must fulfil."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from seesawnas.data import OpenedSource
from seesawnas.errors import InvalidInput

OpenSource = Callable[[int], OpenedSource]


class DataSourceSuite:
    """Needs the fixture ``open_faces``: a function of ``least`` that opens the same place anew.

    ``least`` is the number of images below which an identity is left out. There must be at least
    two identities of two images, and few enough to decode all.
    """

    @pytest.fixture
    def source(self, open_faces: OpenSource) -> OpenedSource:
        """What a training run opens."""
        return open_faces(2)

    def test_labels_index_names(self, source: OpenedSource) -> None:
        """Every image has an identity, and every identity a name of its own."""
        labels = np.asarray(source.labels)
        assert labels.dtype == np.int64
        assert labels.shape == (len(source),)
        assert np.array_equal(np.unique(labels), np.arange(len(source.names)))
        assert len(set(source.names)) == len(source.names) >= 2
        assert all(isinstance(name, str) for name in source.names)

    def test_every_payload_is_an_image(self, source: OpenedSource) -> None:
        """Encoded, as its file would be."""
        for index in range(len(source)):
            content = source.payload(index)
            assert isinstance(content, bytes)
            with Image.open(io.BytesIO(content)) as image:
                image.load()

    def test_opened_again_it_is_the_same(
        self, open_faces: OpenSource, source: OpenedSource
    ) -> None:
        """A training that is resumed must find the same images in the same order."""
        again = open_faces(2)
        assert np.array_equal(again.labels, source.labels)
        assert list(again.names) == list(source.names)
        assert again.fingerprint == source.fingerprint
        assert again.stamp() == source.stamp()
        assert all(again.payload(i) == source.payload(i) for i in range(len(source)))

    def test_identities_with_few_images_are_left_out_and_said(self, open_faces: OpenSource) -> None:
        """Whatever ``least`` is: of those that stay, all images stay in their order."""
        whole = open_faces(0)
        counts = np.bincount(whole.labels, minlength=len(whole.names))
        for least in (1, 2, int(counts.max())):
            part = open_faces(least)
            kept = [
                name for name, n in zip(whole.names, counts.tolist(), strict=True) if n >= least
            ]
            assert list(part.names) == kept
            assert len(part) == counts[counts >= least].sum()
            rows = [i for i in range(len(whole)) if whole.names[whole.labels[i]] in set(kept)]
            assert [whole.payload(i) for i in rows[:20]] == [
                part.payload(i) for i in range(min(20, len(rows)))
            ]
            if len(kept) < len(whole.names):
                assert sum(part.skipped.counts().values()) >= len(whole.names) - len(kept)
                assert part.notes

    def test_a_worker_process_reads_the_same(self, source: OpenedSource) -> None:
        """It is pickled there."""
        worker: OpenedSource = pickle.loads(pickle.dumps(source))
        assert len(worker) == len(source)
        assert np.array_equal(worker.labels, source.labels)
        assert worker.fingerprint == source.fingerprint
        assert all(worker.payload(i) == source.payload(i) for i in range(len(source)))

    def test_threads_read_the_same(self, source: OpenedSource) -> None:
        """In any order, at the same time."""
        indices = [*range(len(source))][::-1] * 2
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(source.payload, indices))
        assert found == [source.payload(index) for index in indices]

    def test_an_index_that_is_none_is_refused(self, source: OpenedSource) -> None:
        """Rather than another image be given."""
        with pytest.raises((IndexError, InvalidInput)):
            source.payload(len(source))

    def test_it_says_what_it_is_in_printable_words(self, source: OpenedSource) -> None:
        """In one line each."""
        words = [source.description, source.fingerprint, *source.notes]
        words += [source.place(index) for index in range(len(source))]
        assert all(isinstance(each, str) and each.isprintable() for each in words)
        assert source.description
        assert source.fingerprint
        assert len({source.place(index) for index in range(len(source))}) == len(source)

    def test_what_was_skipped_is_a_copy(self, source: OpenedSource) -> None:
        """Who reads on counts on from it, and the source stays as it is."""
        before = source.skipped.counts()
        source.skipped.add("unreadable images", "here")
        assert source.skipped.counts() == before
