"""One list in many layouts: what a program may print differently and a reader must understand the same."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from hypothesis import strategies as st
from openpyxl import Workbook

from core.money import ZERO, total
from core.open_items import printed

KEY_DATE = date(2026, 11, 20)


class Item(NamedTuple):
    account: str
    number: str
    amount: Decimal
    document_date: date | None
    due_date: date | None
    symbol: str
    text: str


WORDS: Mapping[str, Sequence[str]] = {
    "account": ("Konto", "KONTO-NR.", "Kto.Nr", "Personenkonto", "Debitoren-Nr."),
    "number": ("OP-Nr.", "OPNr", "OP-Nummer", "Rechnungs-Nr", "Beleg-Nr.", "Belegfeld 1"),
    "document_date": ("Datum", "Belegdatum", "Beleg-Datum", "Rechnungsdatum"),
    "due_date": ("Fälligkeit", "Fällig am", "Nettodatum", "FAELLIGKEITSDATUM"),
    "open": ("offener Betrag", "Offen", "OP-Betrag", "Saldo", "Restbetrag EUR", "Betrag"),
    "debit": ("SOLL", "Betrag Soll", "Sollbetrag"),
    "credit": ("HABEN", "Betrag Haben", "Habenbetrag"),
    "side": ("S/H", "Soll/Haben-Kz."),
    "symbol": ("BK", "Belegkreis", "Buchsymbol"),
    "text": ("Text", "Buchungstext"),
    "extra": ("Mahnstufe", "Irgendetwas", ""),
}
NUMBERS: Mapping[str, Callable[[Decimal], str]] = {
    "1.790,50": printed,
    "1790,50": lambda amount: f"{amount:.2f}".replace(".", ","),
    "1790.50": lambda amount: f"{amount:.2f}",
    "1'790,50": lambda amount: printed(amount).replace(".", "'"),
}
DAYS: Mapping[str, Callable[[date], str]] = {
    "dd.MM.yyyy": lambda day: f"{day:%d.%m.%Y}",
    "dd.MM.yy": lambda day: f"{day:%d.%m.%y}",
    "yyyyMMdd": lambda day: f"{day:%Y%m%d}",
    "TTMMJJJJ": lambda day: f"{day:%d%m%Y}",
    "serial": lambda day: str((day - date(1899, 12, 30)).days),
}
SIDES = ("signed", "trailing minus", "suffix", "side column", "debit and credit")

PLAIN = ("Rechnung", "Käfer", "& Söhne", "4711", "Größe")
MISLEADING = ("Summe", "Saldo", "Konto 2800", "Seite 3", "Differenz", "Ende")
"""What may also stand in rows that are no documents."""

amounts = st.decimals(min_value=-(10**7), max_value=10**7, places=2).map(lambda amount: amount + ZERO)
days = st.dates(date(2000, 1, 1), date(2059, 12, 31))


def lists(texts: Sequence[str]) -> st.SearchStrategy[list[Item]]:
    """Open items in the order of their accounts; their texts are made of these."""
    items = st.builds(
        Item,
        account=st.integers(200_000, 200_005).map(str),
        number=st.one_of(st.integers(1, 99_999).map(str), st.integers(1, 9999).map("AR-2026/{:04}".format)),
        amount=amounts,
        document_date=st.none() | days,
        due_date=st.none() | days,
        symbol=st.sampled_from(["AR", "ER", "GU"]),
        text=st.lists(st.sampled_from(texts), max_size=3).map(" ".join),
    )
    return st.lists(items, min_size=1, max_size=12, unique_by=lambda item: item[:2]).map(
        lambda found: sorted(found, key=lambda item: item.account)
    )


plain_lists = lists(PLAIN)
any_lists = lists(PLAIN + MISLEADING)


@dataclass(frozen=True)
class Layout:
    """How a list is printed."""

    order: Sequence[str]
    heading: Mapping[str, str]
    side: str
    number: str
    day: str
    accounts: str
    """"row": in every row; "block": in the first row of an account; "group": in a row above them."""
    preamble: int
    totals: bool
    page: int
    """Rows after which the headings come again; 0: never."""
    footer: bool


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    side = draw(st.sampled_from(SIDES))
    accounts = draw(st.sampled_from(["row", "block", "group"]))
    fields = ["number", "document_date"]
    fields += ["debit", "credit"] if side == "debit and credit" else ["open"]
    fields += ["side"] if side == "side column" else []
    fields += ["account"] if accounts != "group" else []
    fields += draw(st.lists(st.sampled_from(["due_date", "symbol", "text", "extra"]), unique=True))
    order = draw(st.permutations(fields))
    words = {**WORDS, "extra": WORDS["extra"][:2]} if order[-1] == "extra" else WORDS
    return Layout(
        order=order,
        heading={field: draw(st.sampled_from(words[field])) for field in order},
        side=side,
        number=draw(st.sampled_from(sorted(NUMBERS))),
        day=draw(st.sampled_from(sorted(DAYS))),
        accounts=accounts,
        preamble=draw(st.integers(0, 3)),
        totals=draw(st.booleans()),
        page=draw(st.sampled_from([0, 0, 3])),
        footer=draw(st.booleans()),
    )


def rows_of(found: Sequence[Item], layout: Layout) -> list[list[str]]:
    """The rows of a list, from its preamble to its footer."""
    heading = [layout.heading[field] for field in layout.order]
    preamble = [["OP-Liste per 20.11.2026"], ["Muster Handel GmbH", "Seite 1"], []][: layout.preamble]
    rows = [*preamble, heading]
    printed_rows = 0
    for account, of_account in groupby(found, key=lambda item: item.account):
        if layout.accounts == "group":
            rows.append([f"Konto: {account}; Max Mustermann"])
        group = list(of_account)
        first = True
        for item in group:
            if layout.page and printed_rows and printed_rows % layout.page == 0:
                rows += [*preamble[1:2], heading]
                first = True
            rows.append(_row(item, layout, with_account=first or layout.accounts == "row"))
            first, printed_rows = False, printed_rows + 1
        if layout.totals:
            rows.append(_total(f"Summe {account}", group, layout))
    if layout.totals:
        rows.append(_total("Gesamtsumme", found, layout))
    if layout.footer:
        rows += [[], ["Seite 1 von 1"]]
    return rows


def _row(item: Item, layout: Layout, *, with_account: bool) -> list[str]:
    cells = _amount_cells(item.amount, layout)
    cells |= {
        "account": item.account if with_account else "",
        "number": item.number,
        "document_date": DAYS[layout.day](item.document_date) if item.document_date else "",
        "due_date": DAYS[layout.day](item.due_date) if item.due_date else "",
        "symbol": item.symbol,
        "text": item.text,
        "extra": "7",
    }
    return [cells[field] for field in layout.order]


def _amount_cells(amount: Decimal, layout: Layout) -> dict[str, str]:
    show = NUMBERS[layout.number]
    bare, negative = show(abs(amount)), amount < 0
    return {
        "signed": {"open": show(amount)},
        "trailing minus": {"open": f"{bare}-" if negative else bare},
        "suffix": {"open": f"{bare} {'H' if negative else 'S'}"},
        "side column": {"open": bare, "side": "H" if negative else "S"},
        "debit and credit": {"debit": "" if negative else bare, "credit": bare if negative else ""},
    }[layout.side]


def _total(label: str, group: Sequence[Item], layout: Layout) -> list[str]:
    cells = _amount_cells(total(item.amount for item in group), layout)
    place = next(field for field in layout.order if field in {"text", "number", "account"})
    return [label if field == place else cells.get(field, "") for field in layout.order]


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def as_text(rows: Sequence[Sequence[str]], delimiter: str, end: str) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator=end).writerows(rows)
    return stream.getvalue()


def as_print_list(rows: Sequence[Sequence[str]], layout: Layout, gap: int) -> str:
    """The same in columns of fixed width, amounts to the right."""
    plain = [row for row in rows if len(row) == len(layout.order)]
    widths = [max(len(row[index]) for row in plain) for index in range(len(layout.order))]
    right = [field in {"open", "debit", "credit"} for field in layout.order]
    lines = []
    for row in rows:
        if len(row) < len(layout.order):
            lines.append((" " * gap).join(row))
            continue
        cells = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        lines.append((" " * gap).join(cells).rstrip())
    return "".join(f"{line}\r\n" for line in lines)


def as_values(rows: Sequence[Sequence[str]], layout: Layout, *, numbers: bool) -> list[list[object]]:
    """The cells of a workbook: amounts, accounts and days as ``numbers``, or all as text."""
    return [
        [
            _value(cell, field if len(row) == len(layout.order) else "", layout) if numbers else cell or None
            for cell, field in zip(row, [*layout.order, *row][: len(row)], strict=True)
        ]
        for row in rows
    ]


def xlsx(rows: Sequence[Sequence[object]]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _value(cell: str, field: str, layout: Layout) -> object:
    signed = layout.side not in {"trailing minus", "suffix"}
    if field in {"open", "debit", "credit"} and signed and cell[-1:].isdigit():
        bare = cell.replace("'", "")
        return float(bare if layout.number == "1790.50" else bare.replace(".", "").replace(",", "."))
    if field in {"account", "number"} and cell.isdigit():
        return int(cell)
    if field in {"document_date", "due_date"} and layout.day == "serial" and cell.isdigit():
        return int(cell)
    return cell or None
