"""What a search learns from earlier studies: their trials, and what these say of its options."""

from seesawnas.search.priors.prior import Prior
from seesawnas.search.priors.sources import keep_priors, kept_priors, read_priors, stored_priors

__all__ = ["Prior", "keep_priors", "kept_priors", "read_priors", "stored_priors"]
