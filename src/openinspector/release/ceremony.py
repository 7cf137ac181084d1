"""The documents that holders of offline keys sign: roots and the list of targets. Drafts only; reads no key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Metadata, Root, Snapshot, TargetFile, Targets, Timestamp

from openinspector.release.error import ReleaseError
from openinspector.wire.release import SignedRelease, target_name

ROOT_THRESHOLD: Final = 3
ROOT_KEYS: Final = 5
TARGETS_THRESHOLD: Final = 2
ROOT_VALIDITY: Final = timedelta(days=365)
TARGETS_VALIDITY: Final = timedelta(days=90)
ONLINE: Final = (Snapshot.type, Timestamp.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleKeys:
    """The keys of one role and how many of them must sign."""

    keys: tuple[SSlibKey, ...]
    threshold: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RootChange:
    """Changes from one root to the next."""

    add: Mapping[str, Sequence[SSlibKey]]
    """New keys by role."""
    remove: Mapping[str, Sequence[str]]
    """Key ids or prefixes of them, by role."""
    thresholds: Mapping[str, int]


def first_root(roles: Mapping[str, RoleKeys], expires: datetime) -> Metadata[Root]:
    """Return version 1 of the root, unsigned; ReleaseError if the keys of the roles are invalid."""
    root = Root(expires=expires, consistent_snapshot=True)
    for role, keys in roles.items():
        for key in keys.keys:
            root.add_key(key, role)
        root.roles[role].threshold = keys.threshold
    return _checked(root)


def next_root(current: Metadata[Root], change: RootChange, expires: datetime) -> Metadata[Root]:
    """Return the root after ``current``, unsigned; it must be signed by the keys of both. ReleaseError."""
    root = Metadata[Root].from_bytes(current.to_bytes()).signed
    root.version, root.expires = root.version + 1, expires
    for role, added in change.add.items():
        for key in added:
            root.add_key(key, role)
    for role, removed in change.remove.items():
        for beginning in removed:
            root.revoke_key(_full_id(root, role, beginning), role)
    for role, threshold in change.thresholds.items():
        root.roles[role].threshold = threshold
    return _checked(root)


def first_targets(expires: datetime) -> Metadata[Targets]:
    """Return version 1 of the list of targets: empty, unsigned."""
    return Metadata(Targets(expires=expires))


def with_release(
    current: Metadata[Targets], release: SignedRelease, bundle: bytes, expires: datetime
) -> Metadata[Targets]:
    """Return the next list, unsigned, with one more bundle; ReleaseError if it is older or already listed.

    ``min_release`` of the new release holds for every older target of the list too: nobody may be offered less.
    """
    targets = Metadata[Targets].from_bytes(current.to_bytes()).signed
    name = target_name(release.version, release.platform)
    held = {path: _release_of(target) for path, target in targets.targets.items()}
    if name in held:
        raise ReleaseError(f"{name} is in the list already", advice="A version is never replaced: make a new one.")
    if any(other.version == release.version and other.release != release.release for other in held.values()):
        raise ReleaseError(f"version {release.version} has another release number on another platform")
    older = [other.release for other in held.values() if other.platform == release.platform]
    if release.release <= max(older, default=0):
        raise ReleaseError(
            f"release {release.release} does not come after {max(older)}", advice="Release numbers only grow."
        )
    if not max((other.min_release for other in held.values()), default=1) <= release.min_release <= release.release:
        raise ReleaseError(
            f"min_release {release.min_release} goes back, or is above the release itself",
            advice="It only grows, and is at most the release's own number.",
        )
    target = TargetFile.from_data(name, bundle, ["sha256"])
    target.unrecognized_fields["custom"] = msgspec.to_builtins(release)
    targets.targets[name] = target
    for path, other in held.items():
        raised = msgspec.structs.replace(other, min_release=max(other.min_release, release.min_release))
        targets.targets[path].unrecognized_fields["custom"] = msgspec.to_builtins(raised)
    targets.version, targets.expires = targets.version + 1, expires
    return Metadata(targets)


def releases(targets: Targets) -> Mapping[str, SignedRelease]:
    """Return the releases of a list by target name; ReleaseError."""
    return {path: _release_of(target) for path, target in targets.targets.items()}


def _release_of(target: TargetFile) -> SignedRelease:
    try:
        return msgspec.convert(target.custom, SignedRelease)
    except msgspec.ValidationError as error:
        raise ReleaseError(f"target {target.path} is not a release of the agent: {error}") from error


def _full_id(root: Root, role: str, beginning: str) -> str:
    found = [keyid for keyid in root.roles[role].keyids if keyid.startswith(beginning)]
    if len(found) != 1:
        raise ReleaseError(f"{len(found)} {role} keys have an id that begins with {beginning[:64]}")
    return found[0]


def _checked(root: Root) -> Metadata[Root]:
    for name, role in root.roles.items():
        if not 1 <= role.threshold <= len(role.keyids):
            raise ReleaseError(
                f"role {name} has {len(role.keyids)} key(s) and a threshold of {role.threshold}",
                advice="A threshold is at least 1 and at most the number of different keys.",
            )
    offline = {keyid for name, role in root.roles.items() if name not in ONLINE for keyid in role.keyids}
    online = {keyid for name in ONLINE for keyid in root.roles[name].keyids}
    if offline & online:
        raise ReleaseError(
            "a key is both an offline and an online one", advice="Keys of snapshot and timestamp sign nothing else."
        )
    return Metadata(root)
