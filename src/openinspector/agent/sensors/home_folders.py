"""Home folders of accounts that can log in, and the dot files in them. Attributes only, never content."""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.account_file import PASSWD, number, read_entries
from openinspector.agent.linux.config_file import MISSING, encodable, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.hardening import HomeFile, HomeFolder

MAX_USERS: Final = 1000
MAX_FILES: Final = 200
"""Dot files of one folder."""
_FIELDS: Final = 7
_FIRST_PERSON: Final = 1000
_NOBODY: Final = 65534
_NO_LOGIN: Final = ("nologin", "false", "sync", "shutdown", "halt")


def collect(host: Host) -> Iterator[HomeFolder | Incomplete | Absent]:
    """Yield a HomeFolder for root and for each person who can log in."""
    try:
        users = [entry for entry in read_entries(host, PASSWD, _FIELDS) if _can_log_in(entry)]
    except MISSING:
        yield Absent(reason=f"No {PASSWD} on this host.")
        return
    except OSError as error:
        yield unread(PASSWD, error)
        return
    for entry in users[:MAX_USERS]:
        yield from _home(host, user=entry[0], path=entry[5] or "/")
    if len(users) > MAX_USERS:
        yield Incomplete(
            reason=f"Home folders beyond the first {MAX_USERS} were not examined: {len(users) - MAX_USERS}."
        )


def _can_log_in(entry: list[str]) -> bool:
    uid = number(entry[2])
    is_person = uid is not None and (uid == 0 or (uid >= _FIRST_PERSON and uid != _NOBODY))
    return is_person and entry[6].rpartition("/")[2] not in _NO_LOGIN


def _home(host: Host, *, user: str, path: str) -> Iterator[HomeFolder | Incomplete]:
    try:
        status = host.status(path)
        names = [name for name in host.names(path) if name.startswith(".")] if status.is_directory else []
    except MISSING:
        yield HomeFolder(user=encodable(user), path=encodable(path), exists=False)
        return
    except OSError as error:
        yield unread(path, error)
        return
    yield HomeFolder(
        user=encodable(user),
        path=encodable(path),
        exists=status.is_directory,
        mode=status.mode,
        uid=status.uid,
        gid=status.gid,
        files=tuple(_files(host, path, names[:MAX_FILES])),
    )
    if len(names) > MAX_FILES:
        yield Incomplete(reason=f"{encodable(path)} has more than {MAX_FILES} dot files.")


def _files(host: Host, folder: str, names: list[str]) -> Iterator[HomeFile]:
    for name in names:
        try:
            status = host.status(f"{folder}/{name}")
        except OSError:
            continue
        if status.is_file:
            yield HomeFile(name=encodable(name), mode=status.mode, uid=status.uid, gid=status.gid)


SENSOR: Final = Sensor(
    name="home_folders",
    title="Home folders and the dot files in them",
    records=(HomeFolder,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
    needs=Needs(root=True),
)
