"""How well embeddings separate identities: pairs, embeddings, protocols, trained networks."""

from seesawnas.evaluation.benchmark import (
    HowToVerify,
    VerifiedSet,
    template_embeddings,
    template_pairs,
    verify_set,
)
from seesawnas.evaluation.comparison import Difference, paired_differences
from seesawnas.evaluation.embed import (
    DecodedImages,
    Images,
    embed,
    embed_batches,
    embed_images,
    embed_network,
    embed_pictures,
    embed_views,
    gathered,
)
from seesawnas.evaluation.identification import FPIRS, Identification, identify
from seesawnas.evaluation.models.digest import model_digest
from seesawnas.evaluation.models.normalisation import NORMALISATIONS
from seesawnas.evaluation.models.open import FaceModel, open_model, open_network
from seesawnas.evaluation.pairs import Pairs, make_pairs
from seesawnas.evaluation.protocols import COSINE, INSIGHTFACE, PROTOCOLS, Protocol, find_protocol
from seesawnas.evaluation.roc import auc, curve, equal_error, operating_points
from seesawnas.evaluation.verification import FARS, Evaluation, check_pairs, evaluate, few_cautions

__all__ = [
    "COSINE",
    "FARS",
    "FPIRS",
    "INSIGHTFACE",
    "NORMALISATIONS",
    "PROTOCOLS",
    "DecodedImages",
    "Difference",
    "Evaluation",
    "FaceModel",
    "HowToVerify",
    "Identification",
    "Images",
    "Pairs",
    "Protocol",
    "VerifiedSet",
    "auc",
    "check_pairs",
    "curve",
    "embed",
    "embed_batches",
    "embed_images",
    "embed_network",
    "embed_pictures",
    "embed_views",
    "equal_error",
    "evaluate",
    "few_cautions",
    "find_protocol",
    "gathered",
    "identify",
    "make_pairs",
    "model_digest",
    "open_model",
    "open_network",
    "operating_points",
    "paired_differences",
    "template_embeddings",
    "template_pairs",
    "verify_set",
]
