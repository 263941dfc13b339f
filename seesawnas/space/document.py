"""The grammar as a YAML document: its keys, checked all at once.

One language serves a search space and a search point; a point has nothing left to decide. Keys:

    name, about                 a label and a sentence
    input                       height, width (pixels); mean, std ((pixel - mean) / std)
    stem, head                  width, activation; head also embedding (none: the head's own channels)
    defaults                    block attributes for every block that does not set its own
    stages                      a list; each: depth, width (output channels), stride (of its first block), block
                                attributes for the stage, and `blocks`: {index: block attributes} for single blocks
    published, errata, source   what a paper prints of a point, why it differs, and where it stands

Block attributes: kind, split, expansion (middle = inputs x expansion) or middle (channels), se, activation, kernel, skip.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from seesawnas.errors import DocumentError
from seesawnas.space.attributes import DEFAULTS, Attribute, parse_attribute
from seesawnas.units import parse_quantity


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _attribute(name: str) -> Any:
    return Annotated[Attribute, BeforeValidator(lambda raw: parse_attribute(name, raw))]


def _three(raw: Any) -> tuple[float, float, float]:
    values = raw if isinstance(raw, list) else [raw] * 3
    if len(values) != 3 or any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in values):
        raise ValueError(f"must be a number, or one for each of red, green and blue, got {raw}")
    return (float(values[0]), float(values[1]), float(values[2]))


def _std(raw: Any) -> tuple[float, float, float]:
    values = _three(raw)
    if min(values) <= 0:
        raise ValueError(f"must be positive, got {raw}")
    return values


def _quantity(raw: Any) -> str:
    parse_quantity(raw)
    return str(raw)


def _text(raw: Any) -> str:
    if not isinstance(raw, (str, int, float)) or isinstance(raw, bool):
        raise ValueError(f"must be text, got {raw}")
    return str(raw)


Text: TypeAlias = Annotated[str, BeforeValidator(_text)]
Quantity: TypeAlias = Annotated[str, BeforeValidator(_quantity)]
Percent: TypeAlias = Annotated[float, Field(ge=0, le=100)]


class InputKeys(_Keys):
    """``input``."""

    height: _attribute("height") = Attribute("height", (112,))
    width: _attribute("width") = Attribute("width", (112,))
    mean: Annotated[tuple[float, float, float], BeforeValidator(_three)] = (127.5, 127.5, 127.5)
    std: Annotated[tuple[float, float, float], BeforeValidator(_std)] = (128.0, 128.0, 128.0)


class BlockKeys(_Keys):
    """Block attributes, none of them required here: a wider scope may set them."""

    kind: _attribute("kind") | None = None
    split: _attribute("split") | None = None
    expansion: _attribute("expansion") | None = None
    middle: _attribute("middle") | None = None
    se: _attribute("se") | None = None
    activation: _attribute("activation") | None = None
    kernel: _attribute("kernel") | None = None
    skip: _attribute("skip") | None = None

    @model_validator(mode="after")
    def _one_width(self) -> BlockKeys:
        if self.expansion is not None and self.middle is not None:
            raise ValueError("must give expansion or middle, got both")
        return self


class StageKeys(BlockKeys):
    """One of ``stages``."""

    depth: _attribute("depth") = Attribute("depth", (1,))
    width: _attribute("width")
    stride: _attribute("stride") = Attribute("stride", (1,))
    blocks: dict[Annotated[int, Field(ge=0)], BlockKeys] = {}  # noqa: RUF012 (pydantic copies it)


class StemKeys(_Keys):
    """``stem``."""

    width: _attribute("width") = Attribute("width", (64,))
    activation: _attribute("activation") | None = None


class HeadKeys(_Keys):
    """``head``."""

    width: _attribute("width") = Attribute("width", (512,))
    activation: _attribute("activation") | None = None
    embedding: _attribute("embedding") = Attribute("embedding", (512,))


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


class DocumentKeys(_Keys):
    """The whole document."""

    name: Text = ""
    about: Text = ""
    input: InputKeys = InputKeys()
    stem: StemKeys = StemKeys()
    defaults: BlockKeys = BlockKeys()
    stages: Annotated[list[StageKeys], Field(min_length=1)]
    head: HeadKeys = HeadKeys()
    published: PublishedKeys = PublishedKeys()
    counted: dict[Annotated[str, Field(pattern="^(params|madds)$")], int] = {}  # noqa: RUF012 (pydantic copies it)
    errata: list[Text] = []  # noqa: RUF012 (pydantic copies it)


_ROOMS: dict[str, type[_Keys]] = {
    "input": InputKeys,
    "stem": StemKeys,
    "defaults": BlockKeys,
    "stages": StageKeys,
    "head": HeadKeys,
    "published": PublishedKeys,
}


def parse_document(values: Any, source: str) -> DocumentKeys:
    """The document in ``values`` (from YAML or JSON). Raises DocumentError with every fault, ``source`` in front."""
    if not isinstance(values, dict):
        raise DocumentError(source, [f"must be a mapping of keys such as stem, stages, head, got {_short(values)}"])
    try:
        document = DocumentKeys.model_validate(values)
    except ValidationError as error:
        raise DocumentError(source, list(dict.fromkeys(_faults(error)))) from None
    return document


def default_attribute(name: str) -> Attribute | None:
    """The grammar's own value for a block attribute that no scope sets, or None where one must."""
    return Attribute(name, (DEFAULTS[name],)) if name in DEFAULTS else None


def _faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        path = ".".join(str(part) for part in fault["loc"] if part != "[key]")
        yield f"{path}: {_rule(fault)}" if path else _rule(fault)


def _rule(fault: Any) -> str:
    value = _short(fault["input"])
    match fault["type"]:
        case "value_error":
            return str(fault["ctx"]["error"])
        case "extra_forbidden":
            return f"is not a known key{_nearest(fault['loc'])}"
        case "missing":
            return "is required, got nothing"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"must be a mapping, got {value}"
        case "list_type":
            return f"must be a list, got {value}"
        case "too_short":
            return "must have at least one entry, got none"
        case "greater_than_equal" | "less_than_equal":
            return f"{fault['msg'].replace('Input should', 'must')}, got {value}"
        case _:
            return f"{fault['msg'].replace('Input should', 'must').replace('String should', 'must')}, got {value}"


def _nearest(loc: tuple[int | str, ...]) -> str:
    room: type[_Keys] = DocumentKeys if len(loc) == 1 else _ROOMS.get(str(loc[0]), DocumentKeys)
    if len(loc) > 3:
        room = BlockKeys
    near = difflib.get_close_matches(str(loc[-1]), room.model_fields, n=1, cutoff=0.0)
    return f"; the nearest is {near[0]}" if near else ""


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
