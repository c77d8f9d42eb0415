"""Bookings and person accounts of every shape that a program takes, for tests with thousands of them."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from core.fibu.booking import Booking, BookingLine, ForeignAmount, PaymentTerms, PersonAccount, VatSide
from core.fibu.tax_codes import SELF_ASSESSED
from core.money import CENT, cents, total, vat_of_net

RATES = tuple(map(Decimal, ("20", "13", "10", "19", "4.9")))
TEXTS = st.text(alphabet='aÄßé §;"\r\n\t–Z9.€', max_size=90)
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
AMOUNTS = st.integers(-99_999, 9_999_999).map(lambda count: count * CENT)
CENTRES = st.sampled_from(["", "1", "110", "9999999"])


@st.composite
def terms(draw: st.DrawFn) -> PaymentTerms | None:
    """Terms of payment with none, one or two discounts."""
    steps = draw(st.integers(-1, 2))
    if steps < 0:
        return None
    percents = st.sampled_from([Decimal(2), Decimal("2.5"), Decimal("12.34")])
    values: dict[str, Any] = {"net_days": draw(st.sampled_from([None, 0, 30, 999]))}
    if steps:
        values |= {"discount_days": draw(st.integers(0, 60)), "discount_percent": draw(percents)}
    if steps == 2:
        values |= {"discount_days_2": draw(st.integers(61, 99)), "discount_percent_2": draw(percents)}
    return PaymentTerms(**values)


@st.composite
def _lines(
    draw: st.DrawFn,
    place: int,
    vat_side: VatSide,
    treatments: tuple[str, ...],
    currency: ForeignAmount | None,
    *,
    vat_off: bool,
) -> BookingLine:
    """A line of a booking; with ``vat_off`` its VAT may be off by a cent, as on documents of others."""
    treatment = draw(st.sampled_from(treatments))
    own = treatment in SELF_ASSESSED and vat_side == "ap"
    rate = draw(st.sampled_from(RATES)) if own or treatment == "domestic" else Decimal(0)
    net = draw(AMOUNTS.filter(bool))
    vat = vat_of_net(net, rate)
    if vat_off and treatment == "domestic" and abs(net) > 100:
        vat += draw(st.sampled_from([0, CENT, -CENT]))
    amounts: dict[str, Any] = {"vat": Decimal(0) if own else vat, "self_assessed_vat": vat if own else Decimal(0)}
    if currency:
        foreign_net = cents(net * currency.rate)
        foreign_vat = vat_of_net(foreign_net, rate) if treatment == "domestic" else Decimal(0)
        amounts |= {"foreign_net": foreign_net, "foreign_vat": foreign_vat}
    return BookingLine(
        account=str(4000 + place * 10),
        net=net,
        treatment=treatment,
        rate=rate,
        cost_center=draw(CENTRES),
        cost_object=draw(CENTRES),
        **amounts,
    )


@st.composite
def bookings(
    draw: st.DrawFn, index: int, treatments: dict[str, tuple[str, ...]], *, foreign: bool, vat_off: bool = True
) -> Booking:
    """A booking of this number; ``treatments`` are those that the program knows, by side."""
    kind = draw(st.sampled_from(["ar", "ap", "cash", "payment"]))
    side = {"ar": "debit", "ap": "credit"}.get(kind) or draw(st.sampled_from(["debit", "credit"]))
    vat_side: VatSide = "ar" if side == "debit" else "ap"
    currency = ForeignAmount(currency="USD", rate=Decimal("1.25")) if foreign and draw(st.booleans()) else None
    known = ("none",) if kind == "payment" else treatments[vat_side]
    count = 1 if kind == "payment" else draw(st.integers(1, 4))
    lines = tuple(draw(_lines(place, vat_side, known, currency, vat_off=vat_off)) for place in range(count))
    document_date = draw(DAYS)
    number = f"2026-{index:04}"
    own_terms = draw(terms()) if kind in {"ar", "ap"} else None
    return Booking(
        document_id=number,
        pointer=f"/records/{index}/data",
        kind=kind,
        side=side,
        account={"ar": "200001", "ap": "300001", "cash": "2700"}.get(kind, "200002"),
        number=number,
        external_number=draw(st.sampled_from(["R-4711", "17", "INV.99/a"])) if kind == "ap" else "",
        settles=f"2025-{index:04}" if kind == "payment" else "",
        document_date=document_date,
        posting_date=draw(st.none() | DAYS),
        service_date=draw(st.none() | DAYS),
        due_date=draw(st.none() | DAYS),
        stage=draw(st.sampled_from(["", "", "advance", "partial", "final"])) if kind == "ar" else "",
        order_number=draw(st.sampled_from(["", "7001"])) if kind == "ar" else "",
        payment_reference=draw(st.sampled_from(["", "RF18 5390"])),
        dunning_block=draw(st.booleans()),
        foreign=currency,
        party_name=draw(TEXTS),
        text=draw(TEXTS),
        vat_id=draw(st.sampled_from(["", "DE123456789"])),
        terms=own_terms,
        document_file=draw(st.sampled_from(["", "AR-5_Größe 1.pdf"])),
        gross=total(line.gross for line in lines),
        lines=lines,
    )


def batches(treatments: dict[str, tuple[str, ...]], **more: bool) -> st.SearchStrategy[tuple[Booking, ...]]:
    """Up to five bookings of different numbers."""
    return st.integers(1, 5).flatmap(
        lambda count: st.tuples(*(bookings(index, treatments, **more) for index in range(1, count + 1)))
    )


@st.composite
def persons(draw: st.DrawFn) -> PersonAccount:
    """A person account with any of its fields filled."""
    kind = draw(st.sampled_from(["customer", "supplier"]))
    account = str(draw(st.integers(200000, 299999) if kind == "customer" else st.integers(300000, 399999)))
    some = st.sampled_from
    return PersonAccount(
        kind=kind,
        account=account,
        party_id=draw(some(["P1", "K10234"])),
        number=draw(some(["", "K10234"])),
        name=draw(TEXTS.filter(lambda text: text.strip(' ;"\r\n\t'))) + "x",
        name2=draw(TEXTS),
        street=draw(TEXTS),
        zip=draw(some(["", "1010"])),
        city=draw(TEXTS),
        country=draw(some(["", "AT", "DE", "SI", "CH", "GB"])),
        vat_id=draw(some(["", "ATU12345678", "SI12345678"])),
        currency=draw(some(["EUR", "CHF"])),
        email=draw(some(["", "a@b.at"])),
        phone=draw(some(["", "+43 1 234"])),
        iban=draw(some(["", "AT611904300234573201"])),
        bic=draw(some(["", "BKAUATWW"])),
        terms=draw(terms()),
        dunning_block=draw(st.booleans()),
    )
