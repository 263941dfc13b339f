"""The grammar as a YAML document: its keys, checked all at once.

One language serves a search space and a search point; a point has nothing left to decide. Keys:

    name, about                 a label and a sentence
    input                       height, width (pixels); mean, std ((pixel - mean) / std)
    stem, head                  kind, width, attributes of that kind; of the kinds by default:
                                activation; head also embedding
                                (none: the head's own channels)
    defaults                    block attributes for every block that does not set its own
    stages                      a list; each: depth, width (output channels), stride (of its first
                                block), block attributes for the stage, and
                                `blocks`: {index: block attributes} for single blocks
    published                   what a paper prints of a point: params, madds, accuracies; and its
                                source
    counted                     params and madds as they are counted here, exactly
    errata                      why the two differ

Block attributes are ``kind`` and what the kinds of blocks declare: split, expansion (middle =
inputs x expansion) or middle (channels), se, activation, kernel, skip, and those of kinds from
elsewhere, by entry point or named as ``module:Class``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    model_validator,
)

from seesawnas.arch.blocks import AttributeInfo, Role
from seesawnas.errors import DocumentError
from seesawnas.io.kinds import other_kind
from seesawnas.io.validation import lines_of
from seesawnas.space.attributes import Attribute, parse_attribute
from seesawnas.space.grammar import DEFAULT_KINDS, Grammar, grammar_of, partners
from seesawnas.space.missing_kinds import follows_missing_kind
from seesawnas.text import short
from seesawnas.units import parse_quantity

MAX_STAGES = 100
MAX_TEXT = 10_000
_FAR = 1e9  # from 0; no pixel's mean or deviation is there, and no infinity and no NaN is nearer


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _three(raw: Any) -> tuple[float, float, float]:
    values = raw if isinstance(raw, list) else [raw] * 3
    numbers = [
        v
        for v in values
        if isinstance(v, (int, float)) and not isinstance(v, bool) and abs(v) <= _FAR
    ]
    if len(values) != 3 or len(numbers) != 3:
        raise ValueError(
            f"must be a number, or one for each of red, green and blue, got {short(raw)}"
        )
    return (float(values[0]), float(values[1]), float(values[2]))


def _std(raw: Any) -> tuple[float, float, float]:
    values = _three(raw)
    if min(values) <= 0:
        raise ValueError(f"must be positive, got {short(raw)}")
    return values


def _quantity(raw: Any) -> str:
    parse_quantity(raw)
    return str(raw)


def text(raw: Any) -> str:
    """``raw`` as text; YAML takes some words for numbers.

    Raises:
        ValueError: If ``raw`` is neither text nor a number, or is too long.
    """
    if not isinstance(raw, (str, int, float)) or isinstance(raw, bool):
        raise ValueError(f"must be text, got {short(raw)}")
    if isinstance(raw, str) and len(raw) > MAX_TEXT:
        raise ValueError(f"must be at most {MAX_TEXT} characters, got {short(raw)}")
    return str(raw)


Text: TypeAlias = Annotated[str, BeforeValidator(text)]
Quantity: TypeAlias = Annotated[str, BeforeValidator(_quantity)]
Percent: TypeAlias = Annotated[float, Field(ge=0, le=100)]


class AttributeKeys(_Keys):
    """Keys that are attributes: of a stem, a block or a head.

    None of them is required here: a wider scope may set it.
    """

    def attributes(self) -> dict[str, Attribute]:
        """What was said, by the attribute's name, in the grammar's order.

        An attribute that is written as null is what its rule makes of null.
        """
        found = {
            name: getattr(self, name)
            for name in type(self).model_fields
            if name.startswith(_PREFIX)
        }
        return {
            name.removeprefix(_PREFIX): value for name, value in found.items() if value is not None
        }


class PublishedKeys(_Keys):
    """``published``: counts as printed, in the unit of the print, and accuracies in percent.

    The last digit of a count is its precision.
    """

    params: Quantity | None = None
    madds: Quantity | None = None
    flops: Quantity | None = None
    lfw: Percent | None = Field(default=None, title="LFW")
    cfp_fp: Percent | None = Field(default=None, title="CFP-FP")
    agedb_30: Percent | None = Field(default=None, title="AgeDB-30")
    cplfw: Percent | None = Field(default=None, title="CPLFW")
    calfw: Percent | None = Field(default=None, title="CALFW")
    source: Text = ""


TEST_SETS = {
    name: about.title
    for name, about in PublishedKeys.model_fields.items()
    if about.title is not None
}
"""The test sets whose accuracies papers print: their keys, and what people call them."""


def _reading(raw: Any) -> int | None:
    return None if raw in ("none", None) else parse_quantity(raw)


class ErratumKeys(_Keys):
    """One of ``errata``: text, or text and which published figures it explains.

    ``explains`` maps a figure to the count under the erratum's reading of the paper, or to ``none``
    if no reading counts to it.
    """

    text: Text
    explains: dict[
        Literal["params", "madds", "flops"], Annotated[int | None, BeforeValidator(_reading)]
    ] = {}


def _erratum(raw: Any) -> Any:
    return raw if isinstance(raw, dict) else {"text": raw}


_PREFIX = "said_"
"""Of an attribute's field: what a kind calls its attributes may be a method of a model."""


def _unconditional(name: str, grammar: Grammar, role: Role, raw: Any) -> Attribute:
    if isinstance(raw, dict) and "when" in raw:
        raise ValueError(
            f"must not have `when` (only block attributes may), got {short(raw['when'])}"
        )
    return parse_attribute(name, raw, grammar, role)


def _block_attribute(name: str, grammar: Grammar, raw: Any) -> Attribute:
    return parse_attribute(name, raw, grammar)


def _own(name: str, grammar: Grammar, role: Role = "block") -> Any:
    """The type of what every input, stage, stem or head has: no block to ask, so no conditions."""
    return Annotated[Attribute, BeforeValidator(partial(_unconditional, name, grammar, role))]


def _attributes(grammar: Grammar, role: Role) -> dict[str, Any]:
    """Fields of the attributes of a role's kinds."""
    rules = {
        name: partial(_block_attribute, name, grammar)
        if role == "block"
        else partial(_unconditional, name, grammar, role)
        for name in grammar.names(role)
    }
    return {
        f"{_PREFIX}{name}": (
            Annotated[Attribute | None, BeforeValidator(rule)],
            Field(default=None, alias=name),
        )
        for name, rule in rules.items()
    }


def _check_pairs(said: Iterable[str], declared: Mapping[str, AttributeInfo]) -> None:
    """Check that of two attributes that say one thing, only one is said.

    Raises:
        ValueError: If both are said.
    """
    for name in said:
        for other in partners(name, declared):
            if other in said:
                raise ValueError(f"must have only one of {name} and {other}, got both")


def _block_keys(grammar: Grammar) -> type[AttributeKeys]:
    def one_of_pair(keys: AttributeKeys) -> AttributeKeys:
        _check_pairs(keys.attributes(), grammar.declared["block"])
        return keys

    check: Any = model_validator(mode="after")(one_of_pair)
    model: Any = create_model(
        "BlockKeys",
        __base__=AttributeKeys,
        __validators__={"one_of_pair": check},
        **_attributes(grammar, "block"),
    )
    return model  # type: ignore[no-any-return]


def _part_keys(grammar: Grammar, role: Role, width: int) -> type[AttributeKeys]:
    fields = _attributes(grammar, role)
    kind = Attribute("kind", (DEFAULT_KINDS[role],))
    fields[f"{_PREFIX}kind"] = (_own("kind", grammar, role), Field(default=kind, alias="kind"))
    own: Any = {"width": (_own("width", grammar, role), Attribute("width", (width,)))}
    model: Any = create_model(f"{role.capitalize()}Keys", __base__=AttributeKeys, **own, **fields)
    return model  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Models:
    """The keys of a document under one grammar: of the whole and, by their name, of its parts."""

    grammar: Grammar
    whole: type[Any]
    parts: Mapping[str, type[_Keys]]
    block: type[AttributeKeys]


@lru_cache(maxsize=64)
def _models(grammar: Grammar) -> Models:
    blocks = _block_keys(grammar)
    one, side = Attribute("depth", (1,)), Attribute("height", (112,))
    image: Any = {
        "height": (_own("side", grammar), side),
        "width": (_own("side", grammar), side.at("width")),
        "mean": (
            Annotated[tuple[float, float, float], BeforeValidator(_three)],
            (127.5, 127.5, 127.5),
        ),
        "std": (
            Annotated[tuple[float, float, float], BeforeValidator(_std)],
            (128.0, 128.0, 128.0),
        ),
    }
    stage: Any = {
        "depth": (_own("depth", grammar), one),
        "width": (_own("width", grammar), ...),
        "stride": (_own("stride", grammar), one.at("stride")),
        "blocks": (dict[Annotated[int, Field(ge=0)], blocks], {}),  # type: ignore[valid-type]
    }
    input_keys: Any = create_model("InputKeys", __base__=_Keys, **image)
    stages: Any = create_model("StageKeys", __base__=blocks, **stage)
    stem, head = _part_keys(grammar, "stem", 64), _part_keys(grammar, "head", 512)
    whole: Any = {
        "name": (Text, ""),
        "about": (Text, ""),
        "input": (input_keys, input_keys()),
        "stem": (stem, stem()),
        "defaults": (blocks, blocks()),
        "stages": (Annotated[list[stages], Field(min_length=1, max_length=MAX_STAGES)], ...),
        "head": (head, head()),
        "published": (PublishedKeys, PublishedKeys()),
        "counted": (dict[Annotated[str, Field(pattern="^(params|madds)$")], int], {}),
        "errata": (list[Annotated[ErratumKeys, BeforeValidator(_erratum)]], []),
    }
    parts = {"input": input_keys, "stem": stem, "defaults": blocks, "stages": stages, "head": head}
    parts |= {"published": PublishedKeys, "errata": ErratumKeys}
    return Models(grammar, create_model("DocumentKeys", __base__=_Keys, **whole), parts, blocks)


def parse_document(values: Any, source: str) -> tuple[Any, Grammar]:
    """The document in ``values`` (from YAML or JSON), and the grammar that it is written in.

    Raises:
        DocumentError: With every fault, and ``source`` in front, if the document breaks rules.
    """
    if not isinstance(values, dict):
        raise DocumentError(
            source, [f"must be a mapping of keys such as stem, stages, head, got {short(values)}"]
        )
    if other := other_kind(values, "space", "point", ref=source):
        raise DocumentError(source, [f"must be a search space or point, got {other}"])
    models = _models(grammar_of(values))
    try:
        document = models.whole.model_validate(values)
    except ValidationError as error:
        lines = lines_of(
            error, partial(_known, models), follows_missing_kind(values, models.grammar)
        )
        raise DocumentError(source, list(dict.fromkeys(lines))) from None
    return document, models.grammar


def _known(models: Models, loc: tuple[int | str, ...]) -> Iterable[str]:
    """The keys that stand beside the one at ``loc``.

    Those that stand in ``defaults`` are given with a dot.
    """
    if len(loc) == 1:
        return [
            *models.whole.model_fields,
            *(f"defaults.{name}" for name in models.grammar.names("block")),
        ]
    keys = models.block if len(loc) > 3 else models.parts.get(str(loc[0]), models.whole)
    return [found.alias or name for name, found in keys.model_fields.items()]
