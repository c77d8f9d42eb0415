"""From Settings to what the engine works with: ``core.site.Site``."""

from collections.abc import Mapping

from config.credentials import Secret
from config.remote import Collect, Deliver, Login, Sftp
from config.settings import WEEKDAYS, Engine, Route, Settings, Target
from core import remote, site


def site_of(settings: Settings, environ: Mapping[str, str] | None = None) -> site.Site:
    """Make the Site of resolved settings, without the routes that are switched off.

    The journal's address is revealed here, so the Site holds a secret: never print it. Raise ConfigError if the secret
    is not there.
    """
    return site.Site(
        name=settings.site,
        archive=settings.folders.archive,
        state=settings.folders.state,
        journal_url=journal_address(settings, environ),
        timezone=settings.timezone,
        routes=tuple(_route(route) for route in settings.routes if route.enabled),
        targets={target.name: _target(target) for target in settings.targets},
        companies={company.id: company for company in settings.companies},
        root=settings.root,
        limits=_limits(settings.engine),
        remote=tuple(_remote(place) for place in settings.sftp if place.enabled),
    )


def journal_address(settings: Settings, environ: Mapping[str, str] | None = None) -> str:
    """Address of the journal's database, fetched from where it is kept. Raise ConfigError if it is not there."""
    url = settings.journal.url
    return url.reveal(environ).get_secret_value() if isinstance(url, Secret) else url


def _route(route: Route) -> site.Route:
    return site.Route(
        name=route.name,
        folder=route.folder,
        formats={name: route.format_settings.get(name) for name in route.formats},
        handler=route.handler,
        handler_settings=route.handler_settings,
        company=route.company,
        watch=route.watch,
        ready=route.ready,
        marker=route.marker,
        sentinel=route.sentinel,
        settle_seconds=route.settle,
        breath_seconds=route.breath,
        patience_seconds=route.patience,
        unfinished_seconds=route.unfinished_alert,
        poll_seconds=route.poll,
        ignore=route.ignore,
        companions=route.companions,
        duplicates=route.duplicates,
        max_bytes=route.max_size,
        partial=route.partial,
        wait_seconds=route.wait_limit,
        retry_first_seconds=route.retry.first_delay,
        retry_most_seconds=route.retry.max_delay,
        due_by=route.due_by,
        due_days=tuple(WEEKDAYS.index(day) for day in route.due_days),
    )


def _target(target: Target) -> site.Target:
    return site.Target(
        name=target.name,
        folder=target.folder,
        most_waiting=target.max_waiting,
        pickup_seconds=target.pickup_alert,
        file_mode=int(target.mode, 8),
        group=target.group,
        sentinel=target.sentinel,
    )


def _remote(place: Sftp) -> remote.RemotePlace:
    access = remote.SftpAccess(
        login=_login(place),
        jump=_login(place.jump) if place.jump else None,
        connect_seconds=place.connect_timeout,
        answer_seconds=place.answer_timeout,
        bytes_per_second=place.max_rate,
    )
    return remote.RemotePlace(
        name=place.name,
        connector="sftp",
        access=access,
        collect=tuple(_collected(collect) for collect in place.collect),
        deliver=tuple(_delivered(deliver) for deliver in place.deliver),
        poll_seconds=place.poll,
        collect_at=place.collect_at,
        retry_first_seconds=place.retry_first,
        retry_most_seconds=place.retry_most,
    )


def _login(login: Login) -> remote.Login:
    return remote.Login(
        host=login.host,
        port=login.port,
        user=login.user,
        host_keys=tuple(remote.HostKey(known.key, known.valid_from, known.valid_until) for known in login.host_keys),
        key=_revealed(login.key),
        passphrase=_revealed(login.passphrase),
        password=_revealed(login.password),
        weak_algorithms=login.weak_algorithms,
    )


def _revealed(secret: Secret | None) -> remote.Reveal | None:
    """Fetch it at every login anew: a credential may be renewed while the daemon is at work."""
    return None if secret is None else lambda: secret.reveal().get_secret_value()


def _collected(collect: Collect) -> remote.CollectFolder:
    return remote.CollectFolder(
        folder=collect.folder,
        route=collect.route,
        ready=collect.ready,
        marker=collect.marker,
        settle_seconds=collect.settle,
        take=collect.take,
        ignore=collect.ignore,
        after="move" if collect.move_to else collect.after,
        move_to=collect.move_to or "",
        most_bytes=collect.max_size,
    )


def _delivered(deliver: Deliver) -> remote.DeliverFolder:
    return remote.DeliverFolder(
        folder=deliver.folder,
        target=deliver.target,
        exists=deliver.exists,
        sync=deliver.sync,
        after=deliver.after,
    )


def _limits(engine: Engine) -> site.Limits:
    return site.Limits(
        workers=engine.workers,
        group_files=engine.group_files,
        worker_bytes=engine.worker_memory,
        worker_seconds=engine.worker_time,
        rescan_seconds=engine.rescan,
        canary_seconds=engine.canary_interval,
        free_bytes=engine.min_free_space,
    )
