"""``seesawnas paper``: counted and published costs of every published network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from seesawnas.cli.options import Json

if TYPE_CHECKING:
    from seesawnas.report.network.published import KnownResult, LedgerRow


def paper(json: Json = False) -> None:
    """Compare every published network: the costs counted here and the published costs.

    If the two differ, an erratum gives the reason: how the paper counted, or that no way of
    counting gives the published value. Exit code 1 if a row differs without an erratum.
    """
    from dataclasses import asdict

    from seesawnas.cli.views.output import print_json
    from seesawnas.report.network.published import known_results, ledger

    rows, results = ledger(), known_results()
    if json:
        known: list[LedgerRow | KnownResult] = [*rows, *results]
        print_json([{**asdict(row), "is_published": row.is_published} for row in known])
    else:
        _print_table(rows)
        _print_results(results)
    if not all(row.agrees or row.explained for row in rows):
        raise typer.Exit(1)


def _print_table(rows: list[LedgerRow]) -> None:
    from seesawnas.cli.views.output import console, count, rounded, table

    out = console()
    notes = list(dict.fromkeys(row.explained_by for row in rows if row.explained_by))
    columns = ("network", ">params", ">published", ">MAdds", ">published", ">as FLOPs", "agrees")
    cells = [
        (
            row.name,
            count(row.params),
            rounded(row.published_params),
            count(row.madds),
            rounded(None if row.prints_flops else row.published_madds),
            rounded(row.published_madds if row.prints_flops else row.published_flops),
            _verdict(row, notes),
        )
        for row in rows
    ]
    out.print(table(columns, cells))
    for number, note in enumerate(notes, start=1):
        out.print(f"({number}) {note}", markup=False)
    for row in rows:
        for fault in row.faults:
            out.print(f"{row.name}: {fault}", markup=False, style="red")
    out.print(
        f"\n{_total(rows)} Counted: MAdds of conv and linear layers, all learnable parameters."
    )


def _print_results(results: tuple[KnownResult, ...]) -> None:
    from seesawnas.cli.views.output import console, rounded, table
    from seesawnas.space import TEST_SETS

    out = console()
    columns = (
        "network",
        ">params",
        ">MAdds",
        ">FLOPs",
        *(f">{words}" for words in TEST_SETS.values()),
    )
    cells = [
        (
            row.name,
            *map(rounded, (row.published_params, row.published_madds, row.published_flops)),
            *(_percent(row.accuracies.get(key)) for key in TEST_SETS),
        )
        for row in results
    ]
    out.print("\nNetworks with published results only (they cannot be built here):")
    out.print(table(columns, cells))


def _percent(value: float | None) -> str:
    """With two decimals, or more if more were published."""
    return "-" if value is None else max(f"{value:.2f}", f"{value:g}", key=len)


def _verdict(row: LedgerRow, notes: list[str]) -> str:
    if not row.agrees and not row.explained:
        return "NO"
    if not row.is_published:
        return "no published figure"
    words = "yes, with erratum" if row.agrees else "differs, see"
    return f"{words} ({notes.index(row.explained_by) + 1})" if row.explained_by else "yes"


def _total(rows: list[LedgerRow]) -> str:
    agreeing = sum(row.agrees and row.is_published for row in rows)
    differing = sum(row.explained for row in rows)
    silent = sum(row.agrees and not row.is_published for row in rows)
    wanted = len(rows) - silent
    if differing:
        words = (
            f"{agreeing + differing} of {wanted} agree, or differ for a documented reason: "
            f"{agreeing} agree, {differing} differ."
        )
    else:
        words = f"{agreeing} of {wanted} agree."
    return f"{words} {silent} more have no published figure." if silent else words
