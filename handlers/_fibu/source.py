"""The document that is being exported, and what can be said about it to a clerk."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.documents import CashReceipt, Invoice
from core.errors import Problem
from core.fibu.booking import Stage

GERMAN_TYPES = {
    "invoice": "Rechnung",
    "credit_note": "Gutschrift",
    "cancellation": "Stornobeleg",
    "advance_invoice": "Anzahlungsrechnung",
    "partial_invoice": "Teilrechnung",
    "final_invoice": "Schlussrechnung",
    "self_billing": "Gutschrift im Gutschriftsverfahren",
    "debit_note": "Nachbelastung",
    "proforma": "Proformarechnung",
}
SIGNS = {"credit_note": -1, "cancellation": -1}
"""Document types that take back; amounts on the document are positive all the same."""


@dataclass(frozen=True, slots=True)
class Source:
    """One document with its place in the message."""

    index: int
    record: str
    document: Invoice | CashReceipt

    @property
    def pointer(self) -> str:
        """JSON pointer of the document in the message."""
        return f"/records/{self.index}/data"

    @property
    def number(self) -> str:
        """Document number as the clerk knows it."""
        document = self.document
        return document.number if isinstance(document, Invoice) else document.receipt_number

    @property
    def label(self) -> str:
        """How a clerk calls it: "Gutschrift 2026-0003", "Kassenbeleg 4711 (KASSA1)"."""
        document = self.document
        if isinstance(document, Invoice):
            if document.direction == "ar":
                return f"{GERMAN_TYPES[document.document_type]} {document.number}"
            if document.document_type == "invoice":
                return f"Eingangsrechnung {document.number}"
            return f"{GERMAN_TYPES[document.document_type]} {document.number} (Eingang)"
        return f"Kassenbeleg {document.receipt_number} ({document.register_id})"

    @property
    def supply_date(self) -> date:
        """Day that decides on the VAT rate: of the supply, or of the document where it says nothing else."""
        document = self.document
        if isinstance(document, CashReceipt):
            return document.issued_at.date()  # as the register printed it, whatever the time zone of this machine
        period = document.service_period
        return document.service_date or (period.end if period else document.issue_date)

    @property
    def export_key(self) -> str:
        """Key under which the export is remembered."""
        document = self.document
        if isinstance(document, Invoice):
            return document.id
        return f"cash:{document.register_id}/{document.receipt_number}"

    @property
    def stage(self) -> Stage:
        """Place of an invoice in the billing of an order."""
        document = self.document
        if not isinstance(document, Invoice):
            return ""
        if document.document_type == "advance_invoice":
            return "advance"
        if document.document_type == "partial_invoice":
            return "partial"
        return "final" if document.document_type == "final_invoice" or document.advance_invoices else ""

    @property
    def sign(self) -> int:
        """-1 where the document takes back what another one said."""
        document = self.document
        if isinstance(document, Invoice):
            return SIGNS.get(document.document_type, 1)
        return -1 if document.receipt_type == "cancellation" else 1

    def problem(self, code: str, what: str, todo: str, at: str = "", value: object = None) -> Problem:
        """Make a Problem of this document; ``at`` is the JSON pointer below the document."""
        return Problem(
            code=code,
            what=what,
            todo=todo,
            record=self.record,
            pointer=self.pointer + at,
            value=None if value is None else str(value),
        )

    def unbalanced(self, lines: Decimal, gross: Decimal) -> Problem:
        """The proof has failed: the lines do not add up to the document."""
        return self.problem(
            "fibu_unbalanced",
            f"{self.label}: Die Buchungszeilen ergeben {german(lines)}, der Beleg lautet aber auf {german(gross)}.",
            "Bitte prüfen Sie die Beträge des Belegs in CLUE und übergeben Sie ihn noch einmal.",
            "/totals/gross" if isinstance(self.document, Invoice) else "/total",
            gross,
        )


def german(value: Decimal) -> str:
    """A number as a clerk writes it: 1234,50."""
    return format(value, "f").replace(".", ",")
