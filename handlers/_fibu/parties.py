"""Customers and suppliers as person accounts: which account a party has, which it gets, what the FIBU must be told."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.company import AccountRange, Company
from core.contracts import CompanyLedger, Put
from core.documents import Customer, Invoice, Party, Supplier
from core.errors import Problem
from core.fibu.booking import PaymentTerms, PersonAccount
from handlers._fibu.source import Source

PartyKind = Literal["customer", "supplier"]

ALLOCATED = "allocated_account"
"""Ledger kind: an account that we chose; its key is "<customer or supplier>/<id>"."""
SENT = "account_sent"
"""Ledger kind: what the FIBU was last told of a person account; its key is the account, its group the run."""

SENT_BEFORE = "account_sent_before"
"""Ledger kind: what the FIBU was told of an account before a run told it otherwise; its key is "<run>/<account>"."""

_KINDS: tuple[PartyKind, PartyKind] = ("customer", "supplier")
_MODELS: Mapping[PartyKind, type[Party]] = {"customer": Customer, "supplier": Supplier}


@dataclass(frozen=True, slots=True)
class Person:
    """The party of a document, with its account."""

    kind: PartyKind
    party_id: str
    account: str
    master: Party | None
    """Master data, where they were sent."""

    @property
    def name(self) -> str:
        """Name of the party, "" where it is not known."""
        return self.master.name if self.master else ""

    @property
    def vat_id(self) -> str:
        """VAT id of the party, "" where it has none."""
        return (self.master.vat_id if self.master else None) or ""


@dataclass(slots=True)
class Parties:
    """The parties of one export. Accounts are chosen in the order of the documents: same message, same accounts."""

    company: Company
    ledger: CompanyLedger
    masters: Mapping[tuple[PartyKind, str], Party]
    allocated: dict[tuple[PartyKind, str], str]
    stated: frozenset[str] = frozenset()
    """Accounts that the documents themselves carry."""
    new: list[Person] = field(default_factory=list)
    """Persons whose account was chosen in this export."""
    _used: dict[PartyKind, int] = field(default_factory=dict)
    """Highest account in use, by kind; filled when the first account is chosen."""

    def person(self, source: Source, invoice: Invoice, problems: list[Problem]) -> Person | None:
        """The invoice's party with its account; None where it is unknown, or where (a problem tells) none is free."""
        kind = party_kind(invoice)
        key = (kind, invoice.party_id)
        master = self.masters.get(key)
        account = invoice.ledger_account or (master.ledger_account if master else None) or self.allocated.get(key)
        if account is not None:
            return Person(kind, invoice.party_id, account, master)
        if master is None:
            return None
        chosen = self._choose(kind)
        if chosen is None:
            problems.append(_range_exhausted(source, kind, self._range(kind)))
            return None
        person = Person(kind, invoice.party_id, str(chosen), master)
        self.allocated[key] = person.account
        self.new.append(person)
        return person

    def _range(self, kind: PartyKind) -> AccountRange:
        return self.company.accounts.debtors if kind == "customer" else self.company.accounts.creditors

    def _choose(self, kind: PartyKind) -> int | None:
        accounts = self._range(kind)
        if kind not in self._used:
            self._used[kind] = max(self._in_use(accounts), default=accounts.first - 1)
        chosen = self._used[kind] + 1
        while chosen in accounts.set_apart:
            chosen += 1
        if not accounts.holds(chosen):
            return None
        self._used[kind] = chosen
        return chosen

    def _in_use(self, accounts: AccountRange) -> Iterator[int]:
        """Accounts of the range that some party has or had; a gap is never filled, the FIBU may know an old owner."""
        for text in self._known_accounts():
            if text.isascii() and text.isdigit():
                account = int(text)
                if accounts.holds(account) and account not in accounts.set_apart:
                    yield account

    def _known_accounts(self) -> Iterator[str]:
        yield from self.stated
        yield from self.allocated.values()
        for entry in self.ledger.all(ALLOCATED):
            yield str(entry.body["ledger_account"])
        for entry in self.ledger.all(SENT):
            yield entry.key
        for kind in _KINDS:
            for entry in self.ledger.all(kind):
                yield str((entry.body.get("data") or {}).get("ledger_account") or "")


def party_kind(invoice: Invoice) -> PartyKind:
    """Customer on outgoing, supplier on incoming documents."""
    return "customer" if invoice.direction == "ar" else "supplier"


def load_parties(invoices: Sequence[Invoice], company: Company, ledger: CompanyLedger) -> Parties:
    """Look up the parties of these invoices, all at once."""
    masters: dict[tuple[PartyKind, str], Party] = {}
    allocated: dict[tuple[PartyKind, str], str] = {}
    for kind in _KINDS:
        ids = sorted({invoice.party_id for invoice in invoices if party_kind(invoice) == kind})
        if not ids:
            continue
        for party_id, entry in ledger.get_many(kind, ids).items():
            data = entry.body.get("data")
            if data:
                masters[kind, party_id] = _MODELS[kind].model_validate({**data, "id": party_id})
        keys = [f"{kind}/{party_id}" for party_id in ids]
        for key, entry in ledger.get_many(ALLOCATED, keys).items():
            allocated[kind, key.removeprefix(f"{kind}/")] = str(entry.body["ledger_account"])
    stated = frozenset(invoice.ledger_account for invoice in invoices if invoice.ledger_account)
    return Parties(company, ledger, masters, allocated, stated)


def unsent_accounts(
    persons: Iterable[tuple[Source, Person]], company: Company, ledger: CompanyLedger
) -> tuple[list[PersonAccount], list[Problem]]:
    """Person accounts that the FIBU does not know yet or knows otherwise, in order; and warnings.

    Accounts that many parties share (``set_apart``) are the client's own and never sent. Where two parties have one
    account all the same, the first keeps its name on it, and a warning tells.
    """
    apart = {str(account) for account in company.accounts.debtors.set_apart + company.accounts.creditors.set_apart}
    candidates: dict[tuple[str, str], tuple[Source, PersonAccount]] = {}
    for source, person in persons:
        if person.master is not None and person.account not in apart:
            account = _person_account(source, person, person.master, company)
            candidates.setdefault((account.account, _party_key(account)), (source, account))
    sent = ledger.get_many(SENT, sorted({account for account, _ in candidates}))
    owners = {account: str(entry.body["party"]) for account, entry in sent.items()}
    accounts: list[PersonAccount] = []
    warnings: list[Problem] = []
    for (number, party), (source, account) in candidates.items():
        if owners.setdefault(number, party) != party:
            warnings.append(_account_shared(source, account, owners[number]))
        elif number not in sent or sent[number].body["hash"] != _fingerprint(account):
            accounts.append(account)
    return sorted(accounts, key=lambda account: (len(account.account), account.account)), warnings


def outside_range(source: Source, person: Person | None, company: Company) -> Iterator[Problem]:
    """Yield a problem where the account of a party is none of the company's accounts for such parties."""
    if person is None or not (person.account.isascii() and person.account.isdigit()):
        return
    accounts = company.accounts.debtors if person.kind == "customer" else company.accounts.creditors
    if not accounts.knows(int(person.account)):
        word = "Kunden" if person.kind == "customer" else "Lieferanten"
        yield source.problem(
            "fibu_account_out_of_range",
            f"{source.label}: Das Personenkonto {person.account} von {person.name or person.party_id} liegt nicht im "
            f"Bereich {accounts.first} bis {accounts.last} für {word}.",
            "Bitte berichtigen Sie das Personenkonto in CLUE, oder lassen Sie den Kontenbereich der Firma erweitern.",
            "/ledger_account",
            person.account,
        )


def sent_accounts(
    accounts: Sequence[PersonAccount], company: Company, ledger: CompanyLedger, run: str
) -> Iterator[Put]:
    """Remember what the FIBU is told of these accounts, and what it was told before."""
    before = ledger.get_many(SENT, [account.account for account in accounts])
    for account in accounts:
        body = {"hash": _fingerprint(account), "party": _party_key(account)}
        yield Put(company.id, SENT, account.account, body, run)
        entry = before.get(account.account)
        if entry is not None and entry.group != run:
            told = {"body": entry.body, "run": entry.group}
            yield Put(company.id, SENT_BEFORE, f"{run}/{account.account}", told)


def remember_allocated(person: Person, company: Company) -> Put:
    """Remember the account that was chosen for this party."""
    body = {"ledger_account": person.account}
    return Put(company.id, ALLOCATED, f"{person.kind}/{person.party_id}", body)


def _person_account(source: Source, person: Person, master: Party, company: Company) -> PersonAccount:
    address = master.billing_address
    bank = master.bank_accounts[0] if master.bank_accounts else None
    collective = (
        company.accounts.debtor_collective if person.kind == "customer" else company.accounts.creditor_collective
    )
    return PersonAccount(
        kind=person.kind,
        account=person.account,
        party_id=person.party_id,
        record=source.record,
        pointer=source.pointer,
        number=master.number or person.party_id,
        name=master.name,
        name2=master.name2 or "",
        street=" ".join(part for part in (address.street, address.street2) if part),
        zip=address.zip or "",
        city=address.city or "",
        country=address.country,
        vat_id=master.vat_id or "",
        collective_account=master.collective_account or collective,
        currency=master.currency or company.currency,
        email=master.email or address.email or "",
        phone=master.phone or address.phone or "",
        iban=bank.iban if bank else "",
        bic=(bank.bic if bank else None) or "",
        terms=_terms(master),
        dunning_block=bool(master.dunning_block),
    )


def _terms(master: Party) -> PaymentTerms | None:
    terms = master.payment_terms
    if terms is None:
        return None
    discount = next((step for step in terms.discounts if step.days is not None and step.percent is not None), None)
    return PaymentTerms(
        net_days=terms.net_days,
        discount_days=discount.days if discount else None,
        discount_percent=discount.percent if discount else None,
    )


def _party_key(account: PersonAccount) -> str:
    return f"{account.kind}/{account.party_id}"


def _fingerprint(account: PersonAccount) -> str:
    return hashlib.sha256(account.model_dump_json(exclude={"record", "pointer"}).encode()).hexdigest()


def _range_exhausted(source: Source, kind: PartyKind, accounts: AccountRange) -> Problem:
    word = "Kunden" if kind == "customer" else "Lieferanten"
    return source.problem(
        "fibu_no_free_account",
        f"{source.label}: Im Bereich {accounts.first} bis {accounts.last} ist kein Konto für neue {word} mehr frei.",
        "Bitte geben Sie das Personenkonto in CLUE an, oder lassen Sie den Kontenbereich der Firma erweitern.",
        "/ledger_account",
    )


def _account_shared(source: Source, account: PersonAccount, owner: str) -> Problem:
    return source.problem(
        "fibu_account_shared",
        f"{source.label}: Das Personenkonto {account.account} gehört in der FIBU schon zu {owner.partition('/')[2]}; "
        f"Name und Anschrift von {account.name} wurden nicht übergeben.",
        "Bitte prüfen Sie das Personenkonto in CLUE. Ein Konto für Laufkundschaft lassen Sie bitte in den "
        "Einstellungen der Firma als solches eintragen.",
        "/ledger_account",
        account.account,
    )
