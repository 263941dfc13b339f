"""What a network costs: arithmetic on operator values, in microseconds, without torch."""

from seesawnas.cost.budget import Budget, Limit
from seesawnas.cost.cost import (
    COSTS,
    Cost,
    CostKind,
    PartCost,
    block_cost,
    cost,
    costs_by_block,
    costs_by_op,
    costs_by_stage,
)
from seesawnas.cost.measures import ACTIVATION_BYTES, MADDS, PARAMS, Measure

__all__ = [
    "ACTIVATION_BYTES",
    "COSTS",
    "MADDS",
    "PARAMS",
    "Budget",
    "Cost",
    "CostKind",
    "Limit",
    "Measure",
    "PartCost",
    "block_cost",
    "cost",
    "costs_by_block",
    "costs_by_op",
    "costs_by_stage",
]
