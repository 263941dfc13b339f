"""The reference networks count to the numbers of counts.yaml and other_counts.yaml.

On the meta device: shapes alone, nothing is computed.
"""

from __future__ import annotations

from functools import cache
from math import prod
from pathlib import Path

import pytest
import torch
import yaml
from torch import Tensor, nn

from tests.nn.reference.networks import REFERENCES
from tests.nn.reference.other_networks import OTHERS

NETWORKS = {**REFERENCES, **OTHERS}
COUNTS = {
    name: {"input": [112, 112], **counts}
    for file in ("counts.yaml", "other_counts.yaml")
    for name, counts in yaml.safe_load(Path(__file__).with_name(file).read_text()).items()
}


def test_every_reference_has_its_counts() -> None:
    assert list(COUNTS) == list(NETWORKS)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_reference_counts_to_its_golden_numbers(name: str) -> None:
    network, output, madds = _run(name)
    params = sum(parameter.numel() for parameter in network.parameters())
    assert {"params": params, "madds": madds} == {
        key: value for key, value in COUNTS[name].items() if key != "input"
    }
    assert output.shape == (1, NETWORKS[name].outputs)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_of_a_reference_takes_part(name: str) -> None:
    network, output, _ = _run(name)
    output.sum().backward()  # type: ignore[no-untyped-call]
    assert [path for path, parameter in network.named_parameters() if parameter.grad is None] == []


@cache
def _run(name: str) -> tuple[nn.Module, Tensor, int]:
    madds = 0

    def add(module: nn.Module, _: object, output: Tensor) -> None:
        nonlocal madds
        assert isinstance(module, nn.Conv2d | nn.Linear)
        # A weight's other axes: the inputs of one output.
        madds += output.numel() * prod(module.weight.shape[1:])

    with torch.device("meta"):
        network = NETWORKS[name].make().eval()
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.register_forward_hook(add)
        output: Tensor = network(torch.zeros(1, 3, *COUNTS[name]["input"]))
    return network, output, madds
