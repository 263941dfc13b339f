"""Fixtures for every room."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from seesawnas.space import write_yaml
from seesawnas.testing.engines import SMALL_SPACE
from tests.faces import write_folder
from tests.postgres import PostgresServer, private_server, server_binaries

# Examples differ in cost and machines in load: a slow one is no failure. The run that decides draws
# the same examples each time; `make fuzz` draws new ones, and what it finds is kept as an @example
# or a file of the test.
settings.register_profile("seesawnas", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "seesawnas"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Real clusters, servers and signals on a machine that others use.

    Such a test that failed is run once more.

    The summary names it. One that fails twice fails.
    """
    if config.pluginmanager.hasplugin("rerunfailures"):
        for item in items:
            if item.get_closest_marker("processes"):
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a small space and made-up faces in it."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(write_yaml(SMALL_SPACE))
    write_folder(Path("faces"))
    return tmp_path


@pytest.fixture
def own_cache_and_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is cached yet, and embeddings are equal to the bit however many tests run."""
    import torch

    monkeypatch.setenv("SEESAWNAS_CACHE", str(tmp_path / "cache"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs the tests on several cores sets a width, which output that is piped would obey."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEESAWNAS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def lfw_rec(lfw_train: Path) -> Path:
    """The same faces, of identities with two images or more, as MXNet wrote them."""
    return lfw_train.parent / "rec"


@pytest.fixture(scope="session")
def lfw_train() -> Path:
    """Real faces, one folder an identity; not part of the repository."""
    folder = Path(__file__).parents[2] / "shared" / "data" / "lfw" / "train"
    if not folder.is_dir():
        pytest.skip("real faces are not at ../shared/data/lfw")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL server of our own."""
    pytest.importorskip("psycopg", reason="the PostgreSQL driver psycopg is not installed")
    binaries = server_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    with private_server(binaries) as server:
        yield server
