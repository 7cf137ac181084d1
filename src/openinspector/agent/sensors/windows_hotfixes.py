"""Updates known to a Windows host, from the registry keys of servicing and an administrator's lists.

Packages of Component Based Servicing are sent with their CurrentState: 112 (0x70) is installed, 64 (0x40) staged;
absent ones (0) are not sent. A package's name is ``name~public key token~architecture~language~version``.
``Package_for_KB…`` names the article; ``Package_for_RollupFix`` only the build and revision, and its InstallLocation
often the article. Lists are the files ``hotfixes.*`` in the folder of exports, in the formats of
`agent/windows/hotfix_list.py`.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from openinspector.agent.host import Host, RegistryKey
from openinspector.agent.linux.config_file import MISSING, encodable, unread
from openinspector.agent.sensor import WINDOWS, Absent, Incomplete, Sensor, Trigger
from openinspector.agent.windows.bounds import MAX_PACKAGES, short_text
from openinspector.agent.windows.hotfix_list import MAX_LIST_BYTES, HotfixListError, parse_hotfix_list
from openinspector.agent.windows.recorded_registry import EXPORTS
from openinspector.agent.windows.version import unseen_windows
from openinspector.model.foreign_text import printable_line
from openinspector.model.windows import WindowsHotfix

PACKAGES: Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages"

_NAME: Final = re.compile(r"Package_for_(?:KB\d+|RollupFix)(?:_\w+)?~[^~]*~[^~]*~[^~]*~([\d.]+)", re.IGNORECASE)
_KB: Final = re.compile(r"KB\d{4,10}", re.IGNORECASE)
_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
"""Start of FILETIME, which counts tenths of a microsecond."""


def collect(host: Host) -> Iterator[WindowsHotfix | Incomplete | Absent]:
    """Yield the updates that servicing knows, then installed ones that only lists name."""
    unseen = unseen_windows(host)
    if unseen is not None:
        yield unseen
    if isinstance(unseen, Absent):
        return
    known: set[str] = set()
    for found in _packages(host):
        if isinstance(found, WindowsHotfix):
            known.update((found.kb,) if found.is_installed else ())
        yield found
    for listed in _lists(host):
        if isinstance(listed, Incomplete) or listed.kb not in known:
            yield listed


def _packages(host: Host) -> Iterator[WindowsHotfix | Incomplete]:
    try:
        names = host.registry_key(PACKAGES).subkeys
    except OSError as error:
        yield unread(PACKAGES, error)
        return
    updates = sorted(name for name in names if _NAME.fullmatch(name))
    if len(updates) > MAX_PACKAGES:
        yield Incomplete(reason=f"{PACKAGES} has {len(updates)} updates; {MAX_PACKAGES} were read.")
    for name in updates[:MAX_PACKAGES]:
        path = rf"{PACKAGES}\{name}"
        try:
            key = host.registry_key(path)
        except OSError as error:
            yield unread(path, error)
            continue
        state = key.number("CurrentState")
        if key.value("CurrentState") is not None and state is None:
            yield Incomplete(reason=f"{printable_line(path)}: CurrentState is not a number.")
        if state:
            yield _hotfix(name, key, state)


def _hotfix(name: str, key: RegistryKey, state: int) -> WindowsHotfix:
    kb = _KB.search(name) or _KB.search(short_text(key, "InstallLocation"))
    return WindowsHotfix(
        kb=kb[0].upper() if kb else "",
        package=name,
        version=name.rpartition("~")[2],
        installed_on=_installed_on(key),
        source="registry",
        state=state,
    )


def _installed_on(key: RegistryKey) -> str:
    high, low = key.number("InstallTimeHigh"), key.number("InstallTimeLow")
    if not high or low is None:
        return ""
    try:
        return f"{_EPOCH + timedelta(microseconds=((high << 32) | low) // 10):%Y-%m-%d}"
    except OverflowError:
        return ""


def _lists(host: Host) -> Iterator[WindowsHotfix | Incomplete]:
    try:
        names = host.names(EXPORTS)
    except MISSING:
        return
    except OSError as error:
        yield unread(EXPORTS, error)
        return
    for name in names:
        if name.lower().startswith("hotfixes."):
            yield from _list(host, f"{EXPORTS}/{name}")


def _list(host: Host, path: str) -> Iterator[WindowsHotfix | Incomplete]:
    try:
        hotfixes, unnamed = parse_hotfix_list(host.read(path, MAX_LIST_BYTES))
    except OSError as error:
        yield unread(path, error)
        return
    except HotfixListError as error:
        yield Incomplete(reason=f"{encodable(path)} is invalid: {error}.")
        return
    if unnamed:
        yield Incomplete(reason=f"Entries in {encodable(path)} without a KB article: {unnamed}.")
    for hotfix in hotfixes:
        yield WindowsHotfix(kb=hotfix.kb, installed_on=hotfix.installed_on, source=encodable(path))


SENSOR: Final = Sensor(
    name="windows_hotfixes",
    title="Updates installed on Windows",
    records=(WindowsHotfix,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=WINDOWS,
)
