"""ExecuTorch programs: opened and kept alive; strangers' ones are first tried apart."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from torch import nn

from seesawnas.errors import InvalidInput
from seesawnas.evaluation import open_model
from seesawnas.evaluation.models.containment import discard_stderr
from seesawnas.evaluation.models.executorch import executorch_session

pytest.importorskip(
    "executorch.runtime", reason="executorch is not installed", exc_type=ImportError
)


class Embed(nn.Module):
    """(N, 3, 16, 16) to (N, 5)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.dense = nn.Conv2d(3, 64, 3), nn.Linear(64, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Embeddings."""
        found: torch.Tensor = self.dense(self.conv(images).mean((2, 3)))
        return found


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    return Embed().eval()


@pytest.fixture(scope="module")
def program(network: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``network`` for one image, in XNNPACK."""
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    path = tmp_path_factory.mktemp("executorch") / "net.pte"
    with discard_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = torch.export.export(network, (torch.zeros(1, 3, 16, 16),))
        lowered = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()])
        path.write_bytes(lowered.to_executorch().buffer)
    return path


@pytest.mark.processes
def test_a_stranger_s_program_embeds_as_its_network(network: nn.Module, program: Path) -> None:
    model = open_model(program, normalise="none")
    images = torch.rand(3, 3, 16, 16)
    assert model.size == (16, 16)
    torch.testing.assert_close(model.run(images), network(images).detach(), rtol=1e-4, atol=1e-5)


def test_a_session_outlives_what_it_was_opened_from(
    network: nn.Module, program: Path, tmp_path: Path
) -> None:
    copies = [tmp_path / f"{number}.pte" for number in range(3)]
    for copy in copies:
        copy.write_bytes(program.read_bytes())
    sessions = [executorch_session(copy) for copy in copies]
    for copy in copies:
        copy.unlink()
    filled = [bytes([number]) * program.stat().st_size for number in range(50)]
    images = torch.rand(1, 3, 16, 16)
    wanted = network(images).detach().numpy()
    for session in sessions:
        np.testing.assert_allclose(session(images.numpy()), wanted, rtol=1e-4, atol=1e-5)
        with pytest.raises(InvalidInput, match="must be given images of 1x3x16x16, got 2x3x16x16"):
            session(np.zeros((2, 3, 16, 16), np.float32))
    assert len(filled) == 50


@pytest.mark.parametrize("threads", [1, 2])
def test_the_pool_has_as_many_threads_as_asked(program: Path, threads: int) -> None:
    from executorch.extension.pybindings import portable_lib

    executorch_session(program, threads)
    assert portable_lib._threadpool_get_thread_count() == threads


@pytest.mark.processes
@pytest.mark.parametrize("content", [b"", b"what", b"\0" * 4096])
def test_a_broken_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.pte"
    path.write_bytes(content)
    before = set(psutil.Process().children())  # this worker's servers
    with pytest.raises(InvalidInput) as caught:
        open_model(path, normalise="none")
    assert str(caught.value).startswith(f"{path}: cannot be ")
    assert "\n" not in str(caught.value)
    assert not set(psutil.Process().children()) - before


@pytest.mark.processes
def test_a_program_that_is_cut_off_is_one_line(program: Path, tmp_path: Path) -> None:
    path = tmp_path / "net.pte"
    path.write_bytes(program.read_bytes()[: program.stat().st_size // 2])
    with pytest.raises(InvalidInput, match="cannot be "):
        open_model(path, normalise="none")
