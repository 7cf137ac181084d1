"""`openinspector feeds`: fetch advisories and show how old they are.

Exit statuses: 0 done; 1 some feed could not be synced (its old advisories stay) or none ever was; 2 wrong usage.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from openinspector.cli.presentation import duration_text, print_json, print_table
from openinspector.cli.serve import settings_from
from openinspector.model.errors import FeedError, StoreError

if TYPE_CHECKING:
    from openinspector.service.app.feeds import FeedStatus
    from openinspector.service.ports.advisory_store import AdvisoryStore
    from openinspector.service.settings import Settings
    from openinspector.service.worker.feed_storing import SyncOutcome
    from openinspector.service.worker.feed_sync import FeedSync, SyncRequest
    from openinspector.service.worker.gathering import Progress

_FAILED: Final = 1
_SCORES: Final = ("cve", "nvd")
"""Feeds of CVSS scores."""
_data_dir = click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the installation.")
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def feeds() -> None:
    """Fetch advisories and show how old they are."""


@feeds.command("sync")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--from", "origin", metavar="FOLDER|URL", help="Folder, file, file:// or https:// URL; one NAME only.")
@click.option("--mirror", metavar="URL", help="Package mirror for debian_archive, such as https://…/debian-security.")
@click.option("--suite", "suites", multiple=True, metavar="SUITE", help="Security suite of the mirror; repeatable.")
@click.option("--seconds", type=click.FloatRange(min=0.1), help="How long one feed may take at most.")
@_data_dir
@_as_json
@click.pass_context
def sync_feeds(  # noqa: PLR0913 - one option a choice
    ctx: click.Context,
    *,
    names: tuple[str, ...],
    origin: str | None,
    mirror: str | None,
    suites: tuple[str, ...],
    seconds: float | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Bring feeds up to date: those named, or all that were synced before, or debian_archive.

    A site with nothing but a package mirror syncs debian_archive, which reads the suites of this host's apt sources,
    or the security suites of --mirror, and the changelogs of their updates; or updateinfo, which reads the errata of
    this host's rpm repositories. --from takes a folder of Packages and changelogs too.

    Signatures of publishers are checked if their public key is in the installation's folder, as
    feeds/keyrings/NAME.gpg or .asc.
    """
    from openinspector.service.log import configure_logging
    from openinspector.service.worker.feed_sync import SyncRequest

    configure_logging("warning")
    request = SyncRequest(origin=origin or mirror or "", suites=suites, seconds=seconds)
    sync, chosen = _sync(ctx, data_dir), _chosen(names, origin, archive=bool(mirror or suites))
    outcomes: dict[str, SyncOutcome] = {}
    failures: dict[str, FeedError] = {}
    requests = dict.fromkeys(chosen, request) or dict(sync.requests_as_before(seconds)) or {"debian_archive": request}
    for name, wanted in requests.items():
        try:
            outcomes[name] = _synced(sync, name, wanted)
        except FeedError as error:
            failures[name] = error
    if as_json:
        print_json([_outcome_json(outcome) for outcome in outcomes.values()])
    else:
        for name, outcome in outcomes.items():
            click.echo(f"{name}: {_summary_line(outcome)}")
    for name, failure in failures.items():
        click.echo(f"openinspector: {name}: {failure}", err=True)
        if failure.advice:
            click.echo(failure.advice, err=True)
    sys.exit(_FAILED if failures else 0)


@feeds.command("status")
@_data_dir
@_as_json
@click.pass_context
def show_status(ctx: click.Context, *, data_dir: Path | None, as_json: bool) -> None:
    """Show the synced feeds with their age, size and origin. Exit status 1 if no feed was synced."""
    found = [status for status in _statuses(ctx, data_dir) if status.snapshot is not None]
    _show(found, as_json=as_json)
    sys.exit(0 if found else _FAILED)


@feeds.command("list")
@_data_dir
@_as_json
@click.pass_context
def list_feeds(ctx: click.Context, *, data_dir: Path | None, as_json: bool) -> None:
    """List all feeds, synced or not, with the distributions they cover and their licence."""
    found = _statuses(ctx, data_dir)
    if as_json:
        print_json([_status_json(status) for status in found])
        return
    print_table(
        ("FEED", "SPEAKS FOR", "LICENCE", "TITLE"),
        [
            (
                status.feed.name,
                ", ".join(status.feed.distributions) or "CVEs",
                status.feed.licence,
                status.feed.title,
            )
            for status in found
        ],
        empty="No feed is built in.",
    )


@feeds.command("export")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--key", "key_file", required=True, type=click.Path(path_type=Path, exists=True), help="Private key (PEM)."
)
@_data_dir
@click.pass_context
def export_feeds(
    ctx: click.Context, *, path: Path, names: tuple[str, ...], key_file: Path, data_dir: Path | None
) -> None:
    """Write stored feeds to one signed file, for a site without a network.

    The key is an Ed25519 key in PEM, such as `openssl genpkey -algorithm ed25519` makes.
    """
    from openinspector.service.worker.feed_bundle import write_bundle
    from openinspector.service.worker.feed_keys import read_private_key

    with _reported_errors():
        written = write_bundle(_store(ctx, data_dir), path, read_private_key(key_file), names)
    click.echo(f"{path}: {', '.join(written)}, {path.stat().st_size / 1e6:.1f} MB")


@feeds.command("import")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--key", "key_file", required=True, type=click.Path(path_type=Path, exists=True), help="Public key (PEM)."
)
@_data_dir
@click.pass_context
def import_feeds(ctx: click.Context, *, path: Path, key_file: Path, data_dir: Path | None) -> None:
    """Replace stored feeds by those of a signed file."""
    from openinspector.service.worker.feed_bundle import read_bundle
    from openinspector.service.worker.feed_keys import read_public_key

    with _reported_errors():
        read = read_bundle(_store(ctx, data_dir), path, read_public_key(key_file))
    click.echo(f"{path}: {', '.join(read)}")


@contextmanager
def _reported_errors() -> Iterator[None]:
    """Print an error for people and end with status 1."""
    try:
        yield
    except (FeedError, StoreError) as error:
        click.echo(f"openinspector: {error}", err=True)
        if error.advice:
            click.echo(error.advice, err=True)
        sys.exit(_FAILED)


def _chosen(names: tuple[str, ...], origin: str | None, *, archive: bool) -> tuple[str, ...]:
    if origin and len(names) != 1:
        raise click.UsageError("--from is the source of one feed: name exactly one")
    if archive and any(name != "debian_archive" for name in names):
        raise click.UsageError("--mirror and --suite are for debian_archive only")
    return ("debian_archive",) if archive else names


def _sync(ctx: click.Context, data_dir: Path | None) -> "FeedSync":
    from openinspector.service.system_clock import SystemClock
    from openinspector.service.worker.feed_sync import FeedSync, known_feeds

    return FeedSync(
        store=_store(ctx, data_dir),
        clock=SystemClock(),
        workspace=settings_from(data_dir).data_dir / "feeds",
        feeds=known_feeds(),
    )


def _store(ctx: click.Context, data_dir: Path | None) -> "AdvisoryStore":
    """Return the store that the context's object opens; by default the installation's own."""
    opener: Callable[[Settings], AdvisoryStore] | None = ctx.obj
    if opener is None:
        from openinspector.service.store_access import open_advisory_store

        opener = open_advisory_store
    return opener(settings_from(data_dir))


def _statuses(ctx: click.Context, data_dir: Path | None) -> "Sequence[FeedStatus]":
    from openinspector.service.app.feeds import feed_statuses
    from openinspector.service.worker.feed_sync import known_feeds

    return feed_statuses(known_feeds(), _store(ctx, data_dir))


def _synced(sync: "FeedSync", name: str, request: "SyncRequest") -> "SyncOutcome":
    with _progress(name) as progress:
        return sync.sync(name, request, progress)


@contextmanager
def _progress(name: str) -> "Iterator[Progress]":
    """Show progress on standard error if it is a terminal."""
    from rich.console import Console

    out = Console(stderr=True, highlight=False)
    with out.status(f"{name}: connecting") as status:
        yield lambda what, done, total: status.update(f"{name}: {what}  {done} of {total}")


def _summary_line(outcome: "SyncOutcome") -> str:
    snapshot = outcome.snapshot
    if not outcome.changed:
        return f"unchanged, {snapshot.advisories} advisories from {snapshot.origin}"
    unread = f", {snapshot.unparsed} entries not read" if snapshot.unparsed else ""
    size = outcome.transferred_bytes / 1e6
    return f"{snapshot.advisories} advisories{unread} from {snapshot.origin}, {size:.1f} MB fetched"


def _show(statuses: "Sequence[FeedStatus]", *, as_json: bool) -> None:
    from openinspector.service.system_clock import SystemClock

    if as_json:
        print_json([_status_json(status) for status in statuses])
        return
    now = SystemClock().now()
    print_table(
        ("FEED", "AGE", "STATEMENTS", "UNREAD", "SIZE", "FROM"),
        [_row(status, now) for status in statuses],
        empty="No feed was synced yet: openinspector feeds sync.",
    )
    if statuses and not any(status.feed.name in _SCORES for status in statuses):
        click.echo(
            "No CVSS scores are stored: a finding whose publisher rates neither it nor its advisory stays Undefined.\n"
            "Import the scores of a release (openinspector feeds import scores.bundle --key KEY), or sync nvd.",
            err=True,
        )


def _row(status: "FeedStatus", now: datetime) -> tuple[str, ...]:
    age, snapshot = status.age(now), status.snapshot
    if age is None or snapshot is None:
        return status.feed.name, "never", "–", "–", status.feed.title
    origin = snapshot.origin.replace("https://", "").replace("http://", "")
    unread = str(snapshot.unparsed)
    size = f"{status.bytes / 1e6:.1f} MB"
    return status.feed.name, duration_text(age.total_seconds()), str(snapshot.advisories), unread, size, origin


def _outcome_json(outcome: "SyncOutcome") -> dict[str, object]:
    snapshot = outcome.snapshot
    return {
        "feed": snapshot.feed,
        "changed": outcome.changed,
        "advisories": snapshot.advisories,
        "unparsed": snapshot.unparsed,
        "origin": snapshot.origin,
        "publishedAt": snapshot.published_at,
        "fetchedAt": snapshot.fetched_at,
        "transferredBytes": outcome.transferred_bytes,
    }


def _status_json(status: "FeedStatus") -> dict[str, object]:
    snapshot = status.snapshot
    return {
        "feed": status.feed.name,
        "title": status.feed.title,
        "publisher": status.feed.publisher_url,
        "licence": status.feed.licence,
        "distributions": list(status.feed.distributions),
        "bytes": status.bytes,
        "advisories": snapshot.advisories if snapshot else None,
        "unparsed": snapshot.unparsed if snapshot else None,
        "origin": snapshot.origin if snapshot else None,
        "publishedAt": snapshot.published_at if snapshot else None,
        "fetchedAt": snapshot.fetched_at if snapshot else None,
        "signature": snapshot.validators.get("(signature)") if snapshot else None,
        "fingerprint": snapshot.fingerprint if snapshot else None,
    }
