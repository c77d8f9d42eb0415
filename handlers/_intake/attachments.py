"""Attachments of invoices: they go to the FIBU before the bookings that name them (facts/fibu.md 1.8)."""

from collections.abc import Iterator, Mapping, Sequence

from core.batch import Batch
from core.contracts import Attach, Context, Put, Warn
from core.documents import AttachedFile, BadRecord, Invoice
from core.documents.problems import pointer
from core.errors import Problem
from handlers._intake.document_files import DocumentFiles


def by_id(files: Sequence[AttachedFile]) -> Mapping[str, AttachedFile]:
    """The attachments of a message by their ids."""
    return {file.attachment_id: file for file in files}


def missing(invoice: Invoice, index: int, files: Mapping[str, AttachedFile]) -> Iterator[Problem]:
    """Yield a problem for every attachment that the invoice names and the message does not bring."""
    for place, attachment_id in enumerate(invoice.attachments):
        if attachment_id not in files:
            what = f"Rechnung {invoice.number}: Die Beilage {attachment_id} fehlt in der Nachricht."
            at = pointer("records", index, "data", "attachments", place)
            todo = "Bitte die Beilage mit übergeben."
            yield Problem("attachment_missing", what, todo, pointer=at, record=invoice.id, value=attachment_id)


def altered(files: Sequence[AttachedFile], context: Context) -> Iterator[Problem]:
    """Yield a problem for every file lying beside that is not the one that the message speaks of."""
    for index, file in enumerate(files):
        found = context.companions.get(file.href or "")
        if found is None:
            continue
        wrong_size = file.size is not None and file.size != found.size
        if wrong_size or (file.sha256 is not None and file.sha256 != found.sha256):
            what = f"Die Beilage „{file.filename}“ ist nicht die Datei, die in der Nachricht angekündigt ist."
            todo = "Bitte die Nachricht zusammen mit der richtigen Beilage noch einmal übergeben."
            yield Problem("attachment_altered", what, todo, pointer=pointer("attachments", index), value=file.filename)


def unnamed(batch: Batch) -> Iterator[Warn]:
    """Warn of attachments that no document names: they would go nowhere. Where records are bad, nobody can tell."""
    records = list(batch.documents)
    if any(isinstance(record, BadRecord) for record in records):
        return
    named = {name for record in records if isinstance(record.data, Invoice) for name in record.data.attachments}
    for index, file in enumerate(batch.head["attachments"]):
        if file.attachment_id not in named:
            what = f"Die Beilage „{file.filename}“ wird von keinem Beleg genannt und wurde nicht weitergegeben."
            todo = "Bitte die Beilage beim Beleg anführen."
            yield Warn(Problem("attachment_unnamed", what, todo, pointer=pointer("attachments", index)))


def attach(
    invoice: Invoice, files: Mapping[str, AttachedFile], named: DocumentFiles, target: str, context: Context
) -> Iterator[Attach | Put]:
    """Lay the attachments of an invoice into the FIBU's folder, and remember their names.

    What lies beside the message is handed on as a path: however large, nobody reads it into memory.
    """
    for attachment_id, name in named.of(invoice).items():
        file = files[attachment_id]
        content = file.content if file.href is None else context.companions[file.href].path
        yield Attach(target, name, content or b"")
    yield from named.new(invoice)
