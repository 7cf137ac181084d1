"""Brings one feed up to date: gathers its documents and stores their statements."""

import platform
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import structlog

from openinspector.feed import Feed
from openinspector.feeds import debian_archive, updateinfo
from openinspector.model.errors import FeedError
from openinspector.model.inventory import Package
from openinspector.plugins import discover
from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.service.ports.clock import Clock
from openinspector.service.worker.apt_sources import (
    APT_FOLDER,
    AptSource,
    read_sources,
    security_sources,
    update_sources,
)
from openinspector.service.worker.archive_sync import ArchiveRequest, gather_archive
from openinspector.service.worker.delta import WHOLE, StoredFeed, gather_delta
from openinspector.service.worker.dpkg_status import installed_packages, native_architecture
from openinspector.service.worker.feed_storing import Gathered, SyncOutcome, store_gathered
from openinspector.service.worker.fetch import FetchDeadline, Fetcher
from openinspector.service.worker.gathering import Progress, gather, local_path, no_progress
from openinspector.service.worker.rpm_repositories import FOLDERS, read_repos, read_variables, repo_roots

_log = structlog.get_logger()

KEYRINGS: Final = "keyrings"
"""Folder of the workspace with the public keys of publishers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """The origin of a sync and its time limit."""

    origin: str = ""
    """Folder, file, ``file://`` or ``https://`` URL; empty: the publisher, or for an archive the host's apt sources."""
    suites: tuple[str, ...] = ()
    """Security suites of an archive: ``bookworm-security``; empty: those of the apt sources."""
    installed: tuple[Package, ...] | None = None
    """Packages of known hosts, whose pending updates come first; None: those of this host."""
    pending_only: bool = False
    """True to omit an archive's other updates."""
    seconds: float | None = None
    """Time limit; None: unlimited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSync:
    """Syncs feeds into a store."""

    store: AdvisoryStore
    clock: Clock
    workspace: Path
    """Folder for fetched documents, with one subfolder per feed."""
    feeds: Mapping[str, Feed]
    apt_folder: Path = APT_FOLDER
    repo_folders: tuple[Path, ...] = FOLDERS
    tls: ssl.SSLContext | None = None
    """What to trust; None: the host's authorities."""

    def sync(self, name: str, request: SyncRequest | None = None, progress: Progress = no_progress) -> SyncOutcome:
        """Bring the feed ``name`` up to date; FeedError if that fails, and nothing is changed."""
        feed, wanted = self._feed(name), request or SyncRequest()
        within = local_path(wanted.origin) if wanted.origin else None
        deadline = FetchDeadline(wanted.seconds)
        with Fetcher(self.workspace / name, tls=self.tls, deadline=deadline, files_within=within) as fetcher:
            fetcher.keyrings = self._keyrings(name)
            gathered = self._delta(feed, fetcher, wanted, progress) or self._gather(feed, fetcher, wanted, progress)
            outcome = store_gathered(feed, gathered, self.store, self.clock.now())
        _log.info(
            "feed_sync done",
            feed=name,
            changed=outcome.changed,
            advisories=outcome.snapshot.advisories,
            unparsed=outcome.snapshot.unparsed,
            transferred_bytes=outcome.transferred_bytes,
        )
        return outcome

    def requests_as_before(self, seconds: float | None = None) -> Mapping[str, SyncRequest]:
        """Return the feeds that were synced before, each with a request for the same origin."""
        requests = {}
        for snapshot in self.store.snapshots():
            feed = self.feeds.get(snapshot.feed)
            if feed is not None:
                own = feed.name == debian_archive.NAME or snapshot.origin == feed.roots[0].url
                requests[feed.name] = SyncRequest(origin="" if own else snapshot.origin, seconds=seconds)
        return requests

    def sync_first(
        self, requests: Sequence[tuple[str, SyncRequest]], progress: Progress = no_progress
    ) -> tuple[SyncOutcome, tuple[tuple[str, FeedError], ...]]:
        """Sync the first feed that succeeds; return its outcome and the failures before it.

        Raises the last FeedError if none succeeds.
        """
        failures: list[tuple[str, FeedError]] = []
        for name, request in requests:
            try:
                return self.sync(name, request, progress), tuple(failures)
            except FeedError as error:
                failures.append((name, error))
        raise failures[-1][1] if failures else FeedError("no feed was named")

    def _feed(self, name: str) -> Feed:
        if name not in self.feeds:
            raise FeedError(f"no feed is called {name!r}", advice=f"Feeds: {', '.join(sorted(self.feeds))}.")
        return self.feeds[name]

    def _keyrings(self, name: str) -> tuple[Path, ...]:
        """Return the keyrings that the site keeps for a feed: ``keyrings/<feed>.gpg`` or ``.asc`` in the workspace."""
        folder = self.workspace / KEYRINGS
        return tuple(path for ending in ("gpg", "asc") if (path := folder / f"{name}.{ending}").is_file())

    def _delta(self, feed: Feed, fetcher: Fetcher, request: SyncRequest, progress: Progress) -> Gathered | None:
        """Return the changes since the last sync from the publisher; None if the feed must be fetched completely."""
        known = next((snapshot for snapshot in self.store.snapshots() if snapshot.feed == feed.name), None)
        if request.origin or feed.delta is None or known is None:
            return None
        stored = StoredFeed(snapshot=known, digests=self.store.documents(feed.name))
        return gather_delta(feed, fetcher, stored, self.clock.now(), progress)

    def _gather(self, feed: Feed, fetcher: Fetcher, request: SyncRequest, progress: Progress) -> Gathered:
        folder = local_path(request.origin) if request.origin else None
        plain = folder is not None and not (folder / "dists").is_dir()
        if feed.name == updateinfo.NAME and not request.origin:
            roots = repo_roots(read_repos(_variables(), self.repo_folders))
            if not roots:
                raise FeedError(
                    "no rpm repository is configured on this host",
                    advice="Name a folder of updateinfo.xml and modules.yaml with --from.",
                )
            return gather(replace(feed, roots=roots), fetcher, "", progress)
        if feed.name != debian_archive.NAME or plain:
            gathered = gather(feed, fetcher, request.origin, progress)
            if feed.delta is None:
                return gathered
            return replace(gathered, validators={**gathered.validators, WHOLE: self.clock.now().date().isoformat()})
        return gather_archive(fetcher, self._archive_request(request), progress)

    def _archive_request(self, request: SyncRequest) -> ArchiveRequest:
        installed = installed_packages() if request.installed is None else request.installed
        known = update_sources(read_sources(self.apt_folder), debian_archive.SUITES)
        return ArchiveRequest(
            sources=archive_sources(request.origin, request.suites, known),
            architecture=native_architecture(installed),
            installed=installed,
            pending_only=request.pending_only,
        )


def archive_sources(mirror: str, suites: tuple[str, ...], known: tuple[AptSource, ...]) -> tuple[AptSource, ...]:
    """Return the suites to index: those of the apt sources, unless a mirror or suites are named.

    A named mirror is read for the security suites of the apt sources, or of every supported release.
    """
    if not mirror:
        chosen = tuple(source for source in known if not suites or source.suite in suites)
        if chosen or not suites:
            return chosen or archive_sources(debian_archive.MIRROR, (), ())
        secured = security_sources(known)
        mirror = secured[0].uri if secured else debian_archive.MIRROR
    path = local_path(mirror)
    uri = path.resolve().as_uri() if path is not None else mirror
    signed = {source.suite: source.signed_by for source in known}
    names = (
        suites
        or tuple(source.suite for source in security_sources(known))
        or tuple(f"{codename}-security" for codename in debian_archive.SUPPORTED)
    )
    return tuple(AptSource(uri=uri, suite=name, signed_by=signed.get(name, ())) for name in names)


def _variables() -> Mapping[str, str]:
    """Return the variables of repository files on this host: dnf's own (dnf.conf(5)), and those that it defines.

    ``releasever`` is the release's major number, for SUSE the service pack too (zypper(8)).
    """
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    version, like = release.get("VERSION_ID", ""), f"{release.get('ID', '')} {release.get('ID_LIKE', '')}"
    whole = "suse" in like or release.get("ID") == "sles"
    machine = platform.machine()
    own = {"releasever": version if whole else version.partition(".")[0], "basearch": machine, "arch": machine}
    return own | dict(read_variables())


def known_feeds() -> Mapping[str, Feed]:
    """Return every feed of `openinspector.feeds`, by name."""
    return discover("openinspector.feeds", "FEED", Feed)
