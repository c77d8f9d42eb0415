"""What is wrong with a list as a whole: why it is refused, or held until a person has looked at it."""

from datetime import date

from core.errors import Problem

_DECIDE = "Wenn ja, lassen Sie die Datei freigeben; wenn nein, lassen Sie sie verwerfen."
_SINGLE = (
    "Sollen einzelne Rechnungen offen bleiben, so legen Sie vor der Freigabe eine CSV-Datei in denselben Eingang: in "
    "der ersten Zeile Konto;Beleg;Entscheidung, darunter eine Zeile für jede dieser Rechnungen, mit der Entscheidung "
    "offen (oder bezahlt, wenn sie auch ohne diese Liste als bezahlt gelten soll)."
)
_DECIDE_WHOLE = f"Ist sie vollständig, lassen Sie die Datei freigeben; wenn nicht, lassen Sie sie verwerfen. {_SINGLE}"


def other_company(differing: int, own: int) -> Problem:
    """So many invoices have another amount that they are probably not ours."""
    return Problem(
        "other_company",
        f"Bei {differing} von {own} Rechnungen der Liste stimmt der Betrag nicht mit dem übergebenen überein.",
        f"Bitte prüfen Sie, ob es die richtige Liste für diesen Mandanten ist. {_DECIDE}",
    )


def clearing_list_too_long(most: int) -> Problem:
    """More rows than can be sorted."""
    return Problem(
        "list_too_long",
        f"Die Auszifferungsliste hat mehr als {most} Buchungen.",
        "Bitte exportieren Sie sie in Teilen, zum Beispiel nach Monaten oder Kontenbereichen.",
    )


def too_many_gone(gone: int, expected: int) -> Problem:
    """So many documents have disappeared that the list may be incomplete."""
    return Problem(
        "too_many_gone",
        f"In der Liste fehlen {gone} von {expected} Rechnungen, die zuletzt noch offen waren; sie würden alle als "
        "bezahlt gelten.",
        f"Bitte prüfen Sie, ob die Liste vollständig ist (Kontenbereich, Filter, Stichtag). {_DECIDE} {_SINGLE}",
    )


def accounts_missing(accounts: int, first: str, last: str, gone: int) -> Problem:
    """So many accounts in a row are missing that the list was probably cut or restricted."""
    return Problem(
        "accounts_missing",
        f"In der Liste fehlen alle {gone} Rechnungen von {accounts} aufeinanderfolgenden Konten ({first} bis {last}); "
        "sie würden alle als bezahlt gelten.",
        f"Bitte prüfen Sie, ob die Liste abgeschnitten oder auf bestimmte Konten eingeschränkt ist. {_DECIDE_WHOLE}",
    )


def direction_missing(direction: str, gone: int) -> Problem:
    """Everything of the customers, or of the suppliers, is missing."""
    who = "Kunden" if direction == "ar" else "Lieferanten"
    return Problem(
        "direction_missing",
        f"In der Liste fehlen alle {gone} zuletzt offenen Rechnungen der {who}; sie würden alle als bezahlt gelten.",
        f"Bitte prüfen Sie, ob die Liste auch die Konten der {who} enthält. {_DECIDE} {_SINGLE}",
    )


def none_of_ours(gone: int, *, complete: bool = False) -> Problem:
    """The list holds nothing that is known. ``complete``: what is missing from it would be taken as settled."""
    return Problem(
        "none_of_ours",
        f"Die Liste enthält keine einzige Rechnung aus CLUE, obwohl dort zuletzt {gone} offen waren.",
        f"Bitte prüfen Sie, ob es die richtige Liste für diesen Mandanten ist. {_DECIDE}"
        + (f" {_SINGLE}" if complete else ""),
    )


def older_key_date(key_date: date, last: date) -> Problem:
    """A newer list has been read already."""
    return Problem(
        "older_key_date",
        f"Die Liste hat einen älteren Stichtag ({key_date:%d.%m.%Y}) als die zuletzt gelesene ({last:%d.%m.%Y}).",
        "Bitte exportieren Sie eine aktuelle OP-Liste; eine ältere darf nicht mehr eingelesen werden.",
    )


def company_missing() -> Problem:
    """The route does not say whose list this is."""
    return Problem(
        "company_missing",
        "Für diesen Eingang ist nicht festgelegt, zu welchem Mandanten seine OP-Listen gehören.",
        "Bitte lassen Sie den Mandanten dieses Eingangs einstellen und legen Sie die Liste dann neu ab.",
    )
