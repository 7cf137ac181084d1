"""Publication: the files and their order. Clients that fetch in between see the old state or the new one, never both.

Bundles, roots and the list of targets carry their digest or version in their names and are written first; the
timestamp, the one file that is replaced, comes last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

from openinspector.release.error import ReleaseError
from openinspector.release.metadata_file import check_complete, parse_metadata, render_metadata, sign
from openinspector.wire.release import METADATA_PATH, TARGETS_PATH

MAX_TIMESTAMP_VALIDITY: Final = timedelta(days=2)
"""How long somebody who holds back updates goes unnoticed (design, section 3)."""
SNAPSHOT_VALIDITY: Final = timedelta(days=14)
TIMESTAMP_NAME: Final = f"{METADATA_PATH}timestamp.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRelease:
    """The metadata at the destination. Empty before the first publication."""

    roots: tuple[bytes, ...] = ()
    """In order of their versions, from 1."""
    targets: bytes | None = None
    snapshot: bytes | None = None
    timestamp: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineKeys:
    """The two online keys, on the machine that publishes."""

    snapshot: CryptoSigner
    timestamp: CryptoSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file to write, by its name at the destination."""

    name: str
    content: bytes


def plan_publication(
    published: PublishedRelease,
    drafts: tuple[Sequence[bytes], bytes],
    bundles: Mapping[str, bytes],
    keys: OnlineKeys,
    now: datetime,
) -> Sequence[Upload]:
    """Return the files to write, in order; ReleaseError if anything is unsigned, expired, missing or older.

    ``drafts``: every root from version 1 on, and the list of targets; ``bundles``: new ones by target name.
    """
    roots = [parse_metadata(content, Root) for content in drafts[0]]
    targets = parse_metadata(drafts[1], Targets)
    _check_roots(roots, published, now)
    trusted = roots[-1].signed
    check_complete(targets, trusted, None, now)
    _check_targets(targets, published)
    files = [Upload(name=_versioned(root.signed.version, "root"), content=render_metadata(root)) for root in roots]
    uploads = _bundle_uploads(targets.signed, bundles, published)
    uploads += files[len(published.roots) :]
    uploads.append(Upload(name=_versioned(targets.signed.version, "targets"), content=render_metadata(targets)))
    snapshot = _next_snapshot(published, targets.signed.version, now)
    sign(snapshot, keys.snapshot, trusted)
    check_complete(snapshot, trusted, None, now)
    return [*uploads, *_online_uploads(published, snapshot, keys, trusted, now)]


def plan_refresh(
    published: PublishedRelease, keys: OnlineKeys, now: datetime, validity: timedelta = MAX_TIMESTAMP_VALIDITY
) -> Sequence[Upload]:
    """Return a new snapshot of the same list and a new timestamp; ReleaseError."""
    if validity > MAX_TIMESTAMP_VALIDITY:
        raise ReleaseError(f"a timestamp is valid for at most {MAX_TIMESTAMP_VALIDITY.days} days")
    if not published.roots or published.targets is None:
        raise ReleaseError("nothing is published there yet", advice="Publish first.")
    trusted = parse_metadata(published.roots[-1], Root).signed
    targets = parse_metadata(published.targets, Targets)
    check_complete(targets, trusted, None, now)
    snapshot = _next_snapshot(published, targets.signed.version, now)
    sign(snapshot, keys.snapshot, trusted)
    return _online_uploads(published, snapshot, keys, trusted, now, validity)


def _online_uploads(  # noqa: PLR0913 - what a timestamp is made of
    published: PublishedRelease,
    snapshot: Metadata[Snapshot],
    keys: OnlineKeys,
    trusted: Root,
    now: datetime,
    validity: timedelta = MAX_TIMESTAMP_VALIDITY,
) -> list[Upload]:
    content = render_metadata(snapshot)
    before = 0 if published.timestamp is None else parse_metadata(published.timestamp, Timestamp).signed.version
    meta = MetaFile(snapshot.signed.version, len(content))
    timestamp = Metadata(Timestamp(version=before + 1, expires=_whole(now + validity), snapshot_meta=meta))
    sign(timestamp, keys.timestamp, trusted)
    check_complete(timestamp, trusted, None, now)
    return [
        Upload(name=_versioned(snapshot.signed.version, "snapshot"), content=content),
        Upload(name=TIMESTAMP_NAME, content=render_metadata(timestamp)),
    ]


def _next_snapshot(published: PublishedRelease, targets_version: int, now: datetime) -> Metadata[Snapshot]:
    before = 0 if published.snapshot is None else parse_metadata(published.snapshot, Snapshot).signed.version
    return Metadata(
        Snapshot(
            version=before + 1,
            expires=_whole(now + SNAPSHOT_VALIDITY),
            meta={"targets.json": MetaFile(targets_version)},
        )
    )


def _check_roots(roots: Sequence[Metadata[Root]], published: PublishedRelease, now: datetime) -> None:
    if not roots or [root.signed.version for root in roots] != list(range(1, len(roots) + 1)):
        raise ReleaseError("the roots are not all there, from version 1 on")
    previous: Root | None = None
    for root in roots:
        # Roots that a later one replaces may have expired: clients still step through them.
        check_complete(root, root.signed, previous, now if root is roots[-1] else root.signed.expires - _SECOND)
        previous = root.signed
    for draft, present in zip(roots, published.roots, strict=False):
        if draft.signed != parse_metadata(present, Root).signed:
            raise ReleaseError(f"root {draft.signed.version} at the destination is another one")
    if len(published.roots) > len(roots):
        raise ReleaseError("the destination has a newer root", advice="Fetch it into this folder first.")


def _check_targets(targets: Metadata[Targets], published: PublishedRelease) -> None:
    if published.targets is None:
        return
    present = parse_metadata(published.targets, Targets).signed
    if present.version > targets.signed.version:
        raise ReleaseError(f"the destination has targets {present.version}, newer than {targets.signed.version}")
    if present.version == targets.signed.version and present != targets.signed:
        raise ReleaseError(f"targets {present.version} at the destination is another one")


def _bundle_uploads(targets: Targets, bundles: Mapping[str, bytes], published: PublishedRelease) -> list[Upload]:
    held = parse_metadata(published.targets, Targets).signed.targets if published.targets else {}
    uploads = []
    for name, target in targets.targets.items():
        if name in held and held[name].hashes == target.hashes:
            continue
        if name not in bundles:
            raise ReleaseError(f"the bundle {name} is not here", advice="It lies in the folder's bundles/.")
        target.verify_length_and_hashes(bundles[name])
        uploads.append(Upload(name=f"{TARGETS_PATH}{target.hashes['sha256']}.{name}", content=bundles[name]))
    return uploads


def _versioned(version: int, role: str) -> str:
    return f"{METADATA_PATH}{version}.{role}.json"


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


_SECOND: Final = timedelta(seconds=1)
