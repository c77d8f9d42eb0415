"""The tables of the journal, for every database alike. Times are whole milliseconds since 1970, UTC."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})

# Handlers read entries in the order of their keys, and Python merges by code point: no database may sort otherwise.
_SORTED = String(200).with_variant(String(200, collation="C"), "postgresql")


class Unsigned(TypeDecorator[int]):
    """A number of 64 bits without a sign, such as an inode of a share, in a column that has one."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """To the database."""
        return value if value is None or value < _SIGN else value - 2 * _SIGN

    def process_result_value(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """From the database."""
        return value if value is None or value >= 0 else value + 2 * _SIGN


_SIGN = 1 << 63

drops = Table(
    "drops",
    metadata,
    Column("id", String(24), primary_key=True, doc="sorts by time of arrival"),
    Column("route", String(80), nullable=False),
    Column("name", Text, nullable=False, doc="as dropped; undecodable bytes as surrogate escapes, quoted"),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("sha256", String(64)),
    Column("state", String(12), nullable=False),
    Column("claimed_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger, doc="empty as long as something is still to be done"),
    Column("flags", String(40), nullable=False, default="", doc="released, forced: what a person has decided"),
    Column("companions", Text, doc="JSON: name, name in the work folder, size, sha256 of each, once committed"),
    Column("report", Text, doc="JSON: problems and warnings, as the clerk was told"),
    Column("number", BigInteger, doc="its place among all commits"),
    Column("effects", Text, doc="JSON: what it changed and ``keys`` and ``ledger`` do not show, until it is archived"),
    sqlite_with_rowid=False,
)
_UNFINISHED = drops.c.finished_at.is_(None)
Index("ix_drops_unfinished", drops.c.id, sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED)

outputs = Table(
    "outputs",
    metadata,
    Column("drop_id", String(24), ForeignKey("drops.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("target", String(80), nullable=False),
    Column("name", Text, nullable=False),
    Column("staged", Text, nullable=False, doc="hidden name, relative to the target's folder"),
    Column("place", Unsigned, nullable=False, server_default="0", doc="inode of the folder of the hidden name"),
    Column("inode", Unsigned, nullable=False),
    Column("ctime_ns", BigInteger, nullable=False, doc="before the link: another one means it was published"),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    sqlite_with_rowid=False,
)

keys = Table(
    "keys",
    metadata,
    Column("scope", String(80), primary_key=True, doc="content:<route>, or company:<id>"),
    Column("key", String(200), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("drop_id", String(24), nullable=False),
    sqlite_with_rowid=False,
)

ledger = Table(
    "ledger",
    metadata,
    Column("company", String(20), primary_key=True),
    Column("kind", String(60), primary_key=True),
    Column("key", _SORTED, primary_key=True),
    Column("group", String(200), nullable=False, default=""),
    Column("body", Text, nullable=False, doc="JSON"),
    Column("drop_id", String(24), nullable=False, doc="who wrote it last"),
    sqlite_with_rowid=False,
)
Index("ix_ledger_group", ledger.c.company, ledger.c.kind, ledger.c.group)

routes = Table(
    "routes",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("archived", BigInteger, nullable=False, default=0),
    Column("rejected", BigInteger, nullable=False, default=0),
    Column("duplicate", BigInteger, nullable=False, default=0),
    Column("discarded", BigInteger, nullable=False, default=0),
    Column("last_drop_at", BigInteger),
    Column("canary_at", BigInteger, doc="when the last canary came through"),
    Column("paused_until", BigInteger),
    Column("pause_reason", Text),
)

alerts = Table(
    "alerts",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("subject", String(200), primary_key=True, doc="route, target or file that it is about"),
    Column("text", Text, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("verb", String(12), nullable=False, doc="retry, release, discard, replay"),
    Column("drop_id", String(24), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("asked_at", BigInteger, nullable=False),
    Column("done", Boolean, nullable=False, default=False),
    Column("answer", Text),
)

chain = Table(
    "chain",
    metadata,
    Column("id", Integer, primary_key=True, doc="always 1"),
    Column("sequence", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("committed", BigInteger, nullable=False, server_default="0", doc="number of the last commit"),
    Column("copied_at", BigInteger, doc="this database is a backup, made then; not to be worked on before a rebuild"),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("id", String(24), primary_key=True, doc="also in the file's name outside, where it could be renamed"),
    Column("place", String(80), nullable=False),
    Column("folder", Text, nullable=False, doc="outside"),
    Column("name", LargeBinary, nullable=False, doc="as it was found outside"),
    Column("taken_as", LargeBinary, nullable=False, doc="its name outside since the claim"),
    Column("size", BigInteger, nullable=False),
    Column("mtime", BigInteger, nullable=False, doc="whole seconds, by the clock outside"),
    Column("sha256", String(64), nullable=False),
    Column("state", String(12), nullable=False, doc="fetched: about to land; landed; kept: landed and stays there"),
    Column("shown", Text, nullable=False, doc="its name in the inbox"),
    Column("draft", Text, nullable=False, doc="hidden name, in the inbox's folder for what arrives"),
    Column("draft_place", Unsigned, nullable=False, doc="inode of the folder of the hidden name"),
    Column("inode", Unsigned, nullable=False),
    Column("ctime_ns", BigInteger, nullable=False, doc="before the link: another one means that it has landed"),
    Column("gone_at", BigInteger, doc="since when it is not seen outside any more"),
    sqlite_with_rowid=False,
)
Index("ix_arrivals_folder", arrivals.c.place, arrivals.c.folder)

departures = Table(
    "departures",
    metadata,
    Column("id", String(24), primary_key=True, doc="of this very file in its outbox, and in its hidden name outside"),
    Column("place", String(80), nullable=False),
    Column("target", String(80), nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("uploaded_as", Text, nullable=False, doc="hidden name outside"),
    Column("delivered_as", Text, nullable=False, default="", doc="final name; empty as long as it does not stand"),
    sqlite_with_rowid=False,
)

remote_places = Table(
    "remote_places",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("connected", Boolean, nullable=False),
    Column("trouble", Text, doc="why it is away, or what does not work there"),
    Column("failures", Integer, nullable=False, default=0, doc="attempts in vain since it was reached last"),
    Column("next_try_at", BigInteger, doc="when it is tried again"),
    Column("reached_at", BigInteger, doc="when it has answered last"),
    Column("collected", BigInteger, nullable=False, default=0),
    Column("delivered", BigInteger, nullable=False, default=0),
)

Row = dict[str, Any]
