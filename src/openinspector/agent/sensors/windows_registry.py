"""Security settings in the registry of a Windows host (F3.21): a fixed list of values, never whole keys.

An absent value is not sent. If the status is OK, its absence means that the default of Windows applies.
"""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host, RegistryValue
from openinspector.agent.linux.config_file import unread
from openinspector.agent.sensor import WINDOWS, Absent, Incomplete, Sensor, Trigger
from openinspector.agent.windows.bounds import MAX_TEXT, is_too_large
from openinspector.agent.windows.registry_tree import (
    REG_BINARY,
    REG_DWORD,
    REG_DWORD_BIG_ENDIAN,
    REG_EXPAND_SZ,
    REG_LINK,
    REG_MULTI_SZ,
    REG_QWORD,
    REG_SZ,
)
from openinspector.agent.windows.settings_list import SETTINGS
from openinspector.agent.windows.version import unseen_windows
from openinspector.model.windows import RegistryType, WindowsRegistryValue

_TYPES: Final = {
    0: RegistryType.NONE,
    REG_SZ: RegistryType.SZ,
    REG_EXPAND_SZ: RegistryType.EXPAND_SZ,
    REG_BINARY: RegistryType.BINARY,
    REG_DWORD: RegistryType.DWORD,
    REG_DWORD_BIG_ENDIAN: RegistryType.DWORD_BIG_ENDIAN,
    REG_LINK: RegistryType.LINK,
    REG_MULTI_SZ: RegistryType.MULTI_SZ,
    REG_QWORD: RegistryType.QWORD,
}


def collect(host: Host) -> Iterator[WindowsRegistryValue | Incomplete | Absent]:
    """Yield the listed values that exist."""
    unseen = unseen_windows(host)
    if unseen is not None:
        yield unseen
        return
    for below, names in SETTINGS.items():
        path = rf"HKEY_LOCAL_MACHINE\{below}"
        try:
            key = host.registry_key(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            yield unread(path, error)
            continue
        for name in names:
            value = key.value(name)
            if value is not None and is_too_large(value):
                yield Incomplete(reason=rf"{path}\{name} holds more than {MAX_TEXT} characters and was not read.")
            elif value is not None:
                yield _record(path, name, value)


def _record(path: str, name: str, value: RegistryValue) -> WindowsRegistryValue:
    return WindowsRegistryValue(
        key=path,
        name=name,
        type=_TYPES.get(value.type, RegistryType.OTHER),
        data=value.data.hex() if isinstance(value.data, bytes) else value.data,
    )


SENSOR: Final = Sensor(
    name="windows_registry",
    title="Security settings in the Windows registry",
    records=(WindowsRegistryValue,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=WINDOWS,
)
