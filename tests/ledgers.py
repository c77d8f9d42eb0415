"""A whole ledger in memory, for tests of handlers: it obeys core.contracts.Ledger and applies Put effects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from core.contracts import Claim, Effect, Entry, Hold, Put, Wait


class MemoryCompanyLedger:
    """The entries of one company."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}

    def put(self, effect: Put) -> None:
        if effect.body is None:
            self._entries.pop((effect.kind, effect.key), None)
        else:
            self._entries[effect.kind, effect.key] = Entry(effect.key, dict(effect.body), effect.group)

    def get(self, kind: str, key: str) -> Entry | None:
        return self._entries.get((kind, key))

    def get_many(self, kind: str, keys: Sequence[str]) -> Mapping[str, Entry]:
        return {key: self._entries[kind, key] for key in keys if (kind, key) in self._entries}

    def group(self, kind: str, group: str) -> Iterator[Entry]:
        return (entry for entry in self.all(kind) if entry.group == group)

    def get_groups(self, kind: str, groups: Sequence[str]) -> Mapping[str, Sequence[Entry]]:
        found = {group: list(self.group(kind, group)) for group in groups}
        return {group: entries for group, entries in found.items() if entries}

    def entries(self) -> Iterator[tuple[str, str, Entry]]:
        """Everything, as (kind, key, entry)."""
        return ((kind, key, entry) for (kind, key), entry in self._entries.items())

    def all(self, kind: str) -> Iterator[Entry]:
        return iter([self._entries[pair] for pair in sorted(self._entries) if pair[0] == kind])


class MemoryLedger:
    """The ledgers of all companies; ``claims`` holds the business keys claimed so far."""

    def __init__(self) -> None:
        self._companies: dict[str, MemoryCompanyLedger] = {}
        self.claims: set[tuple[str, str]] = set()

    def of(self, company: str) -> MemoryCompanyLedger:
        return self._companies.setdefault(company, MemoryCompanyLedger())

    def commit(self, effects: Iterable[Effect]) -> list[Effect]:
        """Apply a drop's effects as the engine does: all of them, or none where the drop is held or waits."""
        done = list(effects)
        if any(isinstance(effect, Hold | Wait) for effect in done):
            return done
        for effect in done:
            if isinstance(effect, Put):
                self.of(effect.company).put(effect)
            elif isinstance(effect, Claim):
                self.claims.add((effect.company, effect.key))
        return done
