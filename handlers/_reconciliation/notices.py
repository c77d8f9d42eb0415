"""What the clerk is told about an open-item list; of very many notices the first ones and a count."""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from core.contracts import Warn
from core.errors import Problem
from core.open_items import ClearingRow, OpenItemRow, printed

_SHOWN = 50
_KINDS = {
    "unmatched": "Posten, die CLUE nicht übergeben hat",
    "ambiguous": "nicht eindeutige Posten",
    "reversal": "wieder höhere offene Beträge",
    "overpaid": "Überzahlungen",
    "in_doubt": "zweifelhafte Posten",
    "not_booked": "Rechnungen, die in der FIBU fehlen",
    "other_account": "Posten auf anderen Konten",
    "moved_to_final": "umgehängte Anzahlungen",
    "left_over": "Buchungen, die keiner Rechnung zugeordnet wurden",
    "amount_differs": "Rechnungen mit abweichendem Betrag",
    "cancelled_there": "in der FIBU stornierte Rechnungen",
    "not_money": "Rechnungen, die in CLUE als bezahlt galten",
}


class Notices:
    """Collects notices, shows the first 50 and counts the others."""

    def __init__(self) -> None:
        self._count = 0
        self._hidden: Counter[str] = Counter()

    def show(self, problem: Problem) -> Iterator[Warn]:
        """The notice as an effect, nothing once there were enough."""
        self._count += 1
        if self._count <= _SHOWN:
            yield Warn(problem)
        else:
            self._hidden[problem.code] += 1

    def rest(self) -> Iterator[Warn]:
        """How many more there were."""
        if self._hidden:
            what = ", ".join(f"{count} {_KINDS[code]}" for code, count in sorted(self._hidden.items()))
            yield Warn(
                Problem(
                    "more_notices",
                    f"Es gibt noch weitere Hinweise: {what}.",
                    "Bitte klären Sie zuerst die gezeigten Hinweise.",
                )
            )


def unmatched(row: OpenItemRow | ClearingRow) -> Problem:
    """A row whose number is not known."""
    return _of_row(
        "unmatched",
        row,
        "gehört zu keiner Rechnung, die CLUE übergeben hat.",
        "Bitte prüfen Sie, ob der Beleg direkt in der FIBU gebucht wurde oder ob die Nummer stimmt.",
    )


def implausible(row: OpenItemRow, gross: Decimal) -> Problem:
    """A row with more than was invoiced, or with the other sign; ``gross`` as CLUE counts."""
    return _of_row(
        "implausible",
        row,
        f"passt nicht zur Rechnung, die in CLUE auf {printed(gross)} lautet.",
        "Bitte vergleichen Sie Betrag und Vorzeichen mit der Rechnung.",
    )


def ambiguous(row: OpenItemRow | ClearingRow) -> Problem:
    """A row whose number fits several documents."""
    return _of_row(
        "ambiguous",
        row,
        "passt zu mehreren Rechnungen und wurde keiner zugeordnet.",
        "Bitte exportieren Sie die Liste mit der vollständigen Rechnungsnummer.",
    )


def doubtful(row: OpenItemRow | ClearingRow, why: str) -> Problem:
    """A row that was matched, but must not be believed."""
    return _of_row("in_doubt", row, f"wurde nicht übernommen: {why}", "Bitte klären Sie den Posten in der FIBU.")


def reversal(row: OpenItemRow | ClearingRow, before: Decimal) -> Problem:
    """The open amount has grown."""
    return _of_row(
        "reversal",
        row,
        f"ist höher als bisher ({printed(before)}); CLUE erhält eine negative Zahlung.",
        "Bitte prüfen Sie, ob eine Rücklastschrift, ein Storno oder eine Gebühr gebucht wurde.",
    )


def overpaid(row: OpenItemRow | ClearingRow) -> Problem:
    """More was paid than was owed."""
    return _of_row(
        "overpaid", row, "ist überzahlt.", "Bitte prüfen Sie, ob das Guthaben zurückgezahlt oder verrechnet wird."
    )


def other_account(row: OpenItemRow | ClearingRow, document: Mapping[str, Any]) -> Problem:
    """The number is known on another account alone."""
    return _of_row(
        "other_account",
        row,
        f"gehört vermutlich zur Rechnung {document['number']}, die auf Konto {document['ledger_account']} übergeben "
        "wurde; er wurde ihr zugeordnet.",
        "Bitte prüfen Sie, ob die Rechnung auf dem richtigen Konto gebucht ist.",
    )


def moved_to_final(row: OpenItemRow | ClearingRow, amount: Decimal) -> Problem:
    """The FIBU has hung payments from an advance invoice to its final invoice."""
    return _of_row(
        "moved_to_final",
        row,
        f"ist eine Schlussrechnung, bei der {printed(abs(amount))} weniger offen sind, weil eine Anzahlungsrechnung in "
        "der FIBU wieder offen ist. Das ist keine Zahlung und wurde CLUE nicht gemeldet.",
        "Bitte prüfen Sie, ob die Anzahlung in der FIBU richtig zugeordnet ist.",
    )


def deducted_again(row: OpenItemRow | ClearingRow, less: Decimal) -> Problem:
    """A final invoice shows less by exactly what was paid of its advances."""
    return _of_row(
        "in_doubt",
        row,
        f"ist eine Schlussrechnung und um genau {printed(abs(less))} niedriger, den bezahlten Betrag ihrer "
        "Anzahlungen. Diese Zahlung kennt CLUE schon; sie wurde nicht noch einmal gemeldet.",
        "Bitte prüfen Sie, ob die Anzahlung in der FIBU zweimal abgezogen wurde.",
    )


def held_against_final(row: OpenItemRow | ClearingRow, more: Decimal) -> Problem:
    """An advance invoice is open again because its payment stands at the final invoice now."""
    return _of_row(
        "in_doubt",
        row,
        f"ist um {printed(abs(more))} höher als bisher, weil die Zahlung zur Schlussrechnung umgehängt wurde. In CLUE "
        "bleibt die Anzahlung bezahlt.",
        "Bitte prüfen Sie, ob die Anzahlung in der FIBU richtig zugeordnet ist.",
    )


def _of_row(code: str, row: OpenItemRow | ClearingRow, what: str, todo: str) -> Problem:
    item = f"Der Posten {row.number} auf Konto {row.account} mit {printed(row.amount)} {what}"
    return Problem(code, item, todo, row=row.row, record=row.number)


def moved(document: Mapping[str, Any]) -> Problem:
    """A document is gone, but the same amount of the same day stands there under another number."""
    return _of_document(
        "in_doubt",
        document,
        "fehlt in der Liste; auf demselben Konto steht aber ein Posten mit gleichem Datum und Betrag unter einer "
        "anderen Nummer. Die Rechnung gilt weiter als offen.",
        "Bitte prüfen Sie, ob der Posten umgehängt wurde.",
    )


def decided_open(document: Mapping[str, Any]) -> Problem:
    """A document is gone, and a person has said that it is open all the same."""
    return _of_document(
        "in_doubt",
        document,
        "fehlt in der Liste, bleibt aber offen, weil das so entschieden wurde.",
        "Bitte klären Sie den Posten in der FIBU.",
    )


def would_be_paid(document: Mapping[str, Any]) -> Problem:
    """One of the documents for which a list is held."""
    amount = printed(Decimal(document["amount_open"]))
    return _of_document("would_be_paid", document, f"mit {amount} fehlt in der Liste und würde als bezahlt gelten.", "")


def not_booked(document: Mapping[str, Any]) -> Problem:
    """A document was exported and no list has ever shown it."""
    return _of_document(
        "not_booked",
        document,
        "wurde der FIBU übergeben, stand aber noch in keiner OP-Liste. Sie gilt weiter als offen.",
        "Bitte prüfen Sie, ob die Buchungsdatei in der FIBU importiert wurde.",
    )


def _of_document(code: str, document: Mapping[str, Any], what: str, todo: str) -> Problem:
    name = f"Die Rechnung {document['number']} auf Konto {document['ledger_account']}"
    return Problem(code, f"{name} {what}", todo, record=document["document_id"])


def doubtful_document(document: Mapping[str, Any], why: str) -> Problem:
    """A document of a clearing list that must not be believed."""
    return _of_document(
        "in_doubt", document, f"wurde nicht übernommen: {why}", "Bitte klären Sie den Beleg in der FIBU."
    )


def counted_twice(document: Mapping[str, Any], after: Decimal) -> Problem:
    """The bookings would settle more than there is, though this list says that they do not."""
    return _of_document(
        "in_doubt",
        document,
        f"wäre nach den Buchungen dieser und früherer Listen um {printed(abs(after))} überzahlt, obwohl sie es nach "
        "dieser Liste nicht ist; nichts wurde übernommen.",
        "Bitte exportieren Sie die Auszifferungsliste immer mit denselben Spalten, auch mit dem Buchungsdatum.",
    )


def cancelled_there(document: Mapping[str, Any]) -> Problem:
    """The whole document was taken back in the FIBU."""
    return _of_document(
        "cancelled_there",
        document,
        "wurde in der FIBU zur Gänze mit einer Gutschrift oder einem Storno ausgeglichen; es ist kein Geld geflossen.",
        "Bitte prüfen Sie, ob die Rechnung auch in CLUE storniert ist.",
    )


def overpaid_document(document: Mapping[str, Any], after: Decimal) -> Problem:
    """More was paid than was owed."""
    return _of_document(
        "overpaid",
        document,
        f"ist um {printed(abs(after))} überzahlt.",
        "Bitte prüfen Sie, ob das Guthaben zurückgezahlt oder verrechnet wird.",
    )


def left_over(row: ClearingRow, *, ours: bool) -> Problem:
    """A booking that settles nothing of ours."""
    if ours:
        what = "konnte keiner Rechnung zugeordnet werden."
        return _of_row("left_over", row, what, "Bitte prüfen Sie die Auszifferung in der FIBU.")
    what = "gehört zu keiner Rechnung, die CLUE übergeben hat."
    todo = "Bitte prüfen Sie, ob der Beleg direkt in der FIBU gebucht wurde oder ob die Nummer stimmt."
    return _of_row("left_over", row, what, todo)


def amount_differs(row: ClearingRow, gross: Decimal) -> Problem:
    """The FIBU has booked another amount than was handed over."""
    return _of_row(
        "amount_differs",
        row,
        f"wurde mit {printed(gross)} übergeben, aber mit einem anderen Betrag gebucht.",
        "Bitte prüfen Sie die Buchung in der FIBU.",
    )


def repeated(first: OpenItemRow, second: OpenItemRow) -> Problem:
    """Two rows of the list speak of the same document."""
    return Problem(
        "repeated_item",
        f"Der Posten {second.number} auf Konto {second.account} kommt in der Liste mehrmals vor, auch in Zeile "
        f"{first.row}.",
        "Bitte exportieren Sie die Liste sortiert nach Konto und OP-Nr., damit die Zeilen eines Postens "
        "beisammenstehen.",
        row=second.row,
        record=second.number,
    )
