"""Security settings of the users who are signed in to a Windows host: a fixed list of values in their hives.

Windows loads a user's hive at sign-in; the settings of others are in files that are not read.
"""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host, RegistryValue
from openinspector.agent.linux.config_file import unread
from openinspector.agent.sensor import WINDOWS, Absent, Incomplete, Sensor, Trigger
from openinspector.agent.windows.bounds import MAX_TEXT, is_too_large
from openinspector.agent.windows.rule_settings import USER_SETTINGS
from openinspector.agent.windows.users import PERSON, USERS
from openinspector.agent.windows.version import unseen_windows
from openinspector.model.windows import WindowsUser

_MAX_USERS: Final = 500


def collect(host: Host) -> Iterator[WindowsUser | Incomplete | Absent]:
    """Yield a record for each user who is signed in."""
    unseen = unseen_windows(host)
    if unseen is not None:
        yield unseen
        return
    try:
        found = [name for name in host.registry_key(USERS).subkeys if PERSON.fullmatch(name)]
    except FileNotFoundError:
        return  # a disk: nobody is signed in
    except OSError as error:
        yield unread(USERS, error)
        return
    if len(found) > _MAX_USERS:
        yield Incomplete(reason=f"{len(found)} users are signed in; {_MAX_USERS} were read.")
    for sid in sorted(found)[:_MAX_USERS]:
        yield from _user(host, sid)


def _user(host: Host, sid: str) -> Iterator[WindowsUser | Incomplete]:
    settings: dict[str, str] = {}
    for below, names in USER_SETTINGS.items():
        path = rf"{USERS}\{sid}\{below}"
        try:
            key = host.registry_key(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            yield unread(path, error)
            return
        for value in filter(None, map(key.value, names)):
            if is_too_large(value):
                yield Incomplete(reason=rf"{path}\{value.name} is longer than {MAX_TEXT}: the user is left out.")
                return
            settings[rf"{below}\{value.name}".casefold()] = _text(value)
    yield WindowsUser(sid=sid, settings=settings)


def _text(value: RegistryValue) -> str:
    match value.data:
        case tuple() as texts:
            return ", ".join(texts)
        case bytes() as data:
            return data.hex()
        case data:
            return str(data)


SENSOR: Final = Sensor(
    name="windows_users",
    title="Security settings of signed-in users of Windows",
    records=(WindowsUser,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=WINDOWS,
)
