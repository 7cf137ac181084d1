"""Login sessions (InspectorTerminal, F3.13) from utmp(5), or else from systemd-logind.

Distributions drop utmp, whose 32-bit times end in 2038. Without it, the files of logind below
``/run/systemd/sessions`` hold the same data.
"""

import struct
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.account_file import PASSWD, names_by_id, number
from openinspector.agent.linux.config_file import MISSING, decode, read_lines, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.activity import Terminal

UTMP: Final = ("/run/utmp", "/var/run/utmp")
SESSIONS: Final = "/run/systemd/sessions"
_USER_PROCESS: Final = 7
_ENTRY: Final = struct.Struct("=hxxi32s4s32s256shhiii16s20x")
"""Type, process, line, id, user, host, exit status (2), session, seconds, microseconds, address: 384 bytes."""
_WIDE_ENTRY: Final = struct.Struct("=hxxi32s4s32s256shhqqq16s20x4x")
"""The entry with 64-bit times that glibc uses on aarch64: 400 bytes."""
_WIDE: Final = ("aarch64", "aarch64_be", "loongarch64")
_MAX_BYTES: Final = 8 * 1024 * 1024
_MICROSECOND_DIGITS: Final = 6


def collect(host: Host) -> Iterator[Terminal | Incomplete | Absent]:
    """Yield every session of a user."""
    for path in UTMP:
        try:
            data = host.read(path, _MAX_BYTES)
        except MISSING:
            continue
        except OSError as error:
            yield unread(path, error)
            return
        yield from parse_utmp(data, path, is_wide=host.uname()[3] in _WIDE)
        return
    try:
        names = host.names(SESSIONS)
    except MISSING:
        yield Absent(reason=f"No {UTMP[0]} and no {SESSIONS} on this host.")
        return
    except OSError as error:
        yield unread(SESSIONS, error)
        return
    yield from _sessions(host, names)


def parse_utmp(data: bytes, path: str, *, is_wide: bool) -> Iterator[Terminal | Incomplete]:
    """Yield the sessions in a utmp file; its other entries record boots and unused terminals."""
    entry = _WIDE_ENTRY if is_wide else _ENTRY
    whole = len(data) - len(data) % entry.size
    for kind, process, line, _, user, remote, _, _, _, seconds, _, _ in entry.iter_unpack(data[:whole]):
        if kind == _USER_PROCESS:
            yield Terminal(
                user=_text(user),
                line=_text(line),
                remote_host=_text(remote),
                process_id=process if process > 0 else None,
                started_at=seconds if seconds > 0 else None,
            )
    if whole != len(data):
        yield Incomplete(reason=f"{path} ends within an entry.")


def _sessions(host: Host, names: tuple[str, ...]) -> Iterator[Terminal | Incomplete]:
    users = names_by_id(host, PASSWD)
    for name in names:
        if name.endswith(".ref"):
            continue
        path = f"{SESSIONS}/{name}"
        try:
            lines = read_lines(host, path)
        except MISSING:  # logged out
            continue
        except OSError as error:
            yield unread(path, error)
            continue
        values = dict(line.split("=", 1) for line in lines if "=" in line)
        uid = number(values.get("UID", ""))
        if values.get("CLASS", "user") == "user" and uid is not None:
            yield Terminal(
                user=users.get(uid, str(uid)),
                line=values.get("TTY", ""),
                remote_host=values.get("REMOTE_HOST", ""),
                process_id=number(values.get("LEADER", "")),
                started_at=number(values.get("REALTIME", "")[:-_MICROSECOND_DIGITS]),
            )


def _text(field: bytes) -> str:
    return decode(field.partition(b"\0")[0])


SENSOR: Final = Sensor(
    name="terminals",
    title="Login sessions",
    records=(Terminal,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
    max_bytes=4 * 1024 * 1024,
)
