"""How well embeddings tell people apart: pairs, embeddings, protocols, and trained networks to measure."""

from seesawnas.evaluation.embedding import embed, in_eval_mode
from seesawnas.evaluation.evaluate import FARS, Evaluation, check_pairs, evaluate, few_cautions
from seesawnas.evaluation.face_model import FaceModel, open_model
from seesawnas.evaluation.identification import FPIRS, Identification, identify
from seesawnas.evaluation.normalisation import NORMALISATIONS
from seesawnas.evaluation.pairs import Pairs, make_pairs
from seesawnas.evaluation.pictures import embed_batches, embed_pictures, gathered
from seesawnas.evaluation.protocols import COSINE, INSIGHTFACE, PROTOCOLS, Protocol, find_protocol
from seesawnas.evaluation.roc import auc, curve, equal_error, operating_points
from seesawnas.evaluation.templates import template_embeddings, template_pairs
from seesawnas.evaluation.verification import Verification, separation, verify
from seesawnas.evaluation.verified_set import HowToVerify, VerifiedSet, verify_set

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
