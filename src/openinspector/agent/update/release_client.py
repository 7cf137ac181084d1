"""ReleaseClient: python-tuf's client with an embedded root, no delegations and small limits.

It returns only releases that the holders of the offline keys have signed, even if a mirror or the service is
compromised.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from tuf.api.exceptions import (
    DownloadError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, TargetFile, Targets
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from openinspector.agent.files.atomic_file import make_private_folder
from openinspector.agent.operation.update_outcome import UpdateCode, UpdateError
from openinspector.wire.release import METADATA_PATH, TARGETS_PATH, SignedRelease

MAX_BUNDLE: Final = 256 * 2**20
"""Maximum size of a compressed bundle in bytes."""
NO_DELEGATIONS: Final = 0


def bounds(delegations: int = NO_DELEGATIONS) -> UpdaterConfig:
    """Return the limits on metadata."""
    return UpdaterConfig(
        max_delegations=delegations,
        root_max_length=256 * 1024,
        timestamp_max_length=16 * 1024,
        snapshot_max_length=256 * 1024,
        targets_max_length=2 * 1024 * 1024,
    )


class ReleaseClient:
    """Provides signed releases. One instance serves one pass."""

    def __init__(self, folder: Path, url: str, fetcher: FetcherInterface, root: bytes) -> None:
        """Trust ``root``; keep metadata in ``folder``; fetch from below ``url``. UpdateError, OSError."""
        make_private_folder(folder)
        self._folder = folder
        with refusing():
            self._updater = Updater(
                str(folder),
                f"{url}{METADATA_PATH}",
                target_base_url=f"{url}{TARGETS_PATH}",
                fetcher=fetcher,
                config=bounds(),
                bootstrap=root,
            )

    def refresh(self) -> Mapping[str, SignedRelease]:
        """Fetch and verify metadata and return every signed release by target name; UpdateError, OSError."""
        with refusing():
            self._updater.refresh()
            # The refresh has just verified and written the file, in a private folder.
            signed = Metadata[Targets].from_file(str(self._folder / "targets.json")).signed
        if signed.delegations is not None:
            raise UpdateError(UpdateCode.METADATA_REFUSED, "the list of targets has delegations, which are refused")
        return {name: _release(target) for name, target in signed.targets.items()}

    def download(self, name: str, to: Path) -> None:
        """Fetch a signed target into ``to`` and verify its length and digest; UpdateError, OSError."""
        with refusing():
            target = self._updater.get_targetinfo(name)
        if target is None:
            raise UpdateError(UpdateCode.RELEASE_REFUSED, f"{name} is not signed")
        if target.length > MAX_BUNDLE:
            raise UpdateError(UpdateCode.RELEASE_REFUSED, f"{name} is larger than {MAX_BUNDLE} bytes")
        try:
            with refusing():
                self._updater.download_target(target, str(to))
        except UpdateError as error:
            if isinstance(error.__cause__, LengthOrHashMismatchError):
                raise UpdateError(UpdateCode.HASH_MISMATCH, f"{name} is not what was signed") from error
            raise


@contextmanager
def refusing() -> Iterator[None]:
    """Convert errors of the TUF client into UpdateError with a code."""
    try:
        yield
    except ExpiredMetadataError as error:
        raise UpdateError(UpdateCode.METADATA_EXPIRED, str(error)) from error
    except UnsignedMetadataError as error:
        raise UpdateError(UpdateCode.SIGNATURE_MISMATCH, str(error)) from error
    except DownloadError as error:
        raise UpdateError(UpdateCode.FILE_DOWNLOAD_ERROR, str(error)) from error
    except (RepositoryError, ValueError) as error:
        raise UpdateError(UpdateCode.METADATA_REFUSED, str(error)) from error


def _release(target: TargetFile) -> SignedRelease:
    custom: Any = target.custom
    try:
        return msgspec.convert(custom, SignedRelease)
    except msgspec.ValidationError as error:
        raise UpdateError(UpdateCode.METADATA_REFUSED, f"{target.path} is not a release: {error}") from error
