"""The machine that the host key belongs to: a copied disk or image contains the key but must not use it.

The state directory keeps a digest of the machine id. A copy with a new machine id (machine-id(5)) refuses to run. The
service detects copies that keep the machine id.
"""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from openinspector.agent.files.atomic_file import write_atomically
from openinspector.agent.host import Host
from openinspector.agent.membership.enrolment import EnrolmentError

MACHINE_FILE: Final = "machine-id"
_MACHINE_ID: Final = "/etc/machine-id"
_WINDOWS_KEY: Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography"
_APPLICATION: Final = "openinspector-agent:"
"""machine-id(5): applications hash the id together with an application-specific string."""
_DIGEST_BYTES: Final = 64
_MAX_BYTES: Final = 256


def machine_digest(host: Host) -> str:
    """Return a SHA-256 of the machine id, hexadecimal; empty if the host has none (containers often do not)."""
    with suppress(OSError):
        found = host.read(_MACHINE_ID, _MAX_BYTES).decode(errors="replace").strip()
        if found and found != "uninitialized":
            return _digest(found)
    with suppress(OSError):
        found = host.registry_key(_WINDOWS_KEY).text("MachineGuid")
        return _digest(found) if found else ""
    return ""


def save_machine(state: Path, host: Host) -> None:
    """Bind the state directory to this machine. Raises EnrolmentError."""
    try:
        write_atomically(state / MACHINE_FILE, machine_digest(host).encode())
    except OSError as error:
        raise EnrolmentError(f"{state / MACHINE_FILE} cannot be written: {error.strerror}") from error


def check_machine(state: Path, host: Host) -> None:
    """Raise EnrolmentError if the state directory was copied from another machine.

    Binds the state directory if an earlier version of the agent enrolled the host.
    """
    path, now = state / MACHINE_FILE, machine_digest(host)
    try:
        with path.open("rb") as file:
            bound = file.read(_MAX_BYTES).decode(errors="replace")
    except FileNotFoundError:
        save_machine(state, host)
        return
    except OSError as error:
        raise EnrolmentError(f"{path} cannot be read: {error.strerror}") from error
    if len(bound) == _DIGEST_BYTES and now and bound != now:
        raise EnrolmentError(
            "the machine id is not the one of the host that was enrolled: this host is a copy, or got a new machine id",
            advice="A copy: openinspector-agent enrol --new-key. The same host: openinspector-agent enrol",
        )


def _digest(machine_id: str) -> str:
    return hashlib.sha256((_APPLICATION + machine_id).encode()).hexdigest()
