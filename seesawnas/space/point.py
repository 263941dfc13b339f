"""Where :mod:`seesawnas.arch.codec` was: what imported it from here still does."""

from seesawnas.arch.codec import from_mapping, to_json, to_mapping

__all__ = ["from_mapping", "to_json", "to_mapping"]
