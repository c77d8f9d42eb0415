"""The settings as frozen models: every option with its meaning, its default and what is allowed.

The texts here are the manual: ``reference.py`` prints them. A setting whose TOML name reads oddly in Python has an
alias. ``loading.load`` makes these models from a file, ``site.py`` makes of them what the engine needs.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from config.fields import (
    FileMode,
    FilePattern,
    FolderName,
    FolderPath,
    JournalUrl,
    MarkerName,
    PlainFileName,
    TimeOfDay,
    Timezone,
)
from config.plugins import FormatTables, HandlerTable, WriterTables, require_known
from config.remote import Sftp
from config.units import Duration, DurationOrOff, Size, SizeOrOff
from core.company import Company

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class _Table(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True, hide_input_in_errors=True
    )


class Folders(_Table):
    """Where everything lies. No folder may lie in another, except routes in the inbox and targets in the outbox."""

    inbox: FolderPath = Field(Path("inbox"), description="Holds the folders of the routes.")
    outbox: FolderPath = Field(Path("outbox"), description="Holds the folders of the targets.")
    archive: FolderPath = Field(
        Path("archive"), description="Keeps the originals, read-only and hash-chained, seven years."
    )
    state: FolderPath = Field(
        Path(".state"),
        description="Journal, locks and other own files; on a local disk, never a share.",
    )


class Journal(_Table):
    """The database that remembers every file."""

    url: JournalUrl = Field(
        "sqlite:///journal.sqlite3",
        description="Address of the database. SQLite needs nothing installed; PostgreSQL is for several machines.",
        examples=["credential:journal-url"],
    )


class Engine(_Table):
    """How the daemon works, and how much it may use."""

    workers: int = Field(2, ge=1, le=64, description="Worker processes that read and handle files side by side.")
    group_files: int = Field(512, ge=1, le=10_000, description="Files of a burst that are committed together, at most.")
    worker_memory: Size = Field(
        1_000_000_000, description="Memory a worker may use; a file that needs more is rejected."
    )
    worker_time: Duration = Field(300.0, description="Time a worker may take for one file; then the file is rejected.")
    rescan: Duration = Field(60.0, description="Time between two full scans of a local folder; events may get lost.")
    poll: Duration = Field(2.0, description='Time between two looks at a share (routes with watch = "poll").')
    settle: Duration = Field(2.0, description="Time a file must stand still where nobody tells when it is finished.")
    min_free_space: SizeOrOff = Field(200_000_000, description="With less room on a disk, nothing new is taken.")
    max_waiting: int = Field(
        5_000, ge=1, description="With more files lying in a target's folder, nothing new is taken for it."
    )
    pickup_alert: DurationOrOff = Field(1_800.0, description="A file that nobody picks up for this long is an alert.")
    canary_interval: DurationOrOff = Field(
        900.0,
        description="Time between two test files that go the real way of every route, to prove that files get through.",
    )


class Log(_Table):
    """What the daemon writes down about itself."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least weight of what is logged.")
    json_file: FolderPath | None = Field(
        None, description="File that gets the log as JSON lines, beside the system journal.", examples=["cluedrop.log"]
    )


class Retry(_Table):
    """What happens when the world is in the way: a share away, a disk full."""

    first_delay: Duration = Field(1.0, description="Time until the first new attempt; it doubles from one to the next.")
    max_delay: Duration = Field(900.0, description="Longest time between two attempts; it is never given up.")

    @field_validator("max_delay")
    @classmethod
    def _not_below_first(cls, value: float, info: ValidationInfo) -> float:
        if value < info.data.get("first_delay", 0):
            raise ValueError("must not be shorter than first_delay")
        return value


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    doubled = sorted({value for value in values if values.count(value) > 1})
    if doubled:
        raise ValueError(f"names {', '.join(doubled)} more than once")
    return values


_Sentinel = Annotated[
    PlainFileName | None,
    Field(
        description="Name of a file that must lie in the folder; without it the share counts as away, not as empty.",
        examples=[".mounted"],
    ),
]


class Route(_Table):
    """One inbox folder: who drops what there, and which handler gets it."""

    name: FolderName = Field(description="Name of the route; also that of its folder.", examples=["clue"])
    folder: FolderPath = Field(
        Path(),
        description="Folder where files are dropped. Default: the folder of this name in folders.inbox.",
        examples=["/mnt/share/import"],
    )
    enabled: bool = Field(True, description="Whether the route takes files.")
    formats: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_distinct)] = Field(
        description="Ids of the formats that may arrive; each file must be of exactly one of them."
    )
    handler: str = Field(description="Id of the handler that gets what was read.")
    company: str | None = Field(
        None,
        description="Id of the company that all files of this route belong to, where the files do not say.",
        examples=["1"],
    )
    watch: Literal["events", "poll"] = Field(
        "events", description='How new files are noticed: "events" on a local folder, "poll" on a mounted share.'
    )
    ready: Literal["closed", "stable", "marker"] = Field(
        default_factory=lambda data: "stable" if data.get("watch") == "poll" else "closed",
        description='When a file is finished: "closed" or renamed in (local folders only), "stable" for the settle '
        'time, or when its "marker" file lies beside it. Default: "closed", and "stable" with watch = "poll".',
        examples=["closed"],
        validate_default=True,
    )
    marker: MarkerName = Field(
        "{name}.ok",
        description='Name of the marker file, with ready = "marker"; {name} is the name of the file itself.',
    )
    sentinel: _Sentinel = None
    settle: Duration = Field(2.0, description="Time a file must stand still. Default: that of [engine].")
    breath: Duration = Field(
        0.1,
        description="Time between the closing of a file and its claim: copying programs set times and rights by its "
        "name after they have closed it. A file that is renamed in is claimed at once.",
    )
    poll: Duration = Field(2.0, description="Time between two looks at a share. Default: that of [engine].")
    ignore: tuple[FilePattern, ...] = Field(
        (), description="Names that are never taken, beside temporary and hidden files.", examples=[["*.bak"]]
    )
    companions: tuple[FilePattern, ...] = Field(
        (),
        description="Names of attachments: never taken alone, but along with the file that names them.",
        examples=[["*.pdf"]],
    )
    max_size: Size = Field(200_000_000, description="A larger file is rejected.")
    duplicates: Literal["reject", "force"] = Field(
        "reject", description='The same content again: "reject" it and tell the clerk, or "force" it through.'
    )
    partial: bool = Field(
        False, description="Whether the good documents of a list are taken and the bad ones given back in a file."
    )
    wait_limit: Duration = Field(
        86_400.0, description="How long a file waits for what should come first, before a person must look."
    )
    due_by: TimeOfDay | None = Field(
        None, description="Local time by which a file must have come; if not, that is an alert.", examples=["07:00"]
    )
    due_days: Annotated[tuple[Weekday, ...], AfterValidator(_distinct)] = Field(
        WEEKDAYS[:5], description="Days on which due_by holds."
    )
    retry: Retry = Field(Retry(), description="Attempts while the world is in the way.")
    handler_settings: HandlerTable = Field(
        {}, alias="settings", description="Settings of the handler.", validate_default=True
    )
    format_settings: FormatTables = Field(
        {}, alias="format", description="Settings of each format.", validate_default=True
    )

    @field_validator("formats")
    @classmethod
    def _formats_known(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for name in value:
            require_known("formats", "format that reads", name, info)
        return value

    @field_validator("handler")
    @classmethod
    def _handler_known(cls, value: str, info: ValidationInfo) -> str:
        return require_known("handlers", "handler", value, info)

    @field_validator("ready")
    @classmethod
    def _ready_fits_watch(cls, value: str, info: ValidationInfo) -> str:
        if value == "closed" and info.data.get("watch") == "poll":
            raise ValueError('a share does not tell when a file is closed, allowed with watch = "poll": stable, marker')
        return value


class Target(_Table):
    """One outbox folder: complete files only; whoever picks one up may take it away."""

    name: FolderName = Field(description="Name of the target; also that of its folder.", examples=["bmd"])
    folder: FolderPath = Field(
        Path(),
        description="Folder where results lie ready. Default: the folder of this name in folders.outbox.",
        examples=["/mnt/share/export"],
    )
    max_waiting: int = Field(
        5_000, ge=1, description="With more files lying here, nothing new is taken for it. Default: that of [engine]."
    )
    pickup_alert: DurationOrOff = Field(
        1_800.0, description="A file that nobody picks up for this long is an alert. Default: that of [engine]."
    )
    mode: FileMode = Field("0640", description="Rights of the files.")
    group: str | None = Field(None, min_length=1, description="Unix group of the files.", examples=["buchhaltung"])
    sentinel: _Sentinel = None


class Settings(_Table):
    """A whole configuration."""

    root: FolderPath = Field(Path(), description="Folder that relative paths start from, itself relative to this file.")
    site: str = Field(
        "Cluedrop", min_length=1, max_length=80, description="Name of the site, shown in notes and alerts."
    )
    timezone: Timezone = Field(
        "Europe/Vienna", description="Time zone of the site: dates of notes, archive and due_by."
    )
    folders: Folders = Field(Folders(), description="Where everything lies.")
    journal: Journal = Field(Journal(), description="The database that remembers every file.")
    engine: Engine = Field(Engine(), description="How the daemon works.")
    log: Log = Field(Log(), description="What is logged.")
    companies: tuple[Company, ...] = Field((), alias="company", description="The companies (Mandanten).")
    targets: tuple[Target, ...] = Field((), alias="target", description="The outbox folders.")
    routes: tuple[Route, ...] = Field((), alias="route", description="The inbox folders.")
    sftp: tuple[Sftp, ...] = Field(
        (), description="Places outside that files are collected from and delivered to by SFTP."
    )
    writer_settings: WriterTables = Field(
        {}, alias="format", description="Settings of each format that is written.", validate_default=True
    )
