"""The advisories of a demo: the vendor's feed for this host first, then the archive on a package mirror."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from openinspector.cli.presentation import duration_text
from openinspector.model.errors import FeedError

if TYPE_CHECKING:
    from openinspector.feed import Feed
    from openinspector.service.settings import Settings
    from openinspector.service.worker.feed_storing import SyncOutcome
    from openinspector.service.worker.feed_sync import SyncRequest

_OS_RELEASE = Path("/etc/os-release")
_ARCHIVE = "debian_archive"


def sync_for_this_host(settings: "Settings", vendor_seconds: float, say: Callable[[str], None]) -> Iterator[str]:
    """Sync the feed that covers this host; yields lines for people: the feed, its age, and feeds that failed."""
    from openinspector.service.log import configure_logging
    from openinspector.service.store_access import open_advisory_store
    from openinspector.service.system_clock import SystemClock
    from openinspector.service.worker.feed_sync import FeedSync, known_feeds

    configure_logging("warning")
    distribution, feeds = _distribution(), known_feeds()
    requests = _requests(distribution, feeds, vendor_seconds)
    if not requests:
        yield f"[yellow]![/yellow] No feed covers {escape(distribution) or 'this host'}: no CVE can be found on it"
        return
    clock = SystemClock()
    store = open_advisory_store(settings)
    sync = FeedSync(store=store, clock=clock, workspace=settings.data_dir / "feeds", feeds=feeds)
    try:
        outcome, failures = sync.sync_first(
            requests, lambda what, done, total: say(escape(f"{what}  {done} of {total}"))
        )
    except FeedError as error:
        yield f"[red]✗[/red] No advisories: {escape(f'{error}. {error.advice}')}"
        return
    for name, failure in failures:
        yield f"[yellow]![/yellow] Feed {name}: {escape(str(failure))}"
    yield f"[green]✓[/green] {escape(_summary(outcome, clock.now().timestamp()))}"


def _requests(distribution: str, feeds: "Mapping[str, Feed]", vendor_seconds: float) -> "list[tuple[str, SyncRequest]]":
    """Return the feeds that cover a distribution, the vendor's own first; an archive gets more time."""
    from openinspector.service.worker.feed_sync import SyncRequest

    return [
        (name, SyncRequest(seconds=None if name == _ARCHIVE else vendor_seconds, pending_only=True))
        for name, feed in sorted(feeds.items())
        if distribution in feed.distributions
    ]


def _summary(outcome: "SyncOutcome", now: float) -> str:
    snapshot = outcome.snapshot
    stated = snapshot.published_at or snapshot.fetched_at
    age = duration_text(max(0.0, now - stated.timestamp()))
    unread = f", {snapshot.unparsed} unread (see openinspector feeds list)" if snapshot.unparsed else ""
    return f"{snapshot.advisories} advisories of {snapshot.feed}{unread}, {age} old, from {snapshot.origin}"


def _distribution() -> str:
    try:
        lines = _OS_RELEASE.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line[3:].strip("\"'") for line in lines if line.startswith("ID=")), "")
