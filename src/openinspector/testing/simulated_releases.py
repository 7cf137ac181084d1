"""Releases made with the real tooling and temporary keys, as a publisher, thief or broken mirror serves them."""

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root, Targets

from openinspector.release.ceremony import RoleKeys, RootChange, first_root, first_targets, next_root, with_release
from openinspector.release.destination import Destination
from openinspector.release.metadata_file import render_metadata, sign
from openinspector.release.publication import OnlineKeys, plan_publication, plan_refresh
from openinspector.wire.release import RELEASE_FILE, ROOT_FILE, Platform, Release, Runtime, SignedRelease, target_name

PLATFORM: Final = Platform(os="linux", architecture="x86_64", runtime=Runtime.PYTHON3)
_DAY: Final = timedelta(days=1)


def release(version: str, number: int, platform: Platform = PLATFORM) -> Release:
    """Return a release's description."""
    return Release(
        version=version,
        release=number,
        os=platform.os,
        architecture=platform.architecture,
        runtime=platform.runtime,
    )


def make_bundle(described: Release, files: Mapping[str, tuple[bytes, int]]) -> bytes:
    """Return a tar.gz of ``files`` (name to content and mode) and the release's own description."""
    content = {**files, RELEASE_FILE: (msgspec.json.encode(described), 0o644)}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, (data, mode) in content.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), mode
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


class SimulatedReleases:
    """A publisher with five root keys, three targets keys and two online keys, which publishes into a folder."""

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self.folder = folder
        self.now = now or datetime.now(UTC).replace(microsecond=0)
        self.root_keys = [CryptoSigner.generate_ed25519() for _ in range(5)]
        self.targets_keys = [CryptoSigner.generate_ed25519() for _ in range(3)]
        self.online = OnlineKeys(snapshot=CryptoSigner.generate_ed25519(), timestamp=CryptoSigner.generate_ed25519())
        self.roots: list[Metadata[Root]] = [
            self._signed_root(first_root(self._roles(), self.now + 365 * _DAY), self.root_keys[:3])
        ]
        self.targets: Metadata[Targets] = first_targets(self.now + 90 * _DAY)
        self.bundles: dict[str, bytes] = {}

    @property
    def trusted_root(self) -> bytes:
        """The first root, as it is embedded in packages."""
        return render_metadata(self.roots[0])

    def add(self, described: Release, files: Mapping[str, tuple[bytes, int]], min_release: int = 1) -> str:
        """List one more bundle; returns its target name. ``root.json`` is put into it."""
        bundle = make_bundle(described, {**files, ROOT_FILE: (self.trusted_root, 0o644)})
        return self.add_bundle(described, bundle, min_release)

    def add_bundle(self, described: Release, bundle: bytes, min_release: int = 1) -> str:
        """List a bundle as it is; returns its target name."""
        listed = SignedRelease(min_release=min_release, **msgspec.structs.asdict(described))
        name = target_name(described.version, described.platform)
        self.targets = with_release(self.targets, listed, bundle, self.now + 90 * _DAY)
        self.bundles[name] = bundle
        return name

    def rotate(
        self,
        signers: Sequence[CryptoSigner],
        *,
        add: Mapping[str, Sequence[CryptoSigner]] | None = None,
        remove: Mapping[str, Sequence[CryptoSigner]] | None = None,
    ) -> None:
        """Make the next root, signed by ``signers``."""
        change = RootChange(
            add={role: [key.public_key for key in keys] for role, keys in (add or {}).items()},
            remove={role: [key.public_key.keyid for key in keys] for role, keys in (remove or {}).items()},
            thresholds={},
        )
        following = next_root(self.roots[-1], change, self.now + 365 * _DAY)
        for key in signers:
            sign(following, key, following.signed, self.roots[-1].signed)
        self.roots.append(following)

    def publish(self, targets_signers: Sequence[CryptoSigner] | None = None) -> None:
        """Sign the list and publish everything."""
        self.targets.signatures.clear()
        for key in self.targets_keys[:2] if targets_signers is None else targets_signers:
            sign(self.targets, key, self.roots[-1].signed)
        place = Destination(str(self.folder))
        drafts = ([render_metadata(root) for root in self.roots], render_metadata(self.targets))
        place.write(plan_publication(place.read(), drafts, self.bundles, self.online, self.now))

    def refresh(self) -> None:
        """Publish a new snapshot and timestamp."""
        place = Destination(str(self.folder))
        place.write(plan_refresh(place.read(), self.online, self.now))

    def forge(self, name: str, change: Any, signers: Sequence[CryptoSigner]) -> None:
        """Change published metadata and sign it with ``signers`` alone: ``change`` takes its ``signed`` part."""
        path = self.folder / "metadata" / name
        metadata: Metadata[Any] = Metadata.from_file(str(path))
        change(metadata.signed)
        metadata.signatures.clear()
        for key in signers:
            metadata.sign(key, append=True)
        path.write_bytes(render_metadata(metadata))

    def newest(self, role: str) -> str:
        """Return the name of a role's newest published file."""
        found = (self.folder / "metadata").glob(f"*.{role}.json")
        return max(found, key=lambda path: int(path.name.partition(".")[0])).name

    def describe(self) -> str:
        """Return the list as JSON, for people who read a failed test."""
        return json.dumps(self.targets.signed.to_dict(), indent=2)

    def _signed_root(self, root: Metadata[Root], signers: Sequence[CryptoSigner]) -> Metadata[Root]:
        for key in signers:
            sign(root, key, root.signed)
        return root

    def _roles(self) -> Mapping[str, RoleKeys]:
        return {
            "root": RoleKeys(keys=tuple(key.public_key for key in self.root_keys), threshold=3),
            "targets": RoleKeys(keys=tuple(key.public_key for key in self.targets_keys), threshold=2),
            "snapshot": RoleKeys(keys=(self.online.snapshot.public_key,)),
            "timestamp": RoleKeys(keys=(self.online.timestamp.public_key,)),
        }
