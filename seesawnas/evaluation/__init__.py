"""How well embeddings tell people apart: pairs, embeddings, protocols, and trained networks to measure."""

from seesawnas.evaluation.benchmark import HowToVerify, VerifiedSet, template_embeddings, template_pairs, verify_set
from seesawnas.evaluation.embed import embed, embed_batches, embed_pictures, gathered, in_eval_mode
from seesawnas.evaluation.evaluate import FARS, Evaluation, check_pairs, evaluate, few_cautions
from seesawnas.evaluation.identification import FPIRS, Identification, identify
from seesawnas.evaluation.models.normalisation import NORMALISATIONS
from seesawnas.evaluation.models.open import FaceModel, open_model
from seesawnas.evaluation.pairs import Pairs, make_pairs
from seesawnas.evaluation.protocols import COSINE, INSIGHTFACE, PROTOCOLS, Protocol, find_protocol
from seesawnas.evaluation.roc import auc, curve, equal_error, operating_points
from seesawnas.evaluation.verification import Verification, separation, verify

__all__ = [
    "COSINE",
    "FARS",
    "FPIRS",
    "INSIGHTFACE",
    "NORMALISATIONS",
    "PROTOCOLS",
    "Evaluation",
    "FaceModel",
    "HowToVerify",
    "Identification",
    "Pairs",
    "Protocol",
    "Verification",
    "VerifiedSet",
    "auc",
    "check_pairs",
    "curve",
    "embed",
    "embed_batches",
    "embed_pictures",
    "equal_error",
    "evaluate",
    "few_cautions",
    "find_protocol",
    "gathered",
    "identify",
    "in_eval_mode",
    "make_pairs",
    "open_model",
    "operating_points",
    "separation",
    "template_embeddings",
    "template_pairs",
    "verify",
    "verify_set",
]
