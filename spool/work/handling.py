"""One file from its bytes to its outcome: look, choose the format, read, handle, stage. Runs in the worker."""

import errno
import io
import os
import traceback
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError

from core.batch import REJECTED_FOLDER, Batch, Origin
from core.contracts import Context, Effect, Ledger, Wait, Warn
from core.errors import ContentError, FormatError, Problem, RuleError, TransportError, Unclear
from core.routing import choose
from core.site import Route, Site
from spool.canary import is_canary, stage_canary
from spool.inbox.leases import is_being_written
from spool.journal.database import FAULTS_OF_OURS, trouble
from spool.journal.ledger import WorkingLedger
from spool.results import file_problems
from spool.work.messages import DropRef, Outcome
from spool.work.opening import companion_file, open_regular, unfit, with_digest
from spool.work.plugins import Plugins
from spool.work.staging import STAGED_FOLDER, Collected, Place, Staging

WORK_FOLDER = ".work"
_HEAD_BYTES = 65_536
_SNIFF_BYTES = 4_096
_WORLD_IN_THE_WAY = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ESTALE}
    | {errno.EBUSY, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENOTCONN, errno.ENODEV, errno.EMFILE, errno.ENFILE}
    | {errno.ENOTDIR}
)


class FileHandling:
    """Turns claimed files into outcomes, one after the other; never raises for a file."""

    def __init__(
        self,
        site: Site,
        plugins: Plugins,
        writer_settings: Mapping[str, Any],
        ledger: WorkingLedger,
        hold: Callable[[str], None],
    ) -> None:
        """``hold`` raises TransportError for a hidden folder that is not ours, or not the one that it was."""
        self._site = site
        self._hold = hold
        self._plugins = plugins
        self._writer_settings = writer_settings
        self._ledger = ledger
        self._routes = {route.name: route for route in site.routes}
        self._zone = ZoneInfo(site.timezone)
        self._places = {
            route.name: {
                **{name: Place(f"{target.folder}/{STAGED_FOLDER}", target.file_mode, _group_id(target.group))
                   for name, target in site.targets.items()},
                REJECTED_FOLDER: Place(f"{route.folder}/{WORK_FOLDER}", 0o640),
            }
            for route in site.routes
        }  # fmt: skip

    def handle(self, route_name: str, drop: DropRef) -> Outcome:
        """Handle one file; every kind of failure is an outcome."""
        route = self._routes[route_name]
        staging = self._staging(route, drop)
        try:
            self._hold(os.path.dirname(drop.path))
            if is_canary(drop.name):
                return stage_canary(drop, self._places[route.name], self._hold)
            with open_regular(drop.path) as file:
                outcome = self._handle_open(route, drop, file, staging)
        except FormatError as error:
            outcome = Outcome(drop.id, "rejected", problems=error.problems)
        except OSError as error:
            staging.discard()
            outcome = _failed(drop, error)
        except Unclear as error:
            staging.discard()
            outcome = Outcome(drop.id, "unclear", problems=(file_problems.unclear(),), trouble=str(error))
        except (TransportError, DBAPIError) as error:  # the second comes from the ledger: no fault of the file's
            staging.discard()
            outcome = _interrupted(drop, error)
        except MemoryError:
            staging.discard()
            found = file_problems.out_of_memory(self._site.limits.worker_bytes)
            outcome = Outcome(drop.id, "rejected", problems=(found,))
        except Exception:  # a bug must cost one file, not the daemon
            staging.discard()
            outcome = _bug(drop)
        if drop.settled and outcome.fate == "done":
            staging.discard()
            outcome.outputs = ()
        outcome.problems = file_problems.most(outcome.problems)
        outcome.warnings = file_problems.most(outcome.warnings)
        if outcome.fate in {"done", "rejected"}:
            claims = {place: (digest, drop.id) for place, digest in outcome.claims.items()}
            self._ledger.apply(outcome.puts, claims)
        return outcome

    def _handle_open(self, route: Route, drop: DropRef, file: io.FileIO, staging: Staging) -> Outcome:
        before = os.fstat(file.fileno())
        found = unfit(before, drop.name, route.max_bytes)
        if found is not None:
            return Outcome(drop.id, "rejected", problems=(found,))
        source, digest = with_digest(file, before.st_size)
        scope = f"content:{route.name}"
        handler = self._plugins.handlers[route.handler]
        checked = route.duplicates == "reject" and not drop.forced and not handler.ANSWERS_DUPLICATES
        if checked and (earlier := self._ledger.claimed(scope, digest)) is not None and earlier[1] != drop.id:
            name, moment = self._earlier(earlier[1])
            found = file_problems.duplicate_of(name, moment)
            earlier_at = round(moment.timestamp() * 1000)
            return Outcome(drop.id, "duplicate", sha256=digest, problems=(found,), earlier_at=earlier_at)
        outcome = self._outcome(route, drop, source, handler, staging, digest)
        after = os.fstat(file.fileno())
        changed = (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns)
        if changed or (route.watch == "events" and is_being_written(file.fileno())):
            staging.discard()
            return Outcome(drop.id, "retry", trouble=f"{drop.name} was still being written")
        outcome.sha256 = digest
        if outcome.fate == "done":
            outcome.claims = {**outcome.claims, (scope, digest): digest}
        return outcome

    def _outcome(
        self, route: Route, drop: DropRef, source: BinaryIO, handler: ModuleType, staging: Staging, digest: str
    ) -> Outcome:
        head = source.read(_HEAD_BYTES)
        source.seek(0)
        reader: ModuleType | None = None
        context = self._context(route, drop)
        try:
            format_id = self._chosen(route, drop, head)
            reader = self._plugins.readers[format_id]
            batch = reader.read(source, self._origin(route, drop), route.formats[format_id])
            if batch.document_type not in handler.ACCEPTS:
                raise RuleError(file_problems.not_handled_here(reader.LABEL))
            unsafe = [name for name in batch.companions if "/" in name or name in {"", ".", ".."}]
            if unsafe:
                raise FormatError(*(file_problems.attachment_unsafe(name) for name in unsafe))
            missing = [name for name in batch.companions if name not in drop.companions]
            if missing:
                return Outcome(drop.id, "companions", companions=missing)
            collected = staging.carry_out(_with_warnings(batch, handler.handle(batch, context)), digest)
            if collected.stop is not None:
                return _stopped(drop, collected)
            self._check_claims(collected, digest, drop)
            return _done(drop, collected)
        except ContentError as error:
            staging.discard()
            return self._refused(route, drop, source, reader, error, (handler, head, context, digest))

    def _chosen(self, route: Route, drop: DropRef, head: bytes) -> str:
        others = {name: tuple(other.formats) for name, other in self._routes.items() if name != route.name}
        choice = choose(head[:_SNIFF_BYTES], drop.name, route.formats, self._plugins.readers, others)
        if len(choice.formats) == 1:
            return choice.formats[0]
        labels = {name: module.LABEL for name, module in self._plugins.readers.items()}
        if choice.formats:
            raise FormatError(file_problems.several_formats([labels[name] for name in choice.formats]))
        belongs_to = [(labels[found], f"inbox/{name}") for name in choice.elsewhere for found in others[name][:1]]
        raise FormatError(file_problems.wrong_format([labels[name] for name in route.formats], belongs_to))

    def _check_claims(self, collected: Collected, digest: str, drop: DropRef) -> None:
        for scope, key in collected.claims:
            earlier = self._ledger.claimed(scope, key)
            if earlier is not None and earlier[0] != digest and not drop.forced:
                raise RuleError(file_problems.conflict(key, *self._earlier(earlier[1])))

    def _earlier(self, drop_id: str) -> tuple[str, datetime]:
        name, claimed_at = self._ledger.drop(drop_id)
        return name, datetime.fromtimestamp(claimed_at / 1000, tz=self._zone)

    def _refused(
        self,
        route: Route,
        drop: DropRef,
        source: BinaryIO,
        reader: ModuleType | None,
        error: ContentError,
        how: tuple[ModuleType, bytes, Context, str],
    ) -> Outcome:
        handler, head, context, digest = how
        outcome = Outcome(drop.id, "rejected", sha256=digest, problems=error.problems)
        if hasattr(handler, "refuse"):
            answer = self._staging(route, drop, suffix="r")
            effects = handler.refuse(error, head, self._origin(route, drop), context)
            try:
                collected = answer.carry_out(effects, digest)
            except Exception:
                answer.discard()
                raise
            outcome.outputs, outcome.puts, outcome.claims = collected.outputs, collected.puts, collected.claims
            outcome.spilled_puts = collected.spilled
        if reader is not None and hasattr(reader, "table") and any(problem.row for problem in error.problems):
            outcome.workbook = self._workbook(route, drop, source, reader, error.problems)
        return outcome

    def _workbook(
        self, route: Route, drop: DropRef, source: BinaryIO, reader: ModuleType, found: Sequence[Problem]
    ) -> str | None:
        format_id = reader.__name__.rpartition(".")[2]
        from spool.results.marked_table import marked_workbook  # openpyxl is big and rarely needed

        path = f"{route.folder}/{WORK_FOLDER}/{drop.id}.hinweis.xlsx"
        source.seek(0)
        try:
            marked_workbook(reader.table(source, route.formats[format_id]), found, Path(path))
        except ContentError:
            return None  # not even a table: the text note says all there is to say
        return path

    def _staging(self, route: Route, drop: DropRef, suffix: str = "") -> Staging:
        spill = f"{self._site.state}/{drop.id}.{drop.attempt}{suffix}.ledger"
        return Staging(
            f"{drop.id}{suffix}",
            drop.attempt,
            self._places[route.name],
            self._plugins.writers,
            self._writer_settings,
            spill,
            self._hold,
        )

    def _origin(self, route: Route, drop: DropRef) -> Origin:
        received = datetime.fromtimestamp(drop.claimed_at / 1000, tz=UTC).astimezone(self._zone)
        return Origin(drop.id, route.name, unicodedata.normalize("NFC", drop.name), received, route.company)

    def _context(self, route: Route, drop: DropRef) -> Context:
        ledger: Ledger = self._ledger
        return Context(
            ledger=ledger,
            companies=self._site.companies,
            settings=route.handler_settings,
            today=datetime.fromtimestamp(drop.claimed_at / 1000, tz=self._zone).date(),
            released=drop.released,
            companions={name: companion_file(path) for name, path in drop.companions.items()},
            partial=route.partial,
        )


def _with_warnings(batch: Batch, effects: Iterable[Effect]) -> Iterable[Effect]:
    yield from (Warn(warning) for warning in batch.warnings)
    yield from effects


def _stopped(drop: DropRef, collected: Collected) -> Outcome:
    stop = collected.stop
    if isinstance(stop, Wait):
        return Outcome(drop.id, "waiting", problems=(stop.problem,), warnings=collected.warnings)
    found = stop.problems if stop is not None else ()
    return Outcome(drop.id, "held", problems=found, warnings=collected.warnings)


def _done(drop: DropRef, collected: Collected) -> Outcome:
    return Outcome(
        drop.id,
        "done",
        outputs=collected.outputs,
        puts=collected.puts,
        spilled_puts=collected.spilled,
        claims=collected.claims,
        warnings=collected.warnings,
    )


def _failed(drop: DropRef, error: OSError) -> Outcome:
    if error.errno in _WORLD_IN_THE_WAY:
        return Outcome(drop.id, "retry", trouble=f"{error.filename or drop.path}: {error.strerror}")
    if error.errno == errno.EFBIG:
        return Outcome(drop.id, "rejected", problems=(file_problems.result_too_big(),))
    return _bug(drop)


def _interrupted(drop: DropRef, error: TransportError | DBAPIError) -> Outcome:
    if isinstance(error, FAULTS_OF_OURS):
        return _bug(drop)
    reason = trouble(error, "read") if isinstance(error, DBAPIError) else error
    return Outcome(drop.id, "retry", trouble=str(reason))


def _bug(drop: DropRef) -> Outcome:
    return Outcome(drop.id, "bug", problems=(file_problems.bug(drop.id),), trouble=traceback.format_exc())


def _group_id(name: str | None) -> int | None:
    if name is None:
        return None
    import grp

    return grp.getgrnam(name).gr_gid
