"""What are the files of a document called in the FIBU's folder? (facts/fibu.md 1.8, 3.6)

The folder is flat and the programs know a file by its name alone, so a name is given once for ever in a company: plain
ASCII without blanks and separators, direction, document number, and a counter where there are several files. Numbers
that differ only in what a name cannot hold, and a document that comes again with another file, count on. Where several
companies share the folder, a name begins with the company.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from core.company import Company
from core.contracts import CompanyLedger, Context, Put
from core.documents import AttachedFile, Invoice
from core.fibu.program import Limits

DOCUMENT_FILE = "document_file"
"""Ledger kind: a name that was given; key = the name in lower case, group = id of the document."""

_PREFIX = {"ar": "AR", "ap": "ER"}
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ẞ": "SS"})
_UNSAFE = re.compile(r"[^0-9A-Za-z-]+")
_ENDING = re.compile(r"\.([0-9a-z]{1,8})\Z")
_SAME_ENDING = {".jpeg": ".jpg"}
_LONGEST_NUMBER = 60
"""Characters of a document number in a name: short enough for every column and every file system."""
_NAMELESS = "Beleg"

Key = tuple[str, str]
"""Id of a document and id of one of its attachments."""


@dataclass(slots=True)
class DocumentFiles:
    """Names for the files of some documents."""

    names: dict[Key, str] = field(default_factory=dict)
    puts: dict[Key, Put] = field(default_factory=dict)
    """What is to be remembered of names that are new."""

    def of(self, invoice: Invoice) -> dict[str, str]:
        """Names of a document's files by their ids, in its order; none for a document whose files stay behind."""
        return {id_: self.names[invoice.id, id_] for id_ in invoice.attachments if (invoice.id, id_) in self.names}

    def new(self, invoice: Invoice) -> Iterator[Put]:
        """What is to be remembered when the files of this document go out."""
        return (put for (document, _), put in self.puts.items() if document == invoice.id)


def document_files(
    invoices: Sequence[Invoice], files: Mapping[str, AttachedFile], company: Company, context: Context
) -> DocumentFiles:
    """Name the files of these invoices; all that they name must be among the files of the message.

    The same file of the same document gets the name that it had before.
    """
    owner = _plain(company.id) if _shares_folder(company, context.companies.values()) else ""
    wanted = [
        (invoice, files[attachment], place)
        for invoice in invoices
        for place, attachment in enumerate(dict.fromkeys(invoice.attachments), start=1)
    ]
    given = _Given(context.ledger.of(company.id), [_name(owner, *one).lower() for one in wanted])
    made = DocumentFiles()
    for invoice, file, place in wanted:
        key = (invoice.id, file.attachment_id)
        own = {"document": invoice.id, "place": place, "sha256": _digest(file, context)}
        counter = place
        while (holder := given.holder(name := _name(owner, invoice, file, counter))) not in ({}, own):
            counter += 1
        made.names[key] = name
        if not holder:
            given.take(name, own)
            made.puts[key] = Put(company.id, DOCUMENT_FILE, name.lower(), own, invoice.id)
    return made


def shown_file(names: Sequence[str], limits: Limits) -> str:
    """The file that a booking names: the first PDF, else the first that the program shows, "" where it shows none."""
    known = [name for name in names if not limits.document_types or name.endswith(limits.document_types)]
    return next((name for name in known if name.endswith(".pdf")), known[0] if known else "")


class _Given:
    """Names that are taken, by earlier drops and by this one; nobody tells upper from lower case on a share."""

    def __init__(self, ledger: CompanyLedger, likely: Sequence[str]) -> None:
        """``likely`` names, in lower case, are looked up all at once."""
        self._ledger = ledger
        self._holders: dict[str, Mapping[str, Any]] = {key: {} for key in likely}
        self._holders |= {key: entry.body for key, entry in ledger.get_many(DOCUMENT_FILE, likely).items()}

    def holder(self, name: str) -> Mapping[str, Any]:
        """The document, the place in it and the content that a name stands for; empty where it is free."""
        key = name.lower()
        if key not in self._holders:
            entry = self._ledger.get(DOCUMENT_FILE, key)
            self._holders[key] = entry.body if entry else {}
        return self._holders[key]

    def take(self, name: str, holder: Mapping[str, Any]) -> None:
        """Give a name away."""
        self._holders[name.lower()] = holder


def _shares_folder(company: Company, companies: Iterable[Company]) -> bool:
    return any(other.id != company.id and other.fibu_target == company.fibu_target for other in companies)


def _plain(text: str) -> str:
    """ASCII letters, digits and hyphens: umlauts spelled out, accents left out, the rest as hyphens."""
    spelled = unicodedata.normalize("NFC", text).translate(_SPELLED)
    return _UNSAFE.sub("-", unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()).strip("-")


def _name(owner: str, invoice: Invoice, file: AttachedFile, counter: int) -> str:
    """E.g. "AR_2026-0001.pdf", or "AR_2026-0001_2.pdf" for the second one; a number may say the direction itself."""
    number = _plain(invoice.number)[:_LONGEST_NUMBER] or _NAMELESS
    found = _ENDING.search(file.filename.lower())
    ending = found.group() if found else ""
    counted = f"_{counter}" if counter > 1 else ""
    prefix = _PREFIX[invoice.direction]
    stem = number if number.upper().startswith(prefix) else f"{prefix}_{number}"
    return f"{owner}{'_' if owner else ''}{stem}{counted}{_SAME_ENDING.get(ending, ending)}"


def _digest(file: AttachedFile, context: Context) -> str:
    return sha256(file.content or b"").hexdigest() if file.href is None else context.companions[file.href].sha256
