"""ExecuTorch's exporter is hastened for a block of code, and left as it was afterwards."""

from __future__ import annotations

import gc

import pytest
from torch.fx.traceback import NodeSource

from seesawnas.device.formats.executorch import quick_export


def test_nothing_is_left_of_it_even_after_an_error_within_another() -> None:
    before = vars(NodeSource).get("__deepcopy__")
    with quick_export():
        assert not gc.isenabled()
        inner = vars(NodeSource)["__deepcopy__"]
        with pytest.raises(RuntimeError), quick_export():
            raise RuntimeError
        assert vars(NodeSource)["__deepcopy__"] is inner
        assert not gc.isenabled()
    assert gc.isenabled()
    assert vars(NodeSource).get("__deepcopy__") is before
