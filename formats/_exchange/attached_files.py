"""Attachments of a message: embedded ones are unpacked and checked, references must be plain file names."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence

from core.documents import AttachedFile, Attachment
from core.documents.problems import pointer, shown
from core.errors import Problem

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u2028\u2029\u202a-\u202e\u2066-\u2069]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def is_plain_name(name: str) -> bool:
    """Say whether this is a file name without any path, that every system takes as it stands."""
    return (
        0 < len(name.encode("utf-8", "replace")) <= 200
        and not _UNSAFE.search(name)
        and not name.startswith((".", "~", " "))
        and not name.endswith((".", " "))
        and not _DEVICES.fullmatch(name)
    )


def attached_files(attachments: Sequence[Attachment]) -> tuple[list[AttachedFile], list[Problem]]:
    """Check the attachments of an envelope; return the sound ones and what is wrong with the others."""
    files: list[AttachedFile] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, attachment in enumerate(attachments):
        content = _embedded(attachment)
        wrong = list(_wrong(attachment, content, pointer("attachments", index)))
        if attachment.attachment_id in seen:
            what = f"Die Beilage {attachment.attachment_id} kommt zweimal vor."
            place = pointer("attachments", index, "attachment_id")
            wrong.append(
                Problem("duplicate_attachment", what, "Bitte jede Beilage nur einmal anführen.", pointer=place)
            )
        seen.add(attachment.attachment_id)
        problems.extend(wrong)
        if not wrong:
            name, href = attachment.filename, attachment.href
            size, digest = attachment.size, attachment.sha256
            files.append(AttachedFile(attachment.attachment_id, name, content, href, size, digest and digest.lower()))
    return files, problems


def _embedded(attachment: Attachment) -> bytes | None:
    if attachment.content_base64 is None:
        return None
    try:
        return base64.b64decode(attachment.content_base64, validate=True)
    except (binascii.Error, ValueError):
        return None


def _wrong(attachment: Attachment, content: bytes | None, at: str) -> Iterator[Problem]:
    name = attachment.filename
    if (attachment.href is None) == (attachment.content_base64 is None):
        what = f"Bei der Beilage „{shown(name)}“ ist nicht klar, wo ihr Inhalt ist."
        yield Problem("attachment_source", what, "Bitte entweder „href“ oder „content_base64“ angeben.", pointer=at)
    for field, text in (("filename", name), ("href", attachment.href)):
        if text is not None and not is_plain_name(text):
            what = f"„{shown(text)}“ ist als Name einer Beilage nicht zulässig."
            todo = "Bitte nur einen Dateinamen ohne Ordner und ohne Sonderzeichen angeben."
            yield Problem("attachment_name", what, todo, pointer=at + pointer(field), value=shown(text))
    if attachment.content_base64 is not None:
        place = at + pointer("content_base64")
        if content is None:
            what = f"Der Inhalt der Beilage „{shown(name)}“ ist beschädigt."
            yield Problem("attachment_damaged", what, "Bitte die Nachricht neu erzeugen.", pointer=place)
        elif attachment.size not in {None, len(content)}:
            what = f"Die Beilage „{shown(name)}“ hat {len(content)} Byte statt der angegebenen {attachment.size}."
            yield Problem("attachment_size", what, "Bitte die Nachricht neu erzeugen.", pointer=place)
        elif attachment.sha256 and hashlib.sha256(content).hexdigest() != attachment.sha256.lower():
            what = f"Die Beilage „{shown(name)}“ stimmt nicht mit ihrer Prüfsumme überein."
            yield Problem("attachment_checksum", what, "Bitte die Nachricht neu erzeugen.", pointer=place)
