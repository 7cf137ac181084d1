r"""Programs installed on a Windows host: the Uninstall keys of both views and of every user whose hive is loaded.

An entry is a program if it has a DisplayName and neither SystemComponent=1 nor a ParentKeyName (updates of a
program). Windows lists the same under Apps. Source: Microsoft, "Uninstall Registry Key".
"""

import re
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host, RegistryKey
from openinspector.agent.linux.config_file import unread
from openinspector.agent.sensor import WINDOWS, Absent, Incomplete, Sensor, Trigger
from openinspector.agent.windows.bounds import MAX_PROGRAMS, MAX_TEXT, short_text
from openinspector.agent.windows.users import PERSON, USERS
from openinspector.agent.windows.version import unseen_windows
from openinspector.model.foreign_text import printable_line
from openinspector.model.windows import WindowsProgram

_UNINSTALL: Final = r"Microsoft\Windows\CurrentVersion\Uninstall"
MACHINE: Final = rf"HKEY_LOCAL_MACHINE\SOFTWARE\{_UNINSTALL}"
MACHINE_32: Final = rf"HKEY_LOCAL_MACHINE\SOFTWARE\WOW6432Node\{_UNINSTALL}"

_TEXTS: Final = ("DisplayName", "DisplayVersion", "Publisher")
_DAY: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")


def collect(host: Host) -> Iterator[WindowsProgram | Incomplete | Absent]:
    """Yield the programs of the 64-bit view, the 32-bit view, and each user."""
    unseen = unseen_windows(host)
    if unseen is not None:
        yield unseen
        return
    yield from _programs(host, MACHINE)
    yield from _programs(host, MACHINE_32, architecture="x86")
    try:
        users = host.registry_key(USERS).subkeys
    except FileNotFoundError:
        yield Incomplete(reason=f"{USERS} is missing: programs that users installed for themselves are unknown.")
        return
    except OSError as error:
        yield unread(USERS, error)
        return
    for user in users:
        if PERSON.fullmatch(user):
            yield from _programs(host, rf"{USERS}\{user}\Software\{_UNINSTALL}", user=user)


def _programs(
    host: Host, folder: str, *, architecture: str = "", user: str = ""
) -> Iterator[WindowsProgram | Incomplete]:
    try:
        entries = host.registry_key(folder).subkeys
    except FileNotFoundError:
        return  # 32-bit Windows has one view, and many users have no programs
    except OSError as error:
        yield unread(folder, error)
        return
    if len(entries) > MAX_PROGRAMS:
        yield Incomplete(reason=f"{folder} has {len(entries)} entries; {MAX_PROGRAMS} were read.")
    for entry in sorted(entries)[:MAX_PROGRAMS]:
        try:
            key = host.registry_key(rf"{folder}\{entry}")
        except OSError as error:
            yield unread(rf"{folder}\{entry}", error)
            continue
        if _is_program(key):
            refused = [name for name in _TEXTS if len(key.text(name)) > MAX_TEXT]
            if refused:
                yield Incomplete(reason=f"{printable_line(entry)} has values of more than {MAX_TEXT} characters.")
            yield WindowsProgram(
                name=short_text(key, "DisplayName") or entry[:MAX_TEXT],
                version=short_text(key, "DisplayVersion"),
                publisher=short_text(key, "Publisher"),
                architecture=architecture,
                installed_on=_day(key.text("InstallDate")),
                user=user,
            )


def _is_program(key: RegistryKey) -> bool:
    return bool(key.text("DisplayName")) and key.number("SystemComponent") != 1 and not key.text("ParentKeyName")


def _day(text: str) -> str:
    found = _DAY.fullmatch(text)
    return "-".join(found.groups()) if found else ""


SENSOR: Final = Sensor(
    name="windows_software",
    title="Programs installed on Windows",
    records=(WindowsProgram,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=WINDOWS,
)
