"""The releases that this host has seen, so that neither the service nor a mirror can roll it back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from openinspector.agent.files.atomic_file import write_atomically
from openinspector.agent.operation.update_outcome import UpdateCode, UpdateError
from openinspector.model.errors import WireError
from openinspector.wire.codec import decode_json, encode_json

RECORD_FILE: Final = "releases.json"
MAX_ATTEMPTS: Final = 3
"""Maximum number of trials of a version on one host."""
_MAX_BYTES: Final = 64 * 1024


class ReleaseRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``releases.json`` in the state directory."""

    highest_release: int = 0
    """The highest release that has ever been stable here."""
    min_release: int = 0
    """The highest ``min_release`` that was ever signed for this platform and seen here."""
    attempts: Mapping[str, int] = {}
    """Number of trials by version; promoted versions are removed."""
    on_trial: str = ""
    """The version whose trial has begun and has no recorded outcome."""

    def raised(self, min_release: int) -> "ReleaseRecord":
        """Return the record with a floor that is at least ``min_release``."""
        return msgspec.structs.replace(self, min_release=max(self.min_release, min_release))

    def begun(self, version: str) -> "ReleaseRecord":
        """Return the record with one more trial of ``version``."""
        attempts = {**self.attempts, version: self.attempts.get(version, 0) + 1}
        return msgspec.structs.replace(self, attempts=attempts, on_trial=version)

    def failed(self) -> "ReleaseRecord":
        """Return the record after a trial that failed."""
        return msgspec.structs.replace(self, on_trial="")

    def stopped(self, version: str) -> "ReleaseRecord":
        """Return the record with one trial less: it was stopped on purpose."""
        attempts = {**self.attempts, version: max(0, self.attempts.get(version, 0) - 1)}
        return msgspec.structs.replace(self, attempts=attempts, on_trial="")

    def given_up(self, version: str) -> "ReleaseRecord":
        """Return the record of a host that does not retry ``version`` automatically."""
        return msgspec.structs.replace(self, attempts={**self.attempts, version: MAX_ATTEMPTS})

    def promoted(self, release: int) -> "ReleaseRecord":
        """Return the record of a host whose stable release is ``release``."""
        return msgspec.structs.replace(
            self, highest_release=max(self.highest_release, release), attempts={}, on_trial=""
        )


_DECODER: Final = msgspec.json.Decoder(ReleaseRecord)


def load_record(state: Path) -> ReleaseRecord:
    """Return the record; UpdateError if it exists and cannot be read: it does not count as empty."""
    path = state / RECORD_FILE
    try:
        with path.open("rb") as file:
            return decode_json(file.read(_MAX_BYTES), _DECODER, "the record of releases")
    except FileNotFoundError:
        return ReleaseRecord()
    except (OSError, WireError) as error:
        raise UpdateError(UpdateCode.PACKAGE_INSTALLATION_ERROR, f"{path} cannot be read: {error}") from error


def save_record(state: Path, record: ReleaseRecord) -> None:
    """Save the record; raises OSError."""
    write_atomically(state / RECORD_FILE, encode_json(record, "the record of releases"))
