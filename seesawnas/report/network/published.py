"""The table of published networks: counted and published costs of each shipped paper point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import yaml

from seesawnas.cost import cost
from seesawnas.space import TEST_SETS, Erratum, PublishedValue, SearchPoint, load_point, shipped
from seesawnas.units import format_quantity

# a reading that does not print as the figure may still give its reason so near to it, relative to
# it
NEAR = 0.01
DIGITS = 3
"""The number of digits to which a published value that ends in zeros may be rounded, if an erratum
says so.
"""


class _Publication:
    """What is said of the costs that a row's source prints."""

    __slots__ = ()
    published_params: int | None
    published_madds: int | None
    published_flops: int | None

    @property
    def is_published(self) -> bool:
        """Whether there is a published figure that the counts can be compared with."""
        printed = (self.published_params, self.published_madds, self.published_flops)
        return any(figure is not None for figure in printed)


@dataclass(frozen=True, slots=True)
class LedgerRow(_Publication):
    """One paper point.

    Attributes:
        agrees: Whether its counts are the file's exact ones, and each published figure prints as
            counted, or as an erratum of the file counts it. True if no figure is published.
        explained: Whether it does not agree, but errata state the reason of each difference.
        explained_by: The errata's text in either case.
        faults: What nothing explains.
    """

    name: str
    params: int
    madds: int
    published_params: int | None
    published_madds: int | None
    agrees: bool
    explained_by: str | None
    faults: tuple[str, ...]
    published_flops: int | None = None
    explained: bool = False
    buildable: Literal[True] = True

    @property
    def prints_flops(self) -> bool:
        """Whether what is printed as MAdds are FLOPs, 2 x MAdds, as an erratum then says.

        Without an erratum it would not agree.
        """
        printed = self.published_madds
        return not self.faults and printed is not None and _is_near(2 * self.madds, printed)


def ledger() -> list[LedgerRow]:
    """A row for every paper point that ships."""
    return [ledger_row(load_point(ref)) for ref in shipped("paper")]


def ledger_row(point: SearchPoint) -> LedgerRow:
    """The row of one point."""
    total = cost(point.spec)
    counts = {"params": total.params, "madds": total.madds}
    said = point.published
    printed = {"params": said.params, "madds": said.madds, "flops": said.flops}
    found = _compare({**counts, "flops": total.flops}, printed, point.errata)
    faults = (*_off_record(counts, point.counted), *found.unexplained)
    return LedgerRow(
        point.spec.name,
        total.params,
        total.madds,
        _value(point.published.params),
        _value(point.published.madds),
        not faults and not found.differing,
        " ".join(erratum.text for erratum in found.errata) or None,
        faults,
        _value(said.flops),
        not faults and bool(found.differing),
    )


class _Compared(NamedTuple):
    errata: list[Erratum]
    """Those that speak for a figure that is not printed as counted."""
    differing: list[str]
    """Figures that no reading counts to, though an erratum states the reason."""
    unexplained: list[str]


def _compare(
    counts: Mapping[str, int],
    printed: Mapping[str, PublishedValue | None],
    errata: Sequence[Erratum],
) -> _Compared:
    compared = _Compared([], [], [])
    for figure, counted in counts.items():
        value = printed[figure]
        if value is None or value.agrees(counted):
            continue
        resolving = [erratum for erratum in errata if _rounds_to(erratum, figure, value)]
        found = resolving or [
            erratum for erratum in errata if _states_a_reason(erratum, figure, value)
        ]
        compared.errata.extend(erratum for erratum in found[:1] if erratum not in compared.errata)
        if not found:
            fault = (
                f"{figure}: published {format_quantity(value.value)}, counted {counted}, no erratum"
            )
            compared.unexplained.append(fault)
        elif not resolving:
            compared.differing.append(figure)
    return compared


def _rounds_to(erratum: Erratum, figure: str, printed: PublishedValue) -> bool:
    """Whether what the network counts to under the erratum's reading prints as the figure does."""
    reading = erratum.explains.get(figure)
    return reading is not None and (printed.agrees(reading) or _to_digits(printed).agrees(reading))


def _states_a_reason(erratum: Erratum, figure: str, printed: PublishedValue) -> bool:
    """Whether the erratum states a reason for the difference.

    It says that no reading counts to the figure, or has one that comes near to it.
    """
    if figure not in erratum.explains:
        return False
    reading = erratum.explains[figure]
    return reading is None or _is_near(reading, printed.value)


def _to_digits(printed: PublishedValue) -> PublishedValue:
    """The figure printed to three digits if its last zero is only a place, such as 1050 M.

    Any other figure is as printed.
    """
    step = 10 ** max(0, len(str(printed.value)) - DIGITS)
    return (
        PublishedValue(printed.value, max(printed.step, step))
        if printed.value % step == 0
        else printed
    )


def _is_near(reading: int, printed: int) -> bool:
    return abs(reading - printed) <= NEAR * printed


def _off_record(counts: Mapping[str, int], recorded: Mapping[str, int]) -> Iterator[str]:
    for figure, counted in counts.items():
        if figure not in recorded:
            yield f"{figure}: the file must record the exact count, got nothing"
        elif recorded[figure] != counted:
            yield f"{figure}: counted {counted}, on record {recorded[figure]}"


def _value(printed: PublishedValue | None) -> int | None:
    return None if printed is None else printed.value


@dataclass(frozen=True, slots=True)
class KnownResult(_Publication):
    """What is printed of a network.

    It has the keys of a :class:`~seesawnas.report.network.published.LedgerRow`, with nothing
    counted.

    ``published_madds`` and ``published_flops`` (2 x MAdds) are the print's figure in its own unit,
    one of them None. Accuracies are in percent, by test set.
    """

    name: str
    published_params: int | None
    published_madds: int | None
    published_flops: int | None
    accuracies: Mapping[str, float]
    source: str
    params: None = None
    madds: None = None
    agrees: None = None
    explained: None = None
    explained_by: None = None
    faults: tuple[str, ...] = ()
    buildable: Literal[False] = False

    @property
    def printed_costs(self) -> dict[str, int]:
        """Params and MAdds as printed, FLOPs halved; a cost that is not printed is absent."""
        madds = self.published_madds
        if madds is None and self.published_flops is not None:
            madds = self.published_flops // 2
        costs = {"madds": madds, "params": self.published_params}
        return {name: value for name, value in costs.items() if value is not None}


def list_accuracies(accuracies: Mapping[str, float]) -> str:
    """Published accuracies in words, in the order of the test sets."""
    named = ((title, accuracies.get(name)) for name, title in TEST_SETS.items())
    return (
        ", ".join(f"{title} {value:g} %" for title, value in named if value is not None)
        or "no published accuracy"
    )


@cache
def known_results() -> tuple[KnownResult, ...]:
    """The results known only from print, by name."""
    rows = yaml.safe_load(
        (files("seesawnas.report") / "known_results.yaml").read_text(encoding="utf-8")
    )
    return tuple(sorted(map(_result, rows), key=lambda result: result.name.lower()))


def _result(row: Mapping[str, str | float]) -> KnownResult:
    params, madds, flops = (
        PublishedValue.parse(str(row[name])).value if name in row else None
        for name in ("params", "madds", "flops")
    )
    accuracies = {name: float(row[name]) for name in TEST_SETS if name in row}
    return KnownResult(str(row["name"]), params, madds, flops, accuracies, str(row["source"]))
