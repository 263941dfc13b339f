"""``Budget``: the hard limits on what a network costs.

MAdds come first; params and activation bytes may be limited too, and the latency that a model
predicts: ``latency<=6ms@latency.yaml``, the file of the model after the ``@``. A path with a comma
stands in double quotes, and a double quote in it is doubled: ``latency<=6ms@"a,b/latency.yaml"``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seesawnas.arch import ArchSpec
from seesawnas.cost.cost import ALL_COSTS, LATENCY, Cost, cost
from seesawnas.cost.latency import LATENCY_FILE, LatencyModel
from seesawnas.errors import BudgetError
from seesawnas.io.files import expanded
from seesawnas.text import nearest, short
from seesawnas.units import format_latency, format_quantity, parse_latency, parse_quantity

_FORMS = "such as 150M, or a range such as 140M..150M"
_COMPARISON = re.compile("(<=|>=)")
_PART = re.compile(r'(?:@\s*"(?:[^"]|"")*"|[^,])*')
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_MOST_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class Limit:
    """``low`` <= the cost called ``name`` <= ``high``, both included.

    If ``high`` is None, there is no upper end.

    Attributes:
        model: What predicts a latency, whose ends are in microseconds; None for other costs, and
            if a study's budget is shown without its model.
        source: The model's file and digest, as studies keep them: ``latency.yaml#0123456789ab``.
    """

    name: str
    high: int | None
    low: int = 0
    model: LatencyModel | None = None
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.high is not None and self.low > self.high:
            what = "" if self.name == "madds" else f" {self.name}"
            raise BudgetError(
                f"budget{what} must have its lower limit first, got {self.low}..{self.high}"
            )

    @property
    def is_limit(self) -> bool:
        """Whether it has an end at all: no cost is below 0."""
        return self.high is not None or self.low > 0

    def admits(self, value: int) -> bool:
        """Whether ``value`` lies within."""
        return self.low <= value and (self.high is None or value <= self.high)

    @property
    def words(self) -> str:
        """The limit for people, such as ``params<=1.50 M`` or ``latency<=6 ms``."""
        write = format_latency if self.name == LATENCY.name else format_quantity
        low, high = (
            None if end is None else write(end, exact=True) for end in (self.low, self.high)
        )
        if high is None:
            return f"{self.name}>={low}"
        return f"{low}<={self.name}<={high}" if self.low else f"{self.name}<={high}"

    def __str__(self) -> str:
        return f"{self.words}@{quote_source(self.source)}" if self.source else self.words


def parse_limits(text: str, names: tuple[str, ...]) -> dict[str, Limit]:
    """The limits of a text whose parts stand between commas, by name.

    A part without a name limits the first of ``names``. What stands after an ``@`` is the limit's
    ``source``.

    Raises:
        BudgetError: If the text is too long, a part does not parse, or a limit is given twice.
    """
    if len(text) > _MOST_TEXT:
        raise BudgetError(f"budget must be at most {_MOST_TEXT} characters, got {short(text)!r}")
    ends: dict[tuple[str, str], tuple[int, str]] = {}
    sources: dict[str, str] = {}
    parts = [part.strip() for part in _parts(text)]
    for whole in parts:
        if not whole and len(parts) > 1:
            raise BudgetError(f"budget must have a limit between commas, got {short(text)!r}")
        part, sign, source = _with_source(whole)
        for name, side, value in _ends(part, names):
            _check_source(name, sign, source, sources)
            if (name, side) in ends:
                first = ends[name, side][1]
                raise BudgetError(
                    f"budget must have only one {side} limit of {name}, got {first!r} and "
                    f"{short(part)!r}"
                )
            ends[name, side] = value, part
    return {name: _limit(name, ends, sources.get(name, "")) for name, _ in ends}


def quote_source(source: str) -> str:
    """``source`` as it stands after the ``@`` of a budget: in quotes if it could be misread."""
    if not re.search('[,"]', source) and source == source.strip():
        return source
    return '"{}"'.format(source.replace('"', '""'))


def _parts(text: str) -> list[str]:
    """What stands between commas, those within a quoted file apart."""
    found, start = [], 0
    while (end := _part_end(text, start)) < len(text):
        found.append(text[start:end])
        start = end + 1
    return [*found, text[start:]]


def _part_end(text: str, start: int) -> int:
    match = _PART.match(text, start)
    assert match is not None
    return match.end()


def _with_source(part: str) -> tuple[str, str, str]:
    """A limit, ``@`` if it names a file, and the file."""
    limit, sign, source = (word.strip() for word in part.partition("@"))
    if quoted := _QUOTED.fullmatch(source):
        source = quoted[1].replace('""', '"')
    return limit, sign, source


def _check_source(name: str, sign: str, source: str, sources: dict[str, str]) -> None:
    """Keep the ``source`` of a limit.

    Raises:
        BudgetError: If the cost has none, or another one.
    """
    if not sign:
        return
    if name != LATENCY.name:
        raise BudgetError(f"budget must have a file for {LATENCY.name} alone, got one for {name}")
    if sources.setdefault(name, source) != source:
        raise BudgetError(
            f"budget must have only one file for {name}, got {short(sources[name])} and "
            f"{short(source)}"
        )


def _limit(name: str, ends: dict[tuple[str, str], tuple[int, str]], source: str) -> Limit:
    high = ends.get((name, "upper"))
    low = ends.get((name, "lower"))
    return Limit(name, high and high[0], low[0] if low else 0, source=source)


def _ends(part: str, names: tuple[str, ...]) -> list[tuple[str, str, int]]:
    """(cost, side, value) of each end that a part says."""
    if not re.search(r"[<>=]", part):
        return _band(part, names[0])
    words = [word.strip() for word in _COMPARISON.split(part)]
    if any(re.search(r"[<>=!]", word) for word in words[::2]):
        raise BudgetError(f"budget must use <= or >=, got {short(part)!r}")
    match words:
        case [left, sign, right] if _is_name(right):
            name = _known(right, names, part)
            return [(name, _side(sign, after=False), _quantity(name, left, part))]
        case [left, sign, right]:
            name = _known(left, names, part)
            return [(name, _side(sign), _quantity(name, right, part))]
        case [left, sign, name, again, right] if sign == again:
            name = _known(name, names, part)
            first = name, _side(sign, after=False), _quantity(name, left, part)
            return [first, (name, _side(sign), _quantity(name, right, part))]
    raise BudgetError(
        f"budget must have limits of the form params<=1.5M or 1M<=params<=1.5M, got {short(part)!r}"
    )


def _band(part: str, name: str) -> list[tuple[str, str, int]]:
    words = re.split(r"\.\.+", part)
    try:
        ends = [parse_quantity(word) for word in words]
    except ValueError as error:
        raise BudgetError(f"budget {error}; write {_FORMS}") from None
    match ends:
        case [high]:
            return [(name, "upper", high)]
        case [low, high]:
            return [(name, "lower", low), (name, "upper", high)]
    raise BudgetError(f"budget must be a maximum or a range, got {short(part)!r}; write {_FORMS}")


def _side(sign: str, *, after: bool = True) -> str:
    """Which end a number is, that stands after, or before, the name and the sign."""
    return "upper" if (sign == "<=") is after else "lower"


def _is_name(word: str) -> bool:
    return re.match(r"[^\W\d]", word) is not None


def _known(word: str, names: tuple[str, ...], part: str) -> str:
    name = re.sub(r"[\s_-]+", "_", word.strip().lower())
    if name not in names:
        raise BudgetError(
            f"budget must limit {', '.join(names[:-1])} or {names[-1]}, got "
            f"{short(word.strip())!r} in {short(part)!r}"
        )
    return name


def _quantity(name: str, word: str, part: str) -> int:
    try:
        return parse_latency(word) if name == LATENCY.name else parse_quantity(word)
    except ValueError as error:
        raise BudgetError(f"budget {error} in {short(part)!r}") from None


def _with_model(limit: Limit, read: bool) -> Limit:
    """A limit on latency with its model; another as it is.

    Raises:
        BudgetError: If there is no file, it cannot be read, or it is not the one that was meant.
        DocumentError: If it is no model.
    """
    if limit.name != LATENCY.name:
        return limit
    match = _SOURCE.fullmatch(limit.source)
    file, digest = match.groups() if match else ("", None)
    if not file:
        raise BudgetError(
            f"budget {limit.name} must have the file of its model, such as "
            f"{limit.words.replace(' ', '')}@{LATENCY_FILE}, got {limit.words}"
        )
    if not read:
        return limit
    model = LatencyModel.read(file)
    if digest and digest != model.digest:
        raise BudgetError(
            f"budget must have the latency model {digest} in {file}, got {model.digest}; give "
            "the file without # to use it as it is"
        )
    return limit_latency(model, limit.high, limit.low)


_SOURCE = re.compile(r"(.*?)\s*(?:#([0-9a-f]{12}))?", re.DOTALL)


def limit_latency(model: LatencyModel, high: int | None, low: int = 0) -> Limit:
    """The limit on the latency that ``model`` predicts, in microseconds."""
    return Limit(LATENCY.name, high, low, model, f"{LATENCY_FILE}#{model.digest}")


def anchor_files(text: str, folder: Path) -> str:
    """The text of a budget whose files are relative to ``folder``, with absolute ones.

    ``~`` is the home directory, unless the folder has a file of that very name.

    Raises:
        BudgetError: If a home directory is not known.
    """
    parts = []
    for part in _parts(text):
        source = _with_source(part)[2]
        if source:
            file = folder.absolute() / source
            if not file.with_name(file.name.split("#")[0] or "#").exists():
                file = folder.absolute() / expanded(source, BudgetError)
            part = f"{part.partition('@')[0]}@{quote_source(str(file))}"
        parts.append(part)
    return ",".join(parts)


NAMES = tuple(ALL_COSTS)

PRESETS: dict[str, str] = {
    "seesaw": "150M",
    "mobilefacenet": "221M",
    "lfr2019-light": "500M, params<=5M",
}
"""Budgets by name: SeesawFaceNets' and MobileFaceNet's own, and the light track of the Lightweight
Face Recognition challenge of 2019 (1 GFLOPs, which are 500M MAdds, and 20 MB of float32 weights,
which are 5M params).
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """``low`` <= MAdds <= ``high``, both included, and ``others``; ``high`` None is no ceiling.

    ``others`` hold at most one limit a cost, in the order of :class:`Cost`, and never MAdds.
    """

    high: int | None
    low: int = 0
    others: tuple[Limit, ...] = ()

    def __post_init__(self) -> None:
        if self.high is not None and self.low > self.high:
            raise BudgetError(
                f"budget must have its lower limit first, got {self.low}..{self.high}"
            )
        names = [limit.name for limit in self.others]
        if names != [name for name in NAMES[1:] if name in names]:
            raise BudgetError(
                f"budget must limit each of {', '.join(NAMES[1:])} once, in this order, got {names}"
            )
        if not (self.limits_madds or self.others):
            raise BudgetError("budget must contain a limit, got nothing")

    @classmethod
    def parse(cls, text: str, *, read: bool = True) -> Budget:
        """The budget of a text: ``150M`` is a ceiling, ``140M..150M`` a band.

        ``140M<=madds<=150M, params<=1.5M`` limits several costs, ``latency<=6ms@latency.yaml`` what
        the model in that file predicts. A name of ``PRESETS`` is what it stands for.

        Args:
            text: What users write, or :meth:`setting` if it is text.
            read: Whether to read the latency model. Without it a budget can be shown, but admits
                nothing.

        Raises:
            BudgetError: If the text does not parse, contains no limit, or there is no such file.
            DocumentError: If the file is no latency model.
        """
        text = _preset(text)
        found = {
            name: _with_model(limit, read)
            for name, limit in parse_limits(text, NAMES).items()
            if limit.is_limit
        }
        if not found:
            raise BudgetError(f"budget must contain a limit, got {short(text)!r}")
        madds = found.get("madds", Limit("madds", None))
        return cls(madds.high, madds.low, tuple(found[name] for name in NAMES[1:] if name in found))

    @property
    def latency(self) -> Limit | None:
        """The limit on latency."""
        return next((limit for limit in self.others if limit.name == LATENCY.name), None)

    @property
    def model(self) -> LatencyModel | None:
        """What predicts latencies; None if they are not limited."""
        return None if self.latency is None else self.latency.model

    @property
    def predicted_ends(self) -> tuple[int, int | None]:
        """The least and the largest latency that may be predicted, in microseconds.

        They are those whose bound, with the model's factor, lies within the limit.
        """
        limit = self.latency
        if limit is None or limit.model is None:
            return 0, None
        low = limit.model.most_predicted(limit.low - 1) + 1
        return low, None if limit.high is None else limit.model.most_predicted(limit.high)

    def costs(self, spec: ArchSpec) -> Mapping[str, int]:
        """What a network costs of all that may be limited, by name, as limits have it.

        The latency is the bound that follows from the model; without a model there is none.

        Raises:
            BudgetError: If the model cannot predict it.
        """
        total = cost(spec)
        found = {name: int(getattr(total, name)) for name in NAMES if name != LATENCY.name}
        if self.model is not None:
            found[LATENCY.name] = self.model.bound(self.model.predict(spec))
        return found

    def admits_costs(self, costs: Mapping[str, int]) -> bool:
        """Whether a network of these :meth:`costs` fits."""
        return all(limit.admits(costs[limit.name]) for limit in self.limits)

    def admits_network(self, spec: ArchSpec) -> bool:
        """Whether a network fits.

        Raises:
            BudgetError: If a model cannot predict its latency.
        """
        return self.admits(cost(spec)) and (
            self.model is None or self.admits_costs(self.costs(spec))
        )

    def admits(self, cost: Cost) -> bool:
        """Whether a network of this cost fits, whatever its latency."""
        return self.admits_madds(cost.madds) and all(
            limit.admits(getattr(cost, limit.name))
            for limit in self.others
            if limit.name != LATENCY.name
        )

    def admits_madds(self, madds: int) -> bool:
        """Whether a network of ``madds`` MAdds fits the limit on MAdds, whatever else it costs."""
        return self.low <= madds and (self.high is None or madds <= self.high)

    @property
    def limits_madds(self) -> bool:
        """Whether it has an end on MAdds."""
        return self.high is not None or self.low > 0

    @property
    def limits(self) -> tuple[Limit, ...]:
        """All limits, by cost."""
        return (
            *((Limit("madds", self.high, self.low),) if self.limits_madds else ()),
            *self.others,
        )

    @property
    def madds_words(self) -> str:
        """The limit on MAdds for people, such as ``150.00 M MAdds``; empty if there is none."""
        if self.high is None:
            return f"{format_quantity(self.low, exact=True)} MAdds or more" if self.low else ""
        return f"{self._madds()} MAdds"

    @property
    def others_words(self) -> str:
        """The other limits for people, such as ``params<=1.50 M``."""
        return ", ".join(limit.words for limit in self.others)

    @property
    def words(self) -> str:
        """All limits for people: ``150.00 M MAdds, params<=1.50 M``."""
        return ", ".join(filter(None, (self.madds_words, self.others_words)))

    def setting(self) -> list[int] | str:
        """The budget as studies and JSON keep it.

        (low, high) of MAdds if these are all, else the text that parses to it.
        """
        return str(self) if self.others or self.high is None else [self.low, self.high]

    def __str__(self) -> str:
        return ", ".join(filter(None, (self._madds(), *map(str, self.others))))

    def _madds(self) -> str:
        if self.high is None:
            return str(Limit("madds", None, self.low)) if self.low else ""
        high = format_quantity(self.high, exact=True)
        return f"{format_quantity(self.low, exact=True)}..{high}" if self.low else high


def _preset(text: str) -> str:
    """What a preset's name stands for; other text as it is.

    Raises:
        BudgetError: If ``text`` is a word that is like a name.
    """
    word = text.strip().lower().replace("_", "-")
    if word in PRESETS:
        return PRESETS[word]
    if len(word) <= _LONGEST_NAME and _NAME.fullmatch(word) and (near := nearest(word, PRESETS)):
        raise BudgetError(
            f"budget must be limits such as 150M, or {', '.join(PRESETS)}, got {text!r}; did you "
            f"mean {near}?"
        )
    return text


_LONGEST_NAME = 40
_NAME = re.compile(r"[a-z][a-z0-9-]+")
