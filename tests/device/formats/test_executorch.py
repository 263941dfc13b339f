"""ExecuTorch programs: one delegate, eight bits, and what is refused."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from torch.fx.traceback import NodeSource

from seesawnas.arch.layers import Pool
from seesawnas.device.formats import Contents
from seesawnas.device.formats.executorch import (
    CALIBRATION_BATCH,
    EXECUTORCH,
    executorch_bytes,
)
from seesawnas.errors import InvalidInput
from seesawnas.nn.deploy import deploy_form
from seesawnas.nn.deploy.form import PoolMap
from tests.device.formats.runtimes import run_executorch
from tests.device.formats.test_parity import network_of, noise
from tests.nn.deploy.networks import plain_network

pytest.importorskip("executorch", reason="executorch is not installed")


@pytest.mark.slow
def test_eight_bits_are_smaller_and_near(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    spec = plain_network("improved_residual")
    form, images = deploy_form(network_of(spec)), noise(spec, CALIBRATION_BATCH + 4)
    said: list[str] = []
    assert EXECUTORCH.write_int8 is not None
    EXECUTORCH.write_int8(form, tmp_path / "small", Contents(say=said.append), images)
    assert [line for line in said if line.startswith("calibrating")] == [
        f"calibrating: {done} of {len(images)} faces" for done in (0, CALIBRATION_BATCH)
    ]
    EXECUTORCH.write(form, tmp_path / "large", Contents())
    assert capfd.readouterr().out == ""
    sizes = [(tmp_path / f"{name}.pte").stat().st_size for name in ("small", "large")]
    assert sizes[0] < 0.5 * sizes[1]
    found, expected = (run_executorch(tmp_path / name, images[:4]) for name in ("small", "large"))
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    assert ((found * expected).sum(1) / lengths).min() > 0.97


def test_what_the_delegate_cannot_take_is_named() -> None:
    spec = plain_network("separable")
    form = deploy_form(network_of(spec))
    steps = list(form.steps)
    incomplete = Pool("average", 2, 2, 0, ceil=True)  # of 3 x 3 pixels
    place = next(i for i, one in enumerate(steps) if isinstance(one.operator, PoolMap))
    steps.insert(place, steps[place]._replace(name="pool", operator=PoolMap(incomplete)))
    steps[place + 1] = steps[place + 1]._replace(reads=(place,))
    with pytest.raises(InvalidInput, match="avg_pool2d") as caught:
        executorch_bytes(form.with_steps(steps))
    assert "\n" not in str(caught.value)
    assert gc.isenabled()
    assert not hasattr(NodeSource, "__deepcopy__")
