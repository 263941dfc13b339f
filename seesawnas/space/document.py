"""The grammar as a YAML document: its keys, checked all at once.

One language serves a search space and a search point; a point has nothing left to decide. Keys:

    name, about                 a label and a sentence
    input                       height, width (pixels); mean, std ((pixel - mean) / std)
    stem, head                  width, activation; head also embedding (none: the head's own channels)
    defaults                    block attributes for every block that does not set its own
    stages                      a list; each: depth, width (output channels), stride (of its first block), block
                                attributes for the stage, and `blocks`: {index: block attributes} for single blocks
    published                   what a paper prints of a point: params, madds, accuracies; and its source
    counted                     params and madds as they are counted here, exactly
    errata                      why the two differ

Block attributes: kind, split, expansion (middle = inputs x expansion) or middle (channels), se, activation, kernel, skip.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from seesawnas.errors import DocumentError
from seesawnas.space.attributes import BLOCK_ATTRIBUTES, DEFAULTS, Attribute, parse_attribute
from seesawnas.space.faults import lines_of
from seesawnas.space.kinds import other_kind
from seesawnas.units import parse_quantity
from seesawnas.wording import short

MAX_STAGES = 100
MAX_TEXT = 10_000
_FAR = 1e9  # from 0; no pixel's mean or deviation is there, and no infinity and no NaN is nearer


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _unconditional(name: str, raw: Any) -> Attribute:
    if isinstance(raw, dict) and "when" in raw:
        raise ValueError(f"must not have `when`, which attributes of blocks alone may have, got {short(raw['when'])}")
    return parse_attribute(name, raw)


def _three(raw: Any) -> tuple[float, float, float]:
    values = raw if isinstance(raw, list) else [raw] * 3
    numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool) and abs(v) <= _FAR]
    if len(values) != 3 or len(numbers) != 3:
        raise ValueError(f"must be a number, or one for each of red, green and blue, got {short(raw)}")
    return (float(values[0]), float(values[1]), float(values[2]))


def _std(raw: Any) -> tuple[float, float, float]:
    values = _three(raw)
    if min(values) <= 0:
        raise ValueError(f"must be positive, got {short(raw)}")
    return values


def _quantity(raw: Any) -> str:
    parse_quantity(raw)
    return str(raw)


def _text(raw: Any) -> str:
    if not isinstance(raw, (str, int, float)) or isinstance(raw, bool):
        raise ValueError(f"must be text, got {short(raw)}")
    if isinstance(raw, str) and len(raw) > MAX_TEXT:
        raise ValueError(f"must be at most {MAX_TEXT} characters, got {short(raw)}")
    return str(raw)


# Attributes of the input, stem, stages and head: no block to ask, so no conditions.
Side: TypeAlias = Annotated[Attribute, BeforeValidator(partial(_unconditional, "side"))]
Width: TypeAlias = Annotated[Attribute, BeforeValidator(partial(_unconditional, "width"))]
Depth: TypeAlias = Annotated[Attribute, BeforeValidator(partial(_unconditional, "depth"))]
Stride: TypeAlias = Annotated[Attribute, BeforeValidator(partial(_unconditional, "stride"))]
PartActivation: TypeAlias = Annotated[Attribute, BeforeValidator(partial(_unconditional, "activation"))]
Embedding: TypeAlias = Annotated[Attribute, BeforeValidator(partial(_unconditional, "embedding"))]
# Attributes of blocks. Left out one is None and a wider scope sets it; written as null it is what its rule makes of null.
Kind: TypeAlias = Annotated[Attribute | None, BeforeValidator(partial(parse_attribute, "kind"))]
Split: TypeAlias = Annotated[Attribute | None, BeforeValidator(partial(parse_attribute, "split"))]
Expansion: TypeAlias = Annotated[Attribute | None, BeforeValidator(partial(parse_attribute, "expansion"))]
Middle: TypeAlias = Annotated[Attribute | None, BeforeValidator(partial(parse_attribute, "middle"))]
Se: TypeAlias = Annotated[Attribute | None, BeforeValidator(partial(parse_attribute, "se"))]
Activation: TypeAlias = Annotated[Attribute | None, BeforeValidator(partial(parse_attribute, "activation"))]
Kernel: TypeAlias = Annotated[Attribute | None, BeforeValidator(partial(parse_attribute, "kernel"))]
Skip: TypeAlias = Annotated[Attribute | None, BeforeValidator(partial(parse_attribute, "skip"))]
Text: TypeAlias = Annotated[str, BeforeValidator(_text)]
Quantity: TypeAlias = Annotated[str, BeforeValidator(_quantity)]
Percent: TypeAlias = Annotated[float, Field(ge=0, le=100)]


class InputKeys(_Keys):
    """``input``."""

    height: Side = Attribute("height", (112,))
    width: Side = Attribute("width", (112,))
    mean: Annotated[tuple[float, float, float], BeforeValidator(_three)] = (127.5, 127.5, 127.5)
    std: Annotated[tuple[float, float, float], BeforeValidator(_std)] = (128.0, 128.0, 128.0)


class BlockKeys(_Keys):
    """Block attributes, none of them required here: a wider scope may set them."""

    kind: Kind = None
    split: Split = None
    expansion: Expansion = None
    middle: Middle = None
    se: Se = None
    activation: Activation = None
    kernel: Kernel = None
    skip: Skip = None

    @model_validator(mode="after")
    def _one_width(self) -> BlockKeys:
        if self.expansion is not None and self.middle is not None:
            raise ValueError("must give expansion or middle, got both")
        return self


class StageKeys(BlockKeys):
    """One of ``stages``."""

    depth: Depth = Attribute("depth", (1,))
    width: Width
    stride: Stride = Attribute("stride", (1,))
    blocks: dict[Annotated[int, Field(ge=0)], BlockKeys] = {}


class StemKeys(_Keys):
    """``stem``."""

    width: Width = Attribute("width", (64,))
    activation: PartActivation | None = None


class HeadKeys(_Keys):
    """``head``."""

    width: Width = Attribute("width", (512,))
    activation: PartActivation | None = None
    embedding: Embedding = Attribute("embedding", (512,))


class PublishedKeys(_Keys):
    """``published``: counts as printed (their last digit is their precision) and accuracies in percent."""

    params: Quantity | None = None
    madds: Quantity | None = None
    lfw: Percent | None = None
    cfp_fp: Percent | None = None
    agedb_30: Percent | None = None
    cplfw: Percent | None = None
    calfw: Percent | None = None
    source: Text = ""


def _reading(raw: Any) -> int | None:
    return None if raw in ("none", None) else parse_quantity(raw)


class ErratumKeys(_Keys):
    """One of ``errata``: text, or text and which published figures it explains.

    ``explains`` maps a figure to the count under the erratum's reading of the paper, ``none`` where no reading counts to it.
    """

    text: Text
    explains: dict[Literal["params", "madds"], Annotated[int | None, BeforeValidator(_reading)]] = {}


def _erratum(raw: Any) -> Any:
    return raw if isinstance(raw, dict) else {"text": raw}


class DocumentKeys(_Keys):
    """The whole document."""

    name: Text = ""
    about: Text = ""
    input: InputKeys = InputKeys()
    stem: StemKeys = StemKeys()
    defaults: BlockKeys = BlockKeys()
    stages: Annotated[list[StageKeys], Field(min_length=1, max_length=MAX_STAGES)]
    head: HeadKeys = HeadKeys()
    published: PublishedKeys = PublishedKeys()
    counted: dict[Annotated[str, Field(pattern="^(params|madds)$")], int] = {}
    errata: list[Annotated[ErratumKeys, BeforeValidator(_erratum)]] = []


_ROOMS: dict[str, type[_Keys]] = {
    "input": InputKeys,
    "stem": StemKeys,
    "defaults": BlockKeys,
    "stages": StageKeys,
    "head": HeadKeys,
    "published": PublishedKeys,
    "errata": ErratumKeys,
}


def parse_document(values: Any, source: str) -> DocumentKeys:
    """The document in ``values`` (from YAML or JSON). Raises DocumentError with every fault, ``source`` in front."""
    if not isinstance(values, dict):
        raise DocumentError(source, [f"must be a mapping of keys such as stem, stages, head, got {short(values)}"])
    if other := other_kind(values, "space", "point", ref=source):
        raise DocumentError(source, [f"must be a search space or point, got {other}"])
    try:
        document = DocumentKeys.model_validate(values)
    except ValidationError as error:
        raise DocumentError(source, list(dict.fromkeys(lines_of(error, _known)))) from None
    return document


def default_attribute(name: str) -> Attribute | None:
    """The grammar's own value for a block attribute that no scope sets, or None where one must."""
    return Attribute(name, (DEFAULTS[name],)) if name in DEFAULTS else None


def _known(loc: tuple[int | str, ...]) -> Iterable[str]:
    """The keys that stand beside the one at ``loc``; those that stand in ``defaults`` with a dot."""
    if len(loc) == 1:
        return [*DocumentKeys.model_fields, *(f"defaults.{name}" for name in BLOCK_ATTRIBUTES)]
    return (BlockKeys if len(loc) > 3 else _ROOMS.get(str(loc[0]), DocumentKeys)).model_fields
