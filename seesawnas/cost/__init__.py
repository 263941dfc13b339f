"""What a network costs: arithmetic on operator values, in microseconds, without torch."""

from seesawnas.cost.budget import Budget, Limit
from seesawnas.cost.cost import (
    ALL_COSTS,
    COSTS,
    LATENCY,
    Cost,
    CostKind,
    PartCost,
    block_cost,
    cost,
    costs_by_block,
    costs_by_op,
    costs_by_stage,
)
from seesawnas.cost.latency import LatencyModel
from seesawnas.cost.measures import ACTIVATION_BYTES, MADDS, PARAMS, Measure

__all__ = [
    "ACTIVATION_BYTES",
    "ALL_COSTS",
    "COSTS",
    "LATENCY",
    "MADDS",
    "PARAMS",
    "Budget",
    "Cost",
    "CostKind",
    "LatencyModel",
    "Limit",
    "Measure",
    "PartCost",
    "block_cost",
    "cost",
    "costs_by_block",
    "costs_by_op",
    "costs_by_stage",
]
