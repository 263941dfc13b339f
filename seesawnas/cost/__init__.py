"""What a network costs: arithmetic on operator values, in microseconds, without torch."""

from seesawnas.cost.budget import Budget
from seesawnas.cost.cost import Cost, PartCost, block_cost, cost, costs_by_block, costs_by_op, costs_by_stage

__all__ = ["Budget", "Cost", "PartCost", "block_cost", "cost", "costs_by_block", "costs_by_op", "costs_by_stage"]
