"""The outcome of an update: one named code (F1.28), kept in ``update.json`` for people and for the service."""

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
    """The outcome of one pass or one trial. The value is printed, and its meaning never changes."""

    UP_TO_DATE = "UP_TO_DATE"
    PREPARED = "PREPARED"
    """The new version is in the slot ``experiment``. Its trial must be started now."""
    UPDATED = "UPDATED"
    """The new version passed its trial and is the stable one."""
    FELL_BACK = "FELL_BACK"
    """An administrator made the previous version stable again. The agent must be restarted."""
    STOPPED = "STOPPED"
    """The trial was stopped on purpose. A later pass starts it again."""
    UPDATE_DISABLED = "UPDATE_DISABLED"
    """``auto_update`` is off, the build carries no root of trust, or the agent is not installed in slots."""
    AGENT_RUNNING_ASSESSMENT = "AGENT_RUNNING_ASSESSMENT"
    AGENT_NOT_RUNNING_NO_UPDATE = "AGENT_NOT_RUNNING_NO_UPDATE"
    UPDATE_RUNNING = "UPDATE_RUNNING"
    """Another pass or a trial is in progress."""
    SERVICE_UNREACHABLE = "SERVICE_UNREACHABLE"
    FILE_DOWNLOAD_ERROR = "FILE_DOWNLOAD_ERROR"
    SIGNATURE_MISMATCH = "SIGNATURE_MISMATCH"
    """The metadata has fewer valid signatures than its threshold."""
    METADATA_EXPIRED = "METADATA_EXPIRED"
    """The metadata has expired: updates are withheld or no longer signed."""
    METADATA_REFUSED = "METADATA_REFUSED"
    """The metadata rolls back, is inconsistent, delegates, or cannot be read."""
    HASH_MISMATCH = "HASH_MISMATCH"
    RELEASE_REFUSED = "RELEASE_REFUSED"
    """The offered release is unsigned, for another platform, or older than the installed one."""
    PACKAGE_INSTALLATION_ERROR = "PACKAGE_INSTALLATION_ERROR"
    """The bundle could not be unpacked or put in place: the disk is full, or the bundle is malformed."""
    SELF_TEST_FAILED = "SELF_TEST_FAILED"
    HEARTBEAT_MISSED = "HEARTBEAT_MISSED"
    """The service acknowledged no heartbeat of the new version in time."""
    TRIAL_ENDED_EARLY = "TRIAL_ENDED_EARLY"
    """The trial ended without an outcome: it crashed, was killed, or the host lost power."""
    UNKNOWN = "UNKNOWN"
    """A code that another version of the agent wrote and this one does not know. Never written."""

    @classmethod
    def _missing_(cls, _value: object) -> "UpdateCode":
        return cls.UNKNOWN


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
"""Codes with exit status 0: done, or nothing to do."""


class UpdateError(OpenInspectorError):
    """An update that cannot continue. ``code`` gives the reason."""

    def __init__(self, code: UpdateCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class UpdateOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The content of ``update.json``: the outcome of the last pass or trial."""

    at: datetime
    result: UpdateCode
    from_version: str = ""
    to_version: str = ""
    """The version to install. Empty if the update ended before one was chosen."""
    details: str = ""
    reported: bool = True
    """False until the outcome has been reported to the service."""


_DECODER: Final = msgspec.json.Decoder(UpdateOutcome)


def save_outcome(state: Path, outcome: UpdateOutcome) -> None:
    """Save an outcome. Raises OSError."""
    write_atomically(state / OUTCOME_FILE, encode_json(outcome, "the outcome of the update"))


def load_outcome(state: Path) -> UpdateOutcome | None:
    """Return the last outcome, or None if it is absent or unreadable."""
    try:
        with (state / OUTCOME_FILE).open("rb") as file:
            return decode_json(file.read(_MAX_BYTES), _DECODER, "the outcome of the update")
    except (OSError, WireError):
        return None
