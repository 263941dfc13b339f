"""What a network costs: arithmetic on operator values, in microseconds, without torch."""

from seesawnas.cost.budget import Budget
from seesawnas.cost.cost import Cost, PartCost, block_cost, cost, costs_by_block, costs_by_op, costs_by_stage
from seesawnas.cost.limits import Limit

__all__ = [
    "Budget",
    "Cost",
    "Limit",
    "PartCost",
    "block_cost",
    "cost",
    "costs_by_block",
    "costs_by_op",
    "costs_by_stage",
]
