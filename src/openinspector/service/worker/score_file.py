"""The scores that a release ships with the wheel: CVE records, NVD, EPSS and KEV as one signed export of feeds.

A site takes it with `openinspector feeds import`, as it would any export (`openinspector.service.worker.feed_bundle`).
The feeds are stored whole and not by document: nothing is synced on top of a file that the next release replaces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.service.ports.clock import Clock
from openinspector.service.worker.feed_bundle import write_bundle
from openinspector.service.worker.feed_sync import FeedSync, SyncRequest, known_feeds
from openinspector.service.worker.gathering import Progress, no_progress

SCORE_FEEDS: Final = ("cve", "nvd", "epss", "kev")


def build_scores(  # noqa: PLR0913 - what it reads, what it writes and what it needs for that
    path: Path,
    key: Ed25519PrivateKey,
    *,
    store: AdvisoryStore,
    clock: Clock,
    workspace: Path,
    origins: Mapping[str, str],
    progress: Progress = no_progress,
) -> Sequence[str]:
    """Sync the feeds of scores into an empty store and write them to ``path``; return their names.

    ``origins`` names folders, files or URLs by feed. If any are named, only those feeds are read; else all of them,
    from their publishers. Raises FeedError if one of them cannot be fetched.
    """
    feeds = {name: replace(feed, by_document=False) for name, feed in known_feeds().items() if name in SCORE_FEEDS}
    sync = FeedSync(store=store, clock=clock, workspace=workspace, feeds=feeds)
    names = [name for name in SCORE_FEEDS if not origins or name in origins]
    for name in names:
        sync.sync(name, SyncRequest(origin=origins.get(name, "")), progress)
    return write_bundle(store, path, key, names)
