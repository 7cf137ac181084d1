"""Units of systemd and whether they start on boot (InspectorConfigurationInfo, F3.12, F3.21): systemd.unit(5).

The states are computed from folders, links and ``[Install]`` sections, as ``systemctl --root=/ list-unit-files``
does; systemd is not asked. Only name and state are sent: ``Environment=`` and ``ExecStart=`` hold secrets.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, encodable, logical_lines, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.configuration import SystemdUnit, UnitState

ADMINISTRATOR: Final = "/etc/systemd/system"
RUNTIME: Final = "/run/systemd/system"
FOLDERS: Final = (
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    ADMINISTRATOR,
    "/etc/systemd/system.attached",
    RUNTIME,
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
)
"""The search path of systemd."""
_UNIT: Final = re.compile(
    r"[\w:.\\@-]+\.(?:service|socket|device|mount|automount|swap|target|path|timer|slice|scope)", re.ASCII
)
_DEPENDENCIES: Final = (".wants", ".requires", ".upholds")
_DROP_INS: Final = ".d"
_MASK: Final = "/dev/null"
_INSTALLS: Final = frozenset({"WantedBy", "RequiredBy", "UpheldBy", "Alias"})
_MAX_UNITS: Final = 10_000
_MAX_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class _Install:
    """The ``[Install]`` section of a unit; an empty file masks the unit."""

    keys: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()
    instance: str = ""
    is_empty: bool = False


@dataclass(slots=True)
class _Units:
    """Content of the folders: the first folder of each unit, and links by the name of the unit they lead to."""

    host: Host
    folders: dict[str, str] = field(default_factory=dict)
    links: dict[str, dict[str, set[str]]] = field(default_factory=lambda: {ADMINISTRATOR: {}, RUNTIME: {}})
    """Names of the links that enable a unit, by folder and unit."""
    drop_ins: dict[str, list[str]] = field(default_factory=dict)
    """Folders of drop-ins (``NAME.d``) by unit, in systemd's order."""
    problems: list[Incomplete] = field(default_factory=list)


def collect(host: Host) -> Iterator[SystemdUnit | Incomplete | Absent]:
    """Yield every unit file that systemd finds, by name."""
    units = _Units(host)
    for folder in FOLDERS:
        _look(units, folder)
    for name in sorted(units.folders):
        yield SystemdUnit(name=name, state=_state(units, name), folder=units.folders[name])
    yield from units.problems
    if not units.folders and not units.problems:
        yield Absent(reason="No units of systemd on this host.")


def _look(units: _Units, folder: str) -> None:
    for name in _names(units, folder):
        if len(units.folders) >= _MAX_UNITS:
            units.problems.append(Incomplete(reason=f"Stopped at {folder} after {_MAX_UNITS} units."))
            return
        if folder in units.links and name.endswith(_DEPENDENCIES):
            for dependency in _names(units, f"{folder}/{name}"):
                _link(units, folder, f"{folder}/{name}/{dependency}", dependency)
        elif name.endswith(_DROP_INS):
            units.drop_ins.setdefault(name.removesuffix(_DROP_INS), []).append(f"{folder}/{name}")
        elif _UNIT.fullmatch(name):
            is_first = units.folders.setdefault(name, folder) == folder
            target = _target(units.host, f"{folder}/{name}")
            if is_first and folder in units.links and posixpath.basename(target) not in (name, ""):
                _link(units, folder, f"{folder}/{name}", name)


def _names(units: _Units, folder: str) -> tuple[str, ...]:
    try:
        return units.host.names(folder)
    except MISSING:
        return ()
    except OSError as error:
        units.problems.append(unread(folder, error))
        return ()


def _link(units: _Units, folder: str, path: str, name: str) -> None:
    """Record that a link enables the unit of its own name and the unit it leads to."""
    target = posixpath.basename(_target(units.host, path))
    for unit in {target, name, _template(name)} if target else {name}:
        units.links[folder].setdefault(unit, set()).add(name)


def _template(name: str) -> str:
    """Return ``getty@.service`` for ``getty@tty1.service``."""
    head, at, tail = name.partition("@")
    return f"{head}@.{tail.rpartition('.')[2]}" if at else name


def _state(units: _Units, name: str) -> UnitState:
    folder = units.folders[name]
    is_runtime = folder.startswith("/run/")
    target = _target(units.host, f"{folder}/{name}")
    if target == _MASK:
        return UnitState.MASKED_RUNTIME if is_runtime else UnitState.MASKED
    if target and posixpath.basename(target) != name:
        return UnitState.ALIAS
    if target and posixpath.dirname(target) not in FOLDERS:
        return UnitState.LINKED_RUNTIME if is_runtime else UnitState.LINKED
    if folder.startswith("/run/systemd/generator"):
        return UnitState.GENERATED
    if folder == "/run/systemd/transient":
        return UnitState.TRANSIENT
    install = _install(units, f"{folder}/{name}", name)
    if install is None:
        return UnitState.UNKNOWN
    if install.is_empty:
        return UnitState.MASKED_RUNTIME if is_runtime else UnitState.MASKED
    return _installed(units, name, install)


def _installed(units: _Units, name: str, install: _Install) -> UnitState:
    known = {name, *install.aliases}
    if install.instance:
        known.add(name.replace("@.", f"@{install.instance}.", 1))
    is_linked = False
    for folder, state in ((ADMINISTRATOR, UnitState.ENABLED), (RUNTIME, UnitState.ENABLED_RUNTIME)):
        links = units.links[folder].get(name, set())
        if links & known:
            return state
        is_linked = is_linked or bool(links)
    if is_linked:
        return UnitState.INDIRECT
    if install.keys & _INSTALLS:
        return UnitState.DISABLED
    return UnitState.INDIRECT if "Also" in install.keys else UnitState.STATIC


def _install(units: _Units, path: str, name: str) -> _Install | None:
    text = _text(units, path)
    if text is None:
        return None
    keys: dict[str, str] = {}
    _add_install(keys, text)
    for drop_in in _drop_ins(units, name):
        _add_install(keys, _text(units, drop_in) or "")
    return _Install(
        keys=frozenset(keys),
        aliases=frozenset(keys.get("Alias", "").split()),
        instance=keys.get("DefaultInstance", "").strip(),
        is_empty=not text,
    )


def _drop_ins(units: _Units, name: str) -> list[str]:
    """Return a unit's drop-ins by name; the first folder with a name counts, and may mask it."""
    found: dict[str, str] = {}
    for unit in dict.fromkeys((name, _template(name))):
        for folder in units.drop_ins.get(unit, ()):
            for file in _names(units, folder):
                if file.endswith(".conf"):
                    found.setdefault(file, f"{folder}/{file}")
    return [path for _, path in sorted(found.items()) if _target(units.host, path) != _MASK]


def _text(units: _Units, path: str) -> str | None:
    try:
        return decode(units.host.read(path, _MAX_BYTES))
    except OSError as error:
        units.problems.append(unread(path, error))
        return None


def _add_install(keys: dict[str, str], text: str) -> None:
    """Add a file's ``[Install]`` section to ``keys``; an empty value resets a key, except ``Also``."""
    section = ""
    for _, line in logical_lines(text.split("\n")):
        words = line.strip()
        if words.startswith("["):
            section = words
        elif section == "[Install]" and not words.startswith(("#", ";")):
            key, equals, value = words.partition("=")
            if equals and value.strip():
                keys[key.strip()] = f"{keys.get(key.strip(), '')} {value}"
            elif equals and key.strip() != "Also":
                keys.pop(key.strip(), None)


def _target(host: Host, path: str) -> str:
    """Return the direct target of a link; empty if ``path`` is not a link."""
    try:
        return posixpath.normpath(posixpath.join(posixpath.dirname(path), encodable(host.readlink(path))))
    except OSError:
        return ""


SENSOR: Final = Sensor(
    name="systemd_units",
    title="Units of systemd and whether they start on boot",
    records=(SystemdUnit,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
    max_bytes=4 * 1024 * 1024,
)
