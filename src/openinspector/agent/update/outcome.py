"""What comes of an update: one named code (F1.28), kept in ``update.json`` for people and for the service."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from openinspector.agent.files.atomic_file import write_atomically
from openinspector.model.errors import OpenInspectorError, WireError
from openinspector.wire.codec import decode_json, encode_json

OUTCOME_FILE: Final = "update.json"
_MAX_BYTES: Final = 64 * 1024


class UpdateCode(StrEnum):
    """What became of one pass or one trial; the value is printed and never changes its meaning."""

    UP_TO_DATE = "UP_TO_DATE"
    PREPARED = "PREPARED"
    """The new version lies in the slot ``experiment``; its trial is to be started now."""
    UPDATED = "UPDATED"
    """The new version passed its trial and is the stable one."""
    FELL_BACK = "FELL_BACK"
    """An administrator made the version before the stable one again; the agent is to be restarted."""
    STOPPED = "STOPPED"
    """The trial was stopped on purpose; it is begun anew by a later pass."""
    UPDATE_DISABLED = "UPDATE_DISABLED"
    """By ``auto_update``, or because this build carries no root of trust, or is not installed in slots."""
    AGENT_RUNNING_ASSESSMENT = "AGENT_RUNNING_ASSESSMENT"
    AGENT_NOT_RUNNING_NO_UPDATE = "AGENT_NOT_RUNNING_NO_UPDATE"
    UPDATE_RUNNING = "UPDATE_RUNNING"
    """Another pass or a trial is under way."""
    SERVICE_UNREACHABLE = "SERVICE_UNREACHABLE"
    FILE_DOWNLOAD_ERROR = "FILE_DOWNLOAD_ERROR"
    SIGNATURE_MISMATCH = "SIGNATURE_MISMATCH"
    """Metadata without its threshold of valid signatures."""
    METADATA_EXPIRED = "METADATA_EXPIRED"
    """Somebody holds updates back, or nobody signs them any more."""
    METADATA_REFUSED = "METADATA_REFUSED"
    """Metadata that goes back, does not belong together, delegates, or cannot be read."""
    HASH_MISMATCH = "HASH_MISMATCH"
    RELEASE_REFUSED = "RELEASE_REFUSED"
    """The service offers what is not signed, is for another platform, or goes back."""
    PACKAGE_INSTALLATION_ERROR = "PACKAGE_INSTALLATION_ERROR"
    """The bundle could not be unpacked or put into place: disk full, or not what it must be."""
    SELF_TEST_FAILED = "SELF_TEST_FAILED"
    HEARTBEAT_MISSED = "HEARTBEAT_MISSED"
    """No heartbeat of the new version was acknowledged in time."""
    TRIAL_ENDED_EARLY = "TRIAL_ENDED_EARLY"
    """The trial ended without a word: crashed, killed, or the power went."""


WELL: Final = frozenset(
    {
        UpdateCode.UP_TO_DATE,
        UpdateCode.PREPARED,
        UpdateCode.UPDATED,
        UpdateCode.FELL_BACK,
        UpdateCode.UPDATE_DISABLED,
        UpdateCode.AGENT_RUNNING_ASSESSMENT,
        UpdateCode.AGENT_NOT_RUNNING_NO_UPDATE,
        UpdateCode.UPDATE_RUNNING,
    }
)
"""Done, or nothing to do: exit status 0."""


class UpdateError(OpenInspectorError):
    """An update that does not go on; ``code`` says why."""

    def __init__(self, code: UpdateCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class UpdateOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """``update.json``: what the last pass or trial came to."""

    at: datetime
    result: UpdateCode
    from_version: str = ""
    to_version: str = ""
    """The version that was to be installed; empty where it did not come to that."""
    details: str = ""
    reported: bool = True
    """False while the service is still to be told."""


_DECODER: Final = msgspec.json.Decoder(UpdateOutcome)


def save_outcome(state: Path, outcome: UpdateOutcome) -> None:
    """Keep an outcome; raises OSError."""
    write_atomically(state / OUTCOME_FILE, encode_json(outcome, "the outcome of the update"))


def load_outcome(state: Path) -> UpdateOutcome | None:
    """Return the last outcome; None where there is none that can be read."""
    try:
        with (state / OUTCOME_FILE).open("rb") as file:
            return decode_json(file.read(_MAX_BYTES), _DECODER, "the outcome of the update")
    except (OSError, WireError):
        return None
