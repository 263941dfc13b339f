"""A deploy form as TorchScript, which torch and its mobile runtimes open."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from seesawnas.device.formats.base import Contents, Format
from seesawnas.io.files import write_atomically
from seesawnas.nn.deploy import DeployForm, to_module


def traced(form: DeployForm, batch: int) -> torch.jit.ScriptModule:
    """``form`` traced on ``batch`` images."""
    images = torch.zeros(batch, *form.input)
    with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch on its own tracer
        found = torch.jit.trace(to_module(form), images, check_trace=False)  # type: ignore[no-untyped-call]
    assert isinstance(found, torch.jit.ScriptModule)
    return found


def _write(form: DeployForm, stem: Path, contents: Contents) -> None:
    content = traced(form, contents.batch or 1).save_to_buffer()
    write_atomically(stem.with_name(stem.name + ".pt"), content)


TORCHSCRIPT = Format(
    name="torchscript",
    runtime="torch",
    suffixes=(".pt",),
    extra=None,
    waste=float("inf"),
    least_cosine=0.99999,
    any_batch=True,
    write=_write,
)
