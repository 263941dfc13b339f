"""How well embeddings tell people apart: pairs, embeddings and InsightFace's verification protocol."""

from seesawnas.evaluation.embedding import embed
from seesawnas.evaluation.pairs import Pairs, make_pairs
from seesawnas.evaluation.verification import Verification, separation, verify

__all__ = ["Pairs", "Verification", "embed", "make_pairs", "separation", "verify"]
