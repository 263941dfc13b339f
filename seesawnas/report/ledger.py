"""The reproduction ledger: what each shipped paper point counts to, beside what was published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from seesawnas.cost import cost
from seesawnas.space import Erratum, Printed, SearchPoint, load_point, shipped
from seesawnas.units import format_quantity

NEAR = 0.01  # an erratum's reading must come this near to the printed figure, relative to it


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One paper point. ``agrees``: its counts are the file's exact ones, and each published figure prints as counted or is
    explained by an erratum of the file (``explained_by``, the errata's text). ``faults`` says what does not agree.
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
    buildable: Literal[True] = True

    @property
    def prints_flops(self) -> bool:
        """Whether what is printed as MAdds are FLOPs, 2 x MAdds, as an erratum then says: without one it would not agree."""
        printed = self.published_madds
        return self.agrees and printed is not None and _is_near(2 * self.madds, printed)


def ledger() -> list[LedgerRow]:
    """A row for every paper point that ships."""
    return [ledger_row(load_point(ref)) for ref in shipped("paper")]


def ledger_row(point: SearchPoint) -> LedgerRow:
    """The row of one point."""
    total = cost(point.spec)
    counts = {"params": total.params, "madds": total.madds}
    said = point.published
    printed = {"params": said.params, "madds": said.madds, "flops": said.flops}
    explaining, unexplained = _compare({**counts, "flops": total.flops}, printed, point.errata)
    faults = (*_off_record(counts, point.counted), *unexplained)
    return LedgerRow(
        point.spec.name,
        total.params,
        total.madds,
        _value(point.published.params),
        _value(point.published.madds),
        not faults,
        " ".join(erratum.text for erratum in explaining) or None,
        faults,
        _value(said.flops),
    )


def _compare(
    counts: Mapping[str, int], printed: Mapping[str, Printed | None], errata: Iterable[Erratum]
) -> tuple[list[Erratum], list[str]]:
    """(errata that explain a difference, differences that none explains)."""
    explaining: list[Erratum] = []
    unexplained = []
    for figure, counted in counts.items():
        value = printed[figure]
        if value is None or value.agrees(counted):
            continue
        found = [erratum for erratum in errata if _explains(erratum, figure, value)]
        explaining += [erratum for erratum in found[:1] if erratum not in explaining]
        if not found:
            unexplained.append(f"{figure}: published {format_quantity(value.value)}, counted {counted}, and no erratum")
    return explaining, unexplained


def _explains(erratum: Erratum, figure: str, printed: Printed) -> bool:
    """An erratum speaks for a figure where it names it, and its reading, if it has one, counts to about that figure."""
    if figure not in erratum.explains:
        return False
    reading = erratum.explains[figure]
    return reading is None or printed.agrees(reading) or _is_near(reading, printed.value)


def _is_near(reading: int, printed: int) -> bool:
    return abs(reading - printed) <= NEAR * printed


def _off_record(counts: Mapping[str, int], recorded: Mapping[str, int]) -> Iterator[str]:
    for figure, counted in counts.items():
        if figure not in recorded:
            yield f"{figure}: the file must record the exact count, got nothing"
        elif recorded[figure] != counted:
            yield f"{figure}: counted {counted}, on record {recorded[figure]}"


def _value(printed: Printed | None) -> int | None:
    return None if printed is None else printed.value
