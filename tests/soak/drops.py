"""What the soak drops: messages of CLUE and open-item lists with fresh numbers, some of them wrong, some of them twice.

Every drop knows what must come of it, so that the results can be counted without asking the daemon.
"""

import json
import random
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from decimal import Decimal

CUSTOMERS = 200
_LIST_ROWS = 4
_DAY = "2026-11-02"
FIBU = {"1": "bmd", "2": "rzl"}


@dataclass(slots=True)
class Drop:
    """One file to be dropped."""

    route: str
    name: str
    content: bytes
    first_result: str = ""
    """Name by which its first result is known: ``ack <message>`` or ``payment <document>``; empty: none comes."""


@dataclass(slots=True)
class Promise:
    """Everything that must have come out in the end, by what it says: ``ack <message> <result>`` and so on."""

    results: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    """Files that go back to the clerk."""


class Sender:
    """Makes the drops of one soak. Not thread-safe."""

    def __init__(self, seed: int) -> None:
        self.promise = Promise()
        self._chance = random.Random(seed)
        self._run = f"{seed % 10_000:04}"
        self._number = 0
        self._in_flight: dict[str, list[tuple[str, str, Decimal]]] = {}
        """Documents of company 1 by message, until CLUE has its answer."""
        self._bookable: deque[tuple[str, str, Decimal]] = deque()
        """Document, account and amount of what was answered: a list may speak of it."""
        self._sent: dict[str, deque[Drop]] = {"clue": deque(maxlen=50), "bmd": deque(maxlen=50)}

    def customers(self) -> Drop:
        """The customers of company 1, who must come first."""
        records = [
            {"op": "upsert", "id": f"K{number}", "data": {
                "name": f"Müller & Söhne {number}", "customer_kind": "business", "currency": "EUR",
                "ledger_account": str(200_000 + number), "payment_terms": {"net_days": 14},
                "updated_at": "2026-11-01T08:00:00+01:00",
                "addresses": [{"kind": "billing", "street": "Ringstraße 1", "zip": "4600", "city": "Wels",
                               "country": "AT"}]}}
            for number in range(CUSTOMERS)
        ]  # fmt: skip
        return self._message("customer", "1", records)

    def answered(self, message: str) -> None:
        """CLUE has got the answer to a message: the FIBU has its documents, or will have them."""
        self._bookable.extend(self._in_flight.pop(message, ()))

    def next(self) -> Drop:
        """One drop more, of a kind that chance chooses."""
        kind = self._chance.random()
        if kind < 0.03:
            return self._wrong_list()
        if kind < 0.06:
            return self._wrong_message()
        if kind < 0.08 and self._sent["clue"]:
            return self._message_again()
        if kind < 0.10 and self._sent["bmd"]:
            return self._list_again()
        if kind < 0.35 and len(self._bookable) >= _LIST_ROWS:
            return self._list()
        company = "2" if kind > 0.9 else "1"
        return self._invoices(company, self._chance.randint(1, 3))

    # ── messages ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _invoices(self, company: str, count: int) -> Drop:
        documents = [self._document(company) for _ in range(count)]
        made = self._message("invoice", company, [_invoice(company, *document) for document in documents])
        message = made.first_result.removeprefix("ack ")
        self.promise.results.update(f"booking {FIBU[company]} {number}" for number, _customer, _net in documents)
        if company == "1":
            self._in_flight[message] = [
                (number, str(200_000 + customer), net * Decimal("1.2")) for number, customer, net in documents
            ]
        return made

    def _document(self, company: str) -> tuple[str, int, Decimal]:
        self._number += 1
        net = Decimal(self._chance.randint(1_000, 9_999_00) * 5).scaleb(-2)
        return f"{self._run}{company}{self._number:06}", self._chance.randrange(CUSTOMERS), net

    def _message(self, kind: str, company: str, records: list[dict[str, object]], result: str = "accepted") -> Drop:
        message = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        text = {
            "format": "clue-exchange", "version": "1.0", "message_id": message, "type": kind, "mode": "delta",
            "created_at": "2026-11-20T08:05:00+01:00", "sender": {"system": "clue", "company": company},
            "totals": {"record_count": len(records)}, "records": records,
        }  # fmt: skip
        self.promise.results[f"ack {message} {result}"] += 1
        content = json.dumps(text, ensure_ascii=False).encode()
        made = Drop("clue", f"{kind}_{message[:13]}.json", content, f"ack {message}")
        self._sent["clue"].append(made)
        return made

    def _wrong_message(self) -> Drop:
        self.promise.rejected += 1
        record = _invoice("1", *self._document("1"))
        record["data"]["totals"]["gross"] = "0.01"
        made = self._message("invoice", "1", [record], "rejected")
        self._sent["clue"].pop()
        return made

    def _message_again(self) -> Drop:
        earlier = self._chance.choice(self._sent["clue"])
        self.promise.results[f"{earlier.first_result} duplicate"] += 1
        self._number += 1
        return Drop("clue", f"again_{self._number:06}.json", earlier.content)

    # ── lists ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _list(self) -> Drop:
        rows = [self._bookable.popleft() for _ in range(_LIST_ROWS)]
        self.promise.results.update(f"payment {number}" for number, _account, _gross in rows)
        self.promise.results.update(f"status {number}" for number, _account, _gross in rows)
        lines = [f"{account};{number};02.11.2026;{_german(gross / 2)}" for number, account, gross in rows]
        made = self._file(lines, f"payment {rows[0][0]}")
        self._sent["bmd"].append(made)
        return made

    def _file(self, lines: list[str], first_result: str = "") -> Drop:
        self._number += 1
        text = "\r\n".join(["Konto;OP-Nr.;Belegdatum;offener Betrag", *lines, ""])
        return Drop("bmd", f"op_{self._run}_{self._number:06}.csv", text.encode("cp1252"), first_result)

    def _wrong_list(self) -> Drop:
        self.promise.rejected += 1
        return self._file([f"20000x;{self._number};02.11.2026;1OO,00"])

    def _list_again(self) -> Drop:
        self.promise.rejected += 1
        self._number += 1
        return Drop("bmd", f"again_{self._number:06}.csv", self._chance.choice(self._sent["bmd"]).content)


def _invoice(company: str, number: str, customer: int, net: Decimal) -> dict[str, dict[str, dict[str, str]]]:
    vat = net / 5
    amounts = {"net": f"{net:.2f}", "vat": f"{vat:.2f}"}
    text: dict[str, object] = {
        "direction": "ar", "document_type": "invoice", "number": number, "issue_date": _DAY, "service_date": _DAY,
        "party_id": f"K{customer}", "currency": "EUR", "due_date": "2026-11-16",
        "lines": [{"line_id": "1", "sku": "A100", "name": "Ware", "qty": "1", "unit": "C62",
                   "unit_price": f"{net:.4f}", "net": amounts["net"], "vat_category": "S", "vat_rate": "20"}],
        "vat_breakdown": [{"vat_treatment": "domestic", "vat_category": "S", "vat_rate": "20", "account": "4000",
                           **amounts}],
        "totals": {**amounts, "gross": f"{net + vat:.2f}", "prepaid": "0.00", "rounding": "0.00",
                   "payable": f"{net + vat:.2f}"},
    }  # fmt: skip
    if company != "1":
        text |= {"party_name": f"Kunde {customer}", "ledger_account": str(200_000 + customer)}
    return {"op": "upsert", "id": f"AR-{number}", "data": text}  # type: ignore[dict-item]


def _german(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")


def told(name: str, content: bytes) -> list[str]:
    """What a result says, in the words of the promise. Raise ValueError for a result that nobody awaits."""
    if name.endswith("_personenkonten.csv"):
        return []
    if name.endswith("_buchungen.csv"):
        return _bookings(content.decode("cp1252").splitlines())
    message = json.loads(content)
    match message["type"]:
        case "ack":
            return [f"ack {message['correlation_id']} {message['result']}"]
        case "payment":
            return [f"payment {record['data']['document_number']}" for record in message["records"]]
        case "invoice":
            return [f"status {record['id'].removeprefix('AR-')}" for record in message["records"]]
    raise ValueError(f"{name} is of a kind that nobody awaits")


def _bookings(lines: list[str]) -> list[str]:
    """Numbers of the documents that a file of bookings holds, each once however many lines it has."""
    if lines[0].startswith("satzart"):
        return list(dict.fromkeys(f"booking bmd {line.split(';')[3]}" for line in lines[1:]))
    return list(dict.fromkeys(f"booking rzl {line.split(';')[14]}" for line in lines))
