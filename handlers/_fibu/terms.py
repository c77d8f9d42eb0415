"""Terms of payment in the days and percents that FIBU programs know; what they cannot say is told."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from core.documents import CashDiscount, Invoice
from core.errors import Problem
from core.fibu.booking import PaymentTerms
from core.fibu.program import Limits
from core.money import CENT, cents
from handlers._fibu.source import Source, german

_TAKEN = ("bei einer Buchung kein Skonto", "eine Skontostufe", "zwei Skontostufen")
_PLACES = (Decimal(1), Decimal("0.1"), CENT)


def terms_of(
    source: Source, invoice: Invoice, payable: Decimal, limits: Limits, warnings: list[Problem]
) -> PaymentTerms | None:
    """The terms of an invoice over this amount; a warning tells of each discount that cannot be handed over.

    Days count from the document's date. A discount that is an amount is handed over as the percentage that gives the
    same amount to the cent, where there is one with two decimals.
    """
    terms = invoice.payment_terms
    net_days = terms.net_days if terms else None
    if net_days is None and invoice.due_date is not None:
        net_days = max(0, (invoice.due_date - invoice.issue_date).days)
    steps: list[tuple[int, Decimal]] = []
    for index, discount in enumerate(terms.discounts if terms else ()):
        at = f"/payment_terms/discounts/{index}"
        percent = discount.percent or (_percent_of(discount.amount, payable) if discount.amount else None)
        warnings += _discount_warnings(source, discount, percent, payable, at)
        days = _days(discount, invoice.issue_date)
        if percent:
            steps.append((days, percent))
    steps.sort(key=lambda step: step[0])
    most = limits.discounts
    if len(steps) > most:
        warnings.append(_too_many(source, steps[most:], limits))
    if net_days is None and not steps:
        return None
    first, second = ([*steps[:most], (None, None), (None, None)])[:2]
    return PaymentTerms(
        net_days=net_days,
        discount_days=first[0],
        discount_percent=first[1],
        discount_days_2=second[0],
        discount_percent_2=second[1],
    )


def _days(discount: CashDiscount, issued: date) -> int:
    if discount.days is not None:
        return discount.days
    return max(0, (discount.until - issued).days) if discount.until else 0


def _percent_of(amount: Decimal, payable: Decimal) -> Decimal | None:
    """The roundest percentage that gives this amount; None where two decimals cannot say it."""
    if not 0 < amount < payable:
        return None
    exact = amount * 100 / payable
    candidates = (exact.quantize(places, ROUND_HALF_UP) for places in _PLACES)
    return next((percent for percent in candidates if percent and cents(payable * percent / 100) == amount), None)


def _discount_warnings(
    source: Source, discount: CashDiscount, percent: Decimal | None, payable: Decimal, at: str
) -> Iterator[Problem]:
    amount = discount.amount
    if percent is None and amount:
        yield source.problem(
            "fibu_discount_amount",
            f"{source.label}: Der Skontobetrag {german(amount)} lässt sich nicht als Prozentsatz mit zwei "
            "Nachkommastellen ausdrücken; er wurde nicht an die FIBU übergeben.",
            "Bitte tragen Sie das Skonto beim offenen Posten in der FIBU ein.",
            f"{at}/amount",
            amount,
        )
    elif percent and amount and abs(cents(payable * percent / 100) - amount) > CENT:
        yield source.problem(
            "fibu_discount_differs",
            f"{source.label}: {german(percent)} % Skonto sind {german(cents(payable * percent / 100))}, auf dem Beleg "
            f"stehen aber {german(amount)}. An die FIBU geht der Prozentsatz.",
            "Bitte achten Sie beim Ausgleich auf den Skontobetrag des Belegs.",
            f"{at}/amount",
            amount,
        )


def _too_many(source: Source, left: list[tuple[int, Decimal]], limits: Limits) -> Problem:
    listed = ", ".join(f"{german(percent)} % bis {days} Tage" for days, percent in left)
    return source.problem(
        "fibu_discount_steps",
        f"{source.label}: {limits.program} nimmt {_TAKEN[limits.discounts]}; nicht übergeben wurde: {listed}.",
        f"Bitte tragen Sie {'die weitere Stufe' if limits.discounts else 'das Skonto'} bei Bedarf in der FIBU ein.",
        "/payment_terms/discounts",
    )
