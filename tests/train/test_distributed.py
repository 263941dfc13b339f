"""Two processes against one, on the CPU through gloo.

Batch norm's statistics are of each process's own half of a batch, and SyncBatchNorm runs on no CPU.
The one process that they are held against computes each batch in two pieces, whose statistics are
of the same halves: everything else must then agree.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]


def _run(launcher: list[str], *words: str) -> Any:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *launcher, "-m", "tests.train.team_run", *words]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "margin"),
    [("1.0", "arcface"), ("0.4", "adaface"), ("1.0", "toy"), ("0.4", "distilled")],
)
def test_two_processes_lose_what_one_loses(rate: str, margin: str) -> None:
    two = _run(
        ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"], "1", rate, margin
    )
    one = _run([], "2", rate, margin)
    assert two["agree"]
    assert len(one["losses"]) == 12
    assert two["losses"] == pytest.approx(one["losses"], rel=1e-3)
    assert two["norm"] == pytest.approx(one["norm"], rel=1e-4)
