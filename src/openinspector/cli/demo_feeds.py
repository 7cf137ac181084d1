"""The advisories of a demo: the vendor's feed for this host first, then what a package mirror tells."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from openinspector.cli.presentation import duration_text
from openinspector.cli.serve import settings_from
from openinspector.model.errors import FeedError

if TYPE_CHECKING:
    from openinspector.service.app.feeds import SyncOutcome
    from openinspector.service.worker.feed_sync import SyncRequest

_OS_RELEASE = Path("/etc/os-release")


def sync_for_this_host(data_dir: Path, vendor_seconds: float, say: Callable[[str], None]) -> Iterator[str]:
    """Sync the feed that speaks for this host; yields, for people, which it was, how old it is, what failed before."""
    from openinspector.service.bootstrap import open_advisory_store
    from openinspector.service.log import configure_logging
    from openinspector.service.system_clock import SystemClock
    from openinspector.service.worker.feed_sync import FeedSync, known_feeds

    configure_logging("warning")
    distribution, feeds = _distribution(), known_feeds()
    if not any(distribution in feed.distributions for feed in feeds.values()):
        yield f"[yellow]![/yellow] No feed speaks for {distribution or 'this host'}: no CVE can be found on it"
        return
    clock = SystemClock()
    store = open_advisory_store(settings_from(data_dir))
    sync = FeedSync(store=store, clock=clock, workspace=data_dir / "feeds", feeds=feeds)
    try:
        outcome, failures = sync.sync_first(
            _requests(distribution, vendor_seconds), lambda what, done, total: say(f"{what}  {done} of {total}")
        )
    except FeedError as error:
        yield f"[red]✗[/red] No advisories: {error}. {error.advice}"
        return
    for name, failure in failures:
        yield f"[yellow]![/yellow] Feed {name}: {failure}"
    yield f"[green]✓[/green] {_told(outcome, clock.now().timestamp())}"


def _requests(distribution: str, vendor_seconds: float) -> "list[tuple[str, SyncRequest]]":
    from openinspector.service.worker.feed_sync import SyncRequest

    vendor = (distribution, SyncRequest(seconds=vendor_seconds))
    return [vendor, ("debian_archive", SyncRequest())] if distribution == "debian" else [vendor]


def _told(outcome: "SyncOutcome", now: float) -> str:
    snapshot = outcome.snapshot
    stated = snapshot.published_at or snapshot.fetched_at
    age = duration_text(max(0.0, now - stated.timestamp()))
    return f"{snapshot.advisories} advisories of {snapshot.feed}, {age} old, from {snapshot.origin}"


def _distribution() -> str:
    try:
        lines = _OS_RELEASE.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line[3:].strip("\"'") for line in lines if line.startswith("ID=")), "")
