"""What can be wrong with a file before, or while, anybody reads its content? The engine's own problems, in German.

Every function returns a ``core.errors.Problem``; ``spool/results/notes.py`` prints them, the journal keeps their codes.
"""

import stat
from collections.abc import Sequence
from datetime import datetime, timedelta

from core.errors import Problem
from spool.results.notes import WRONG_FOLDER, counted, moment, quoted

_MOST = 1_000

# ── before reading ────────────────────────────────────────────────────────────────────────────────────────────────


def empty_file() -> Problem:
    """The file has no bytes at all."""
    return Problem(
        "empty-file",
        "Die Datei ist leer.",
        "Bitte die Datei noch einmal erzeugen und nachsehen, ob sie Daten enthält.",
    )


def too_big(actual: int, limit: int) -> Problem:
    """The file has more bytes than its route takes."""
    return Problem(
        "too-big",
        f"Die Datei ist {_size(actual)} groß, angenommen werden höchstens {_size(limit)}.",
        "Bitte die Daten auf mehrere kleinere Dateien aufteilen. Ist eine so große Datei gewollt, kann die "
        "Systembetreuung die Grenze anheben.",
    )


def not_a_file(mode: int) -> Problem:
    """Something lies in the inbox that is no regular file; ``mode`` is its ``st_mode``."""
    kinds = {
        stat.S_IFLNK: "eine Verknüpfung auf eine andere Datei",
        stat.S_IFIFO: "eine Leitung zwischen Programmen",
        stat.S_IFSOCK: "eine Leitung zwischen Programmen",
        stat.S_IFCHR: "ein Gerät",
        stat.S_IFBLK: "ein Gerät",
        stat.S_IFDIR: "ein Ordner",
    }
    what = kinds.get(stat.S_IFMT(mode), "etwas Unbekanntes")
    todo = "Bitte die Datei selbst in den Ordner legen."
    if stat.S_ISDIR(mode):
        todo = "Bitte die Dateien einzeln in den Ordner legen, nicht in einem Unterordner."
    return Problem("not-a-file", f"Das ist keine Datei, sondern {what}.", todo)


def unusable_name(name: str) -> Problem:
    """The file's name holds control characters or undecodable bytes, or is longer than 255 bytes."""
    size = len(name.encode("utf-8", "surrogateescape"))
    reason = (
        f"ist zu lang ({size} Byte, möglich sind 255)" if size > 255 else "enthält Zeichen, die man nicht sehen kann"
    )
    return Problem(
        "unusable-name",
        f"Der Name der Datei {reason}.",
        "Bitte der Datei einen kurzen Namen aus Buchstaben, Ziffern, Bindestrich und Punkt geben und sie noch einmal "
        "ablegen.",
        value=name,
    )


# ── which format ──────────────────────────────────────────────────────────────────────────────────────────────────


def wrong_format(expected: Sequence[str], belongs_to: Sequence[tuple[str, str]] = ()) -> Problem:
    """None of the route's formats knows the file.

    ``expected`` are the labels of the route's formats, ``belongs_to`` (label, folder) of those formats of other
    routes that do know it, e.g. ("RZL-OP-Liste", "inbox/rzl").
    """
    what = f"Der Inhalt der Datei passt nicht zu diesem Ordner. Erwartet wird: {_any_of(expected)}."
    if not belongs_to:
        return Problem(
            "wrong-format",
            what,
            "Bitte nachsehen, ob die richtige Datei abgelegt und mit der richtigen Einstellung erzeugt wurde.",
        )
    places = _any_of([f"{quoted(folder)} ({label})" for label, folder in belongs_to])
    return Problem(
        WRONG_FOLDER,
        f"{what} Die Datei gehört vermutlich in den Ordner {places}.",
        f"Bitte die Datei in den Ordner {places} legen.",
    )


def not_handled_here(label: str) -> Problem:
    """The formats of the route can read the file, but its handler takes no such documents: it is set up wrong."""
    return Problem(
        "not-handled-here",
        f"Dateien dieser Art ({label}) können in diesem Ordner gelesen, aber nicht verarbeitet werden.",
        "Bitte die Systembetreuung verständigen: Der Ordner ist nicht richtig eingerichtet.",
    )


def several_formats(labels: Sequence[str]) -> Problem:
    """More than one of the route's formats knows the file; nothing is guessed."""
    return Problem(
        "several-formats",
        f"Die Datei kann auf mehrere Arten gelesen werden: {_all_of(labels)}.",
        "Bitte die Systembetreuung bitten, für diesen Ordner genau eine davon festzulegen.",
    )


# ── while working ─────────────────────────────────────────────────────────────────────────────────────────────────


def worker_died() -> Problem:
    """The worker process ended without an answer."""
    return Problem(
        "worker-died",
        "Das Lesen der Datei ist unerwartet abgebrochen. Wahrscheinlich ist die Datei beschädigt.",
        "Bitte die Datei noch einmal erzeugen.",
    )


def out_of_memory(limit: int) -> Problem:
    """The worker needed more than ``limit`` bytes of memory."""
    return Problem(
        "out-of-memory",
        f"Der Inhalt der Datei ist zu groß: Beim Lesen braucht er mehr als die erlaubten {_size(limit)} Speicher.",
        "Bitte die Daten auf mehrere kleinere Dateien aufteilen.",
    )


def result_too_big() -> Problem:
    """One result would be bigger than a worker may write."""
    return Problem(
        "result-too-big",
        "Aus der Datei würde eine Datei entstehen, die viel zu groß ist.",
        "Bitte die Daten auf mehrere kleinere Dateien aufteilen.",
    )


def most(problems: Sequence[Problem]) -> Sequence[Problem]:
    """So many problems as somebody could look through; of more, how many they are."""
    if len(problems) <= _MOST:
        return problems
    left = len(problems) - _MOST + 1
    more = Problem("more", f"An {counted(left)} weiteren Stellen der Datei gibt es Hinweise wie diese.")
    return (*problems[: _MOST - 1], more)


def took_too_long(limit: timedelta) -> Problem:
    """The worker was not finished within ``limit``."""
    return Problem(
        "took-too-long",
        f"Die Verarbeitung hat länger als {_duration(limit)} gedauert und wurde beendet.",
        "Bitte die Daten auf mehrere kleinere Dateien aufteilen.",
    )


def unclear() -> Problem:
    """A call to the outside was sent, and its answer never came."""
    return Problem(
        "unclear",
        "Die Gegenseite hat nicht geantwortet; vielleicht hat sie den Auftrag trotzdem erhalten.",
        "Bitte bei der Gegenseite nachsehen. Ist nichts angekommen, die Datei mit der Vorgangsnummer freigeben lassen, "
        "sonst verwerfen lassen.",
    )


def bug(reference: str) -> Problem:
    """An error of ours; the log names it by the same reference."""
    return Problem(
        "bug",
        "Im Programm ist ein Fehler aufgetreten. Die Datei kann in Ordnung sein.",
        f"Bitte der Systembetreuung die Fehlernummer {quoted(reference)} nennen.",
    )


# ── seen before ───────────────────────────────────────────────────────────────────────────────────────────────────


def duplicate_of(name: str, when: datetime) -> Problem:
    """The same content has gone through the same route; ``when`` in local time."""
    return Problem(
        "duplicate",
        f"Eine Datei mit genau diesem Inhalt wurde am {moment(when)} verarbeitet. Sie hieß {quoted(name)}.",
        "Falls Sie neue Daten schicken wollten, bitte nachsehen, ob versehentlich die alte Datei abgelegt wurde.",
    )


def conflict(key: str, name: str, when: datetime) -> Problem:
    """A business key was claimed by another drop with other content; ``when`` in local time."""
    return Problem(
        "conflict",
        f"{quoted(key)} wurde am {moment(when)} aus der Datei {quoted(name)} übernommen, damals mit anderem Inhalt.",
        "Bitte klären, welche Fassung gilt. Ist es die neue, muss die alte zuerst zurückgenommen oder eine "
        "neue Nummer vergeben werden.",
        record=key,
    )


# ── attachments ───────────────────────────────────────────────────────────────────────────────────────────────────


def attachment_missing(name: str) -> Problem:
    """A file that must lie beside this one has not come."""
    return Problem(
        "attachment-missing",
        f"Die Beilage {quoted(name)} fehlt.",
        "Bitte die Beilage unter genau diesem Namen in denselben Ordner legen.",
    )


def attachment_unsafe(name: str) -> Problem:
    """A reference to an attachment is no plain file name, or names something that is no regular file."""
    return Problem(
        "attachment-unsafe",
        "Der Verweis auf die Beilage ist kein einfacher Dateiname. Beilagen aus anderen Ordnern werden nicht "
        "angenommen.",
        "Bitte die Beilage neben die Datei legen und nur ihren Namen angeben.",
        value=name,
    )


# ── wording ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} Byte"
    value, unit = float(count), "Byte"
    for unit in ("kB", "MB", "GB", "TB"):  # noqa: B007 - the loop looks for the unit
        value /= 1000
        if round(value) < 1000:
            break
    return f"{counted(round(value)) if value >= 100 else f'{value:.1f}'.replace('.', ',')} {unit}"


def _duration(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    if seconds % 60 == 0 and seconds >= 60:
        return "1 Minute" if seconds == 60 else f"{counted(seconds // 60)} Minuten"
    return "1 Sekunde" if seconds == 1 else f"{counted(seconds)} Sekunden"


def _any_of(names: Sequence[str]) -> str:
    return _joined(names, "oder")


def _all_of(names: Sequence[str]) -> str:
    return _joined(names, "und")


def _joined(names: Sequence[str], word: str) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"
