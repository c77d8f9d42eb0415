"""What do we tell the clerk? The German note beside a file, and the problems that the engine itself can find.

A note answers three questions in this order: what is wrong and where, what happened to the file, what to do now.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from core.errors import Problem

SHOWN_PROBLEMS = 100
"""More are counted, not printed: they nearly always have one cause."""

WRONG_FOLDER = "wrong-folder"
"""Code of the problem that tells the clerk to lay the file elsewhere, rather than to mend it."""

_WIDTH = 96
_LONGEST_VALUE = 80
_LONGEST_NAME = 120
_LONGEST_SENTENCE = 600


class NoteKind(StrEnum):
    """What became of the file."""

    REMARKS = "remarks"
    REJECTED = "rejected"
    HELD = "held"
    DUPLICATE = "duplicate"
    WAITING = "waiting"
    UNCLEAR = "unclear"
    FORGOTTEN = "forgotten"
    CRASHED = "crashed"
    BUG = "bug"


_NOTHING_WRONG = {NoteKind.REMARKS, NoteKind.DUPLICATE, NoteKind.WAITING, NoteKind.HELD, NoteKind.FORGOTTEN}
_TITLES = {
    NoteKind.REMARKS: "Die Datei {name} wurde verarbeitet; einiges daran ist zu beachten.",
    NoteKind.REJECTED: "Die Datei {name} konnte nicht verarbeitet werden.",
    NoteKind.HELD: "Die Datei {name} wartet auf Freigabe.",
    NoteKind.DUPLICATE: "Die Datei {name} wurde bereits{when} verarbeitet.",
    NoteKind.WAITING: "Die Datei {name} wartet auf etwas, das noch fehlt.",
    NoteKind.UNCLEAR: "Bei der Datei {name} ist unklar, ob die Gegenseite sie erhalten hat.",
    NoteKind.FORGOTTEN: "Bei der Datei {name} ist unklar, ob sie schon verarbeitet wurde.",
    NoteKind.CRASHED: "Die Verarbeitung der Datei {name} wurde abgebrochen.",
    NoteKind.BUG: "Die Datei {name} konnte wegen eines Fehlers im Programm nicht verarbeitet werden.",
}
_HAPPENED = {
    NoteKind.REMARKS: "Die Datei wurde übernommen, soweit oben nichts anderes steht. Das Original liegt im Archiv.",
    NoteKind.REJECTED: "Aus dieser Datei wurde nichts übernommen. Sie liegt unverändert neben diesem Hinweis.",
    NoteKind.HELD: "Aus dieser Datei wurde noch nichts übernommen. Sie ist sicher aufbewahrt und geht nicht verloren.",
    NoteKind.DUPLICATE: "Es wurde nichts ein zweites Mal übernommen oder gebucht.",
    NoteKind.WAITING: "Aus dieser Datei wurde noch nichts übernommen. Sie ist sicher aufbewahrt und wird von selbst "
    "verarbeitet, sobald das Fehlende eingetroffen ist.",
    NoteKind.UNCLEAR: "Die Verbindung ist abgebrochen, bevor eine Antwort kam. Damit nichts doppelt geschieht, "
    "wird die Übertragung nicht von selbst wiederholt.",
    NoteKind.FORGOTTEN: "Während diese Datei verarbeitet wurde, ging die Aufzeichnung darüber verloren. Ihre "
    "Ergebnisse waren schon vorbereitet; ob sie auch übergeben und abgeholt wurden, lässt sich nicht mehr feststellen. "
    "Damit nichts doppelt gebucht wird, wird die Datei nicht von selbst noch einmal verarbeitet.",
    NoteKind.CRASHED: "Aus dieser Datei wurde nichts übernommen. Sie liegt unverändert neben diesem Hinweis. Andere "
    "Dateien sind nicht betroffen.",
    NoteKind.BUG: "Aus dieser Datei wurde nichts übernommen. Sie liegt unverändert neben diesem Hinweis. Andere "
    "Dateien sind nicht betroffen.",
}
_TO_DO = {
    NoteKind.REMARKS: "Bitte die genannten Punkte prüfen. Dieser Hinweis kann danach gelöscht werden.",
    NoteKind.REJECTED: "Bitte die Datei berichtigen oder neu erzeugen und in den Ordner {route} legen. Die Datei in "
    "„rejected“ und dieser Hinweis können danach gelöscht werden.",
    NoteKind.HELD: "Bitte die genannten Punkte prüfen und die Datei mit der Vorgangsnummer von der Systembetreuung "
    "freigeben oder verwerfen lassen. Sie muss nicht noch einmal in den Ordner {route} gelegt werden.",
    NoteKind.DUPLICATE: "Es ist nichts zu tun. Dieser Hinweis kann gelöscht werden, ebenso die Datei, falls sie "
    "daneben liegt. Soll sie wirklich noch einmal verarbeitet werden, wenden Sie sich bitte mit der Vorgangsnummer an "
    "die Systembetreuung.",
    NoteKind.WAITING: "Bitte nachreichen, was oben genannt ist. Die Datei muss nicht noch einmal in den Ordner {route} "
    "gelegt werden.",
    NoteKind.UNCLEAR: "Bitte bei der Gegenseite nachsehen, ob die Übertragung angekommen ist, und danach mit der "
    "Vorgangsnummer bei der Systembetreuung die Wiederholung verlangen oder den Vorgang als erledigt melden.",
    NoteKind.FORGOTTEN: "Bitte dort nachsehen, wohin die Ergebnisse gehen (zum Beispiel in der Buchhaltung), ob die "
    "Daten dieser Datei schon angekommen sind, und der Systembetreuung mit der Vorgangsnummer Bescheid geben. Sind sie "
    "nicht angekommen, lässt sie die Datei verarbeiten; sind sie angekommen, lässt sie die Datei nur als erledigt "
    "vermerken. "
    "Die Datei muss nicht noch einmal in den Ordner {route} gelegt werden.",
    NoteKind.CRASHED: "Bitte prüfen, ob die Datei richtig erzeugt wurde, und sie in kleineren Teilen oder neu erzeugt "
    "wieder in den Ordner {route} legen. Gelingt es nicht, wenden Sie sich bitte an die Systembetreuung.",
    NoteKind.BUG: "Bitte geben Sie der Systembetreuung die Fehlernummer weiter. Ist der Fehler behoben, legen Sie die "
    "Datei wieder in den Ordner {route}. Die Datei in „rejected“ und dieser Hinweis können danach gelöscht werden.",
}
_TO_DO_ELSEWHERE = (
    "Bitte die Datei in den richtigen Ordner legen. Die Datei in „rejected“ und dieser Hinweis können danach gelöscht "
    "werden."
)


def note_text(
    kind: NoteKind,
    file_name: str,
    problems: Sequence[Problem],
    *,
    received_at: datetime,
    route_label: str,
    reference: str,
    extra: Sequence[str] = (),
    processed_at: datetime | None = None,
) -> str:
    """Return a note, ready for ``.encode("utf-8")``: it begins with a BOM and has CRLF line ends, for Windows Notepad.

    ``route_label`` is the folder as the clerk knows it ("inbox/rzl"), ``reference`` the number of the drop or of
    the bug, ``extra`` further German sentences for the end, ``processed_at`` the first time of a duplicate. Times are
    printed as they are handed in: convert them to local time before.
    """
    name = quoted(file_name, _LONGEST_NAME)
    when = f" am {moment(processed_at)}" if processed_at else ""
    folder = quoted(route_label, _LONGEST_NAME)
    title = _wrap(_TITLES[kind].format(name=name, when=when))
    lines = [
        *title,
        "=" * max(map(len, title)),
        "",
        f"Eingegangen:     {moment(received_at)}",
        f"Ordner:          {visible(route_label, _LONGEST_NAME)}",
        f"{'Fehlernummer:' if kind is NoteKind.BUG else 'Vorgangsnummer:':<16} {visible(reference, _LONGEST_NAME)}",
        "",
        *_problem_lines(kind, problems),
        *_section("Was mit der Datei geschehen ist", [_HAPPENED[kind]]),
        "",
        *_section("Was jetzt zu tun ist", [_to_do(kind, problems).format(route=folder), *extra]),
    ]
    return "\ufeff" + "".join(f"{line}\r\n" for line in lines)


def read_note(text: str) -> tuple[NoteKind, str] | None:
    """What a note says became of its file, and the number of the drop; None where it is no note of ours."""
    title, _, rest = text.removeprefix("\ufeff").partition("==")
    number = _REFERENCE.search(rest)
    said = _NAMED.sub("{name}", " ".join(title.split()))
    for kind, pattern in _TITLES.items():
        before, _, after = pattern.format(name="{name}", when="|").partition("|")
        if number is not None and said.startswith(before) and said.endswith(after):
            return kind, number[1]
    return None


# A name may hold quotation marks itself.
_NAMED = re.compile("„.*“")
_REFERENCE = re.compile(r"(?:Vorgangs|Fehler)nummer: +([0-9a-f]+)\r?\n")


def _to_do(kind: NoteKind, problems: Sequence[Problem]) -> str:
    if kind is NoteKind.REJECTED and any(problem.code == WRONG_FOLDER for problem in problems):
        return _TO_DO_ELSEWHERE
    return _TO_DO[kind]


def _problem_lines(kind: NoteKind, problems: Sequence[Problem]) -> Iterator[str]:
    if not problems:
        return
    heading = "Worum es geht" if kind in _NOTHING_WRONG else "Was nicht stimmt"
    yield from _heading(heading if len(problems) == 1 else f"{heading} ({counted(len(problems))} Punkte)")
    for number, problem in enumerate(problems[:SHOWN_PROBLEMS], start=1):
        parts = [place(problem), visible(problem.what, _LONGEST_SENTENCE), visible(problem.todo, _LONGEST_SENTENCE)]
        wrapped = [line for part in parts if part for line in _wrap(part, _WIDTH - 5)]
        yield from (f"{f'{number}.' if first == 0 else '':<5}{line}" for first, line in enumerate(wrapped))
        yield ""
    hidden = len(problems) - SHOWN_PROBLEMS
    if hidden > 0:
        more = "1 weiterer Punkt ist" if hidden == 1 else f"{counted(hidden)} weitere Punkte sind"
        yield f"... {more} hier nicht angeführt. Oft haben viele dieselbe Ursache."
        yield ""


def _section(title: str, sentences: Sequence[str]) -> Iterator[str]:
    yield from _heading(title)
    for sentence in sentences:
        yield from _wrap(visible(sentence, _LONGEST_SENTENCE))


def _wrap(text: str, width: int = _WIDTH) -> Sequence[str]:
    if len(text) <= width and text and text == text.strip() == printable(text):
        return (text,)  # most are: wrapping was a quarter of what the daemon did with a file
    return _wrapped(text, width)


@lru_cache(maxsize=128)
def _wrapped(text: str, width: int) -> tuple[str, ...]:
    """Many sentences are the same in every note."""
    return tuple(textwrap.wrap(text, width, break_on_hyphens=False))


def _heading(title: str) -> tuple[str, str]:
    return title, "-" * len(title)


def place(problem: Problem) -> str:
    """Say where a problem is, e.g. ``Zeile 7, Spalte „Betrag“ (E), Wert „12,3x“``; empty for the whole file.

    In a message the record and the field are named as a person counts them; the pointer behind is for whoever mends it.
    """
    letter = "" if problem.column_index is None else column_letter(problem.column_index)
    parts = []
    if problem.row is not None:
        parts.append(f"Zeile {problem.row}")
    if problem.column:
        parts.append(f"Spalte {quoted(problem.column)}" + (f" ({letter})" if letter else ""))
    elif letter:
        parts.append(f"Spalte {letter}")
    parts += _in_message(problem.pointer or "", problem.record)
    if problem.value is not None:
        parts.append(f"Wert {quoted(problem.value)}" if problem.value else "Wert leer")
    return ", ".join(parts)


def _in_message(pointer: str, record: str | None) -> Iterator[str]:
    """Record, entries and field that a JSON pointer leads to, e.g. ``3. Datensatz „AR-7“``, ``Feld „gross“ [/...]``."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    named = f" {quoted(record)}" if record else ""
    if len(steps) > 1 and steps[0] == "records" and _is_position(steps[1]):
        yield f"{int(steps[1]) + 1}. Datensatz{named}"
        steps = steps[3:] if steps[2:3] == ["data"] else steps[2:]
    elif named:
        yield f"Datensatz{named}"
    for number, step in enumerate(steps):
        following = steps[number + 1] if number + 1 < len(steps) else None
        if following is None and not _is_position(step):
            yield f"Feld {quoted(step)}"
        elif following is not None and _is_position(following):
            yield f"{int(following) + 1}. Eintrag in {quoted(step)}"
        elif not (step.isascii() and step.isdigit()):
            yield quoted(step)
    if pointer.count("/") > 1:
        yield f"Stelle {visible(pointer, _LONGEST_NAME)}"


def _is_position(step: str) -> bool:
    return step.isascii() and step.isdigit() and len(step) < 10


def column_letter(index: int) -> str:
    """Return the name that a spreadsheet gives to the column at this position, counted from 0: A, B, ... Z, AA."""
    letters = ""
    rest = index + 1
    while rest > 0:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


# ── how values are shown ──────────────────────────────────────────────────────────────────────────────────────────


def quoted(value: str, longest: int = _LONGEST_VALUE) -> str:
    """Return a value in German quotation marks, made visible and short."""
    return f"„{visible(value, longest)}“"


def visible(value: str, longest: int = _LONGEST_VALUE) -> str:
    """Return a value so that nothing in it hides: controls as signs, undecodable bytes named, overlong cut."""
    if len(value) > longest:
        tail = longest // 4
        value = f"{value[: longest - tail]} … {value[len(value) - tail :]} ({counted(len(value))} Zeichen)"
    return printable(value)


def printable(text: str) -> str:
    """A text of any length in which nothing hides or steers a terminal."""
    return _HIDING.sub(lambda found: _sign(found.group()), text)


# Everything that a text editor does not draw, or draws elsewhere: controls, bidirectional marks, joiners, surrogates.
_HIDING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\ue000-\uf8ff\ufffe\uffff\U000e0000-\U000e007f]"
)


def counted(number: int) -> str:
    """Return a number with the point that Austrian readers expect between the thousands."""
    return f"{number:,}".replace(",", ".")


def moment(when: datetime) -> str:
    """Return a date and time as a clerk writes it: 12.03.2026 um 14:05 Uhr."""
    return f"{when:%d.%m.%Y} um {when:%H:%M} Uhr"


def _sign(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xDC80 <= code <= 0xDCFF:
        return f"[Byte {code - 0xDC00:02X}]"
    return f"[U+{code:04X}]"
