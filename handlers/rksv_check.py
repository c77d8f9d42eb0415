"""Compares the protocol of a cash register with the receipts that CLUE has handed over (facts/domain.md 3).

It books nothing: what differs is a report for the clerk. Looked for are broken links and numbers that are missing in
the protocol, receipts that only one side knows, and sums that differ; receipts without turnover may be missing in CLUE.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from pydantic import BaseModel, ConfigDict

from core.batch import Batch
from core.contracts import CompanyLedger, Context, Effect, Entry, Warn
from core.errors import Problem, RuleError
from core.money import ZERO, total
from core.open_items import printed
from core.rksv import BUCKETS, DOCUMENT_TYPE, HANDED_OVER, DepReceipt, chain_link, receipt_key

LABEL = "RKSV-Abgleich"
ACCEPTS = frozenset({DOCUMENT_TYPE})
ANSWERS_DUPLICATES = False

_SHOWN = 50
_NAMES = dict(zip(BUCKETS, ("Normal", "Ermäßigt 1", "Ermäßigt 2", "Null", "Besonders"), strict=True))


class Settings(BaseModel):
    """Settings of a route for this handler: there are none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def handle(batch: Batch, context: Context) -> Iterator[Effect]:
    """Report what differs, for each register a summary first. Raises RuleError for a route without a company."""
    if batch.origin.company is None:
        what = "Für diesen Eingang ist nicht festgelegt, zu welchem Mandanten seine Registrierkassen gehören."
        todo = "Bitte lassen Sie den Mandanten dieses Eingangs einstellen und legen Sie die Datei dann neu ab."
        raise RuleError(Problem("company_missing", what, todo))
    ledger = context.ledger.of(batch.origin.company)
    registers: dict[str, list[DepReceipt]] = {}
    for receipt in batch.documents:
        registers.setdefault(receipt.register_id, []).append(receipt)
    for register, receipts in registers.items():
        found = [*_chain(register, receipts), *_numbers(register, receipts), *_compared(register, receipts, ledger)]
        yield Warn(_summary(register, receipts, found, batch.head["uncertified"]))
        yield from (Warn(problem) for problem in found[:_SHOWN])
        if len(found) > _SHOWN:
            what = f"Registrierkasse {register}: Es gibt noch {len(found) - _SHOWN} weitere Abweichungen."
            yield Warn(Problem("rksv_more", what, "Bitte klären Sie zuerst die gezeigten."))


def _summary(register: str, receipts: Sequence[DepReceipt], found: Sequence[Problem], uncertified: int) -> Problem:
    days = [receipt.issued_at.date() for receipt in receipts]
    sums = [total(receipt.sums[i] for receipt in receipts if not receipt.training) for i in range(len(BUCKETS))]
    listed = ", ".join(f"{_NAMES[bucket]} {printed(amount)}" for bucket, amount in zip(BUCKETS, sums, strict=True))
    outages = sum(1 for receipt in receipts if not receipt.signed)
    parts = [
        f"Registrierkasse {register}: {len(receipts)} Belege vom {min(days):%d.%m.%Y} bis {max(days):%d.%m.%Y}.",
        f"Summen: {listed}.",
        f"Belege ohne Signatur, weil die Sicherheitseinrichtung ausgefallen war: {outages}." if outages else "",
        f"Gruppen ohne Signaturzertifikat: {uncertified}." if uncertified else "",
        f"Abweichungen: {len(found)}." if found else "Keine Abweichungen.",
    ]
    todo = "Bitte klären Sie die Abweichungen; gebucht wurde nichts." if found else "Es ist nichts zu tun."
    return Problem("rksv_checked", " ".join(part for part in parts if part), todo, record=register)


# ── the protocol in itself ────────────────────────────────────────────────────────────────────────────────────────


def _chain(register: str, receipts: Sequence[DepReceipt]) -> Iterator[Problem]:
    """Every receipt names the one before it; the first one of a register names the register."""
    for before, receipt in pairwise(receipts):
        if receipt.previous != before.link:
            yield _problem(
                "rksv_chain_broken",
                receipt,
                f"ist nicht mit dem Beleg {before.number} davor verkettet.",
                "Bitte prüfen Sie mit dem Kassenhersteller, ob im Protokoll Belege fehlen oder verändert wurden.",
            )
    first = receipts[0]
    if first.number == "1" and first.previous != chain_link(register):
        what = "ist der erste, aber nicht mit der Kassen-ID verkettet."
        yield _problem("rksv_chain_broken", first, what, "Bitte prüfen Sie den Startbeleg mit dem Kassenhersteller.")


def _numbers(register: str, receipts: Sequence[DepReceipt]) -> Iterator[Problem]:
    """No number stands twice; where all are plain numbers, none is missing."""
    seen: set[str] = set()
    for receipt in receipts:
        if receipt.number in seen:
            todo = "Bitte prüfen Sie die Belegnummern der Registrierkasse."
            yield _problem("rksv_number_twice", receipt, "steht mehrmals im Protokoll.", todo)
        seen.add(receipt.number)
    if not all(number.isascii() and number.isdigit() for number in seen):
        return
    numbers = sorted(int(number) for number in seen)
    for low, high in pairwise(numbers):
        if high - low > 1:
            span = str(low + 1) if high - low == 2 else f"{low + 1} bis {high - 1}"
            missing = f"fehlt die Belegnummer {span}" if high - low == 2 else f"fehlen die Belegnummern {span}"
            what = f"Registrierkasse {register}: Im Protokoll {missing}."
            todo = "Bitte prüfen Sie, ob das Protokoll vollständig exportiert wurde."
            yield Problem("rksv_number_gap", what, todo, record=register, value=span)


# ── the protocol and CLUE ─────────────────────────────────────────────────────────────────────────────────────────


def _compared(register: str, receipts: Sequence[DepReceipt], ledger: CompanyLedger) -> Iterator[Problem]:
    known = ledger.get_many(HANDED_OVER, [receipt_key(register, receipt.number) for receipt in receipts])
    for receipt in receipts:
        yield from _one(receipt, known.get(receipt_key(register, receipt.number)))
    days = [receipt.issued_at.date().isoformat() for receipt in receipts]
    numbers = {receipt_key(register, receipt.number) for receipt in receipts}
    for entry in ledger.group(HANDED_OVER, register):
        if min(days) <= entry.body["day"] <= max(days) and entry.key not in numbers:
            number = entry.key.removeprefix(f"{register}/")
            day = date.fromisoformat(entry.body["day"])
            yield Problem(
                "rksv_not_in_protocol",
                f"Registrierkasse {register}: Der Beleg {number} vom {day:%d.%m.%Y} kam aus CLUE, steht aber nicht im "
                "Protokoll.",
                "Bitte prüfen Sie, ob das Protokoll vollständig exportiert wurde.",
                record=number,
            )


def _one(receipt: DepReceipt, entry: Entry | None) -> Iterator[Problem]:
    if entry is None:
        if any(receipt.sums) and not receipt.training:
            what = f"über {printed(total(receipt.sums))} wurde aus CLUE nicht übergeben."
            yield _problem("rksv_not_handed_over", receipt, what, "Bitte übergeben Sie den Beleg aus CLUE.")
        return
    body = entry.body
    if (body["type"] == "training") != receipt.training:
        kind = "ein Trainingsbeleg" if receipt.training else "kein Trainingsbeleg"
        todo = "Bitte prüfen Sie die Belegart in CLUE."
        yield _problem("rksv_training", receipt, f"ist im Protokoll {kind}, in CLUE ist es anders.", todo)
    elif differing := _differing(receipt, body):
        todo = "Bitte prüfen Sie die Steuersätze und Beträge des Belegs in CLUE."
        yield _problem("rksv_sums_differ", receipt, f"hat in CLUE andere Summen: {differing}.", todo)
    if body["day"] != receipt.issued_at.date().isoformat():
        what = f"trägt in CLUE ein anderes Datum ({date.fromisoformat(body['day']):%d.%m.%Y})."
        yield _problem("rksv_day_differs", receipt, what, "Bitte prüfen Sie das Belegdatum in CLUE.")


def _differing(receipt: DepReceipt, body: Mapping[str, Sequence[str] | None]) -> str:
    """The buckets that CLUE states otherwise, "" where none."""
    stated = body["sums"]
    if stated is None:
        return ""
    both = zip(BUCKETS, receipt.sums, (Decimal(amount) for amount in stated), strict=True)
    return ", ".join(
        f"{_NAMES[bucket]} {printed(theirs)} statt {printed(ours)}"
        for bucket, ours, theirs in both
        if ours - theirs != ZERO
    )


def _problem(code: str, receipt: DepReceipt, what: str, todo: str) -> Problem:
    return Problem(
        code,
        f"Registrierkasse {receipt.register_id}: Der Beleg {receipt.number} vom {receipt.issued_at:%d.%m.%Y} {what}",
        todo,
        pointer=receipt.pointer,
        record=receipt.number,
    )
