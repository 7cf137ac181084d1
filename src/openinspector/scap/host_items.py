"""The facts of a host as OVAL items.

An item is a mapping of field names to values; a field may have several. Whatever no agent sends raises NotKnownError:
it is not absent. Files are known by the patterns that the agent's sensors send with their records (`CollectedPaths`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from posixpath import basename, dirname
from typing import Final, TypeAlias

from openinspector.model.configuration import Mount, SystemdUnit, UnitState
from openinspector.model.facts import HostFacts
from openinspector.model.hardening import CollectedPaths, ConfigurationFile, FileAttributes, FileKind
from openinspector.model.inventory import (
    KernelParameters,
    ListeningPort,
    OperatingSystem,
    Package,
    PackageManager,
    User,
)
from openinspector.scap import pattern
from openinspector.scap.pattern import Patterns
from openinspector.scap.rebuilt_files import rebuilt_files, rebuilt_patterns
from openinspector.scap.truth import NotKnownError

Item: TypeAlias = Mapping[str, tuple[str, ...]]
_MAX_MATCHES: Final = 10_000
_FILE_TYPES: Final = {FileKind.FILE: "regular", FileKind.DIRECTORY: "directory", FileKind.LINK: "symbolic link"}
_BITS: Final = (
    ("suid", 0o4000),
    ("sgid", 0o2000),
    ("sticky", 0o1000),
    ("uread", 0o400),
    ("uwrite", 0o200),
    ("uexec", 0o100),
    ("gread", 0o40),
    ("gwrite", 0o20),
    ("gexec", 0o10),
    ("oread", 0o4),
    ("owrite", 0o2),
    ("oexec", 0o1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A field of an object with the values of its variable: which items are meant."""

    operation: str
    values: tuple[str, ...]
    accepts: Callable[[str], bool]

    @property
    def literals(self) -> tuple[str, ...] | None:
        """The values, if an item's field has to equal one of them."""
        return self.values if self.operation == "equals" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectQuery:
    """An object with its variables resolved."""

    kind: str
    wanted: Mapping[str, Wanted]
    behaviors: Mapping[str, str] = field(default_factory=dict)
    nil: frozenset[str] = frozenset()
    """Fields that are nil: a ``filename`` that is nil means the folder itself."""

    def accepts(self, item: Item) -> bool:
        """Return True if the item is meant."""
        return all(
            any(wanted.accepts(value) for value in item.get(name, ()))
            for name, wanted in self.wanted.items()
            if name in item
        )


class HostItems:
    """The items of one host."""

    def __init__(self, facts: HostFacts) -> None:
        self.patterns = Patterns()
        self._facts = facts
        self._sources: Mapping[str, Callable[[ObjectQuery], Iterator[Item]]] = {
            "dpkginfo": self._packages,
            "rpminfo": self._packages,
            "sysctl": self._parameters,
            "partition": self._mounts,
            "systemdunitproperty": self._units,
            "uname": self._system,
            "family": self._family,
            "password": self._accounts,
            "inetlisteningservers": self._listeners,
            "file": self._files,
            "textfilecontent54": self._lines,
        }

    def items(self, question: ObjectQuery) -> Sequence[Item]:
        """Return the items that a question means. Raises NotKnownError."""
        source = self._sources.get(question.kind)
        if source is None:
            raise NotKnownError(f"objects of the kind {question.kind} are not evaluated")
        return [item for item in source(question) if question.accepts(item)]

    def _packages(self, question: ObjectQuery) -> Iterator[Item]:
        manager = PackageManager.DPKG if question.kind == "dpkginfo" else PackageManager.RPM
        self._need(manager.value)
        for package in self._facts.all(Package):
            if package.manager is manager:
                epoch, _, rest = package.version.rpartition(":")
                version, _, release = rest.rpartition("-")
                yield {
                    "name": (package.name,),
                    "arch": (package.architecture,),
                    "epoch": (epoch or ("0" if manager is PackageManager.RPM else ""),),
                    "version": (version or rest,),
                    "release": (release if version else "",),
                    "evr": (f"{epoch or '0'}:{rest}",),
                }

    def _parameters(self, question: ObjectQuery) -> Iterator[Item]:
        self._need("kernel_parameters")
        known = self._facts.only(KernelParameters)
        values = known.values if known is not None else {}
        for name in question.wanted["name"].literals or ():
            if name not in values:
                raise NotKnownError(f"the agent does not send the kernel parameter {name}")
        for name, value in values.items():
            yield {"name": (name,), "value": (value,)}

    def _mounts(self, _question: ObjectQuery) -> Iterator[Item]:
        self._need("mounts")
        for mount in self._facts.all(Mount):
            yield {
                "mount_point": (mount.path,),
                "device": (mount.source,),
                "fs_type": (mount.type,),
                "mount_options": mount.options,
            }

    def _units(self, question: ObjectQuery) -> Iterator[Item]:
        self._need("systemd_units")
        (asked,) = question.wanted["property"].literals or ("",)
        if asked not in {"LoadState", "UnitFileState"}:
            raise NotKnownError(f"the agent does not send the property {asked or 'of a pattern'} of units")
        for unit in self._facts.all(SystemdUnit):
            masked = unit.state in {UnitState.MASKED, UnitState.MASKED_RUNTIME}
            value = ("masked" if masked else "loaded") if asked == "LoadState" else unit.state.value
            yield {"unit": (unit.name,), "property": (asked,), "value": (value,)}

    def _system(self, _question: ObjectQuery) -> Iterator[Item]:
        system = self._facts.only(OperatingSystem)
        if system is None:
            raise NotKnownError("the host sent no operating system")
        yield {
            "machine_class": (system.architecture,),
            "processor_type": (system.architecture,),
            "node_name": (system.hostname,),
            "os_name": ("Linux",),
            "os_release": (system.kernel_release,),
        }

    def _family(self, _question: ObjectQuery) -> Iterator[Item]:
        yield {"family": ("unix",)}

    def _accounts(self, _question: ObjectQuery) -> Iterator[Item]:
        self._need("accounts")
        for user in self._facts.all(User):
            yield {
                "username": (user.name,),
                "user_id": (str(user.uid),),
                "group_id": (str(user.gid),),
                "home_dir": (user.home,),
                "login_shell": (user.shell,),
            }

    def _listeners(self, _question: ObjectQuery) -> Iterator[Item]:
        self._need("listening_ports")
        for port in self._facts.all(ListeningPort):
            yield {
                "protocol": (port.transport.value.lower(),),
                "local_address": (port.address,),
                "local_port": (str(port.port),),
                "local_full_address": (f"{port.address}:{port.port}",),
                "program_name": (port.process_name,),
            }

    def _files(self, question: ObjectQuery) -> Iterator[Item]:
        if question.behaviors.get("recurse_direction", "none") != "none":
            raise NotKnownError("the agent walks no folder for the content")
        self._need_attributes(question)
        for found in self._facts.all(FileAttributes):
            is_folder = found.kind is FileKind.DIRECTORY
            if "filename" in question.nil and not is_folder:
                continue
            item: dict[str, tuple[str, ...]] = {
                "filepath": (found.path,),
                "path": (found.path if "filename" in question.nil else dirname(found.path),),
                "type": (_FILE_TYPES.get(found.kind, "special"),),
                "user_id": (str(found.uid),),
                "group_id": (str(found.gid),),
            }
            if "filename" not in question.nil:
                item["filename"] = (basename(found.path),)
            yield item | {name: (str(bool(found.mode & bit)).lower(),) for name, bit in _BITS}

    def _lines(self, question: ObjectQuery) -> Iterator[Item]:
        """Yield a match of the object's pattern in a file each."""
        text = question.wanted["pattern"].values
        self._need_texts(question)
        options = question.behaviors
        flags = 0 if options.get("multiline") == "false" else pattern.MULTILINE
        flags |= pattern.DOTALL if options.get("singleline") == "true" else 0
        flags |= pattern.IGNORECASE if options.get("ignore_case") == "true" else 0
        for path, content in self._texts.items():
            place = {"filepath": (path,), "path": (dirname(path),), "filename": (basename(path),)}
            if not question.accepts(place):
                continue
            self._need_whole(path)
            for number, match in enumerate(self.patterns.find_all(text[0] if text else "", content, flags), start=1):
                if number > _MAX_MATCHES:
                    raise NotKnownError(f"the content's pattern matches more than {_MAX_MATCHES} times in {path}")
                groups = tuple(group for group in match.groups() if group is not None)
                yield {**place, "instance": (str(number),), "text": (match[0],), "subexpression": groups}

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        collected = {found.path: _text(found) for found in self._facts.all(ConfigurationFile)}
        return {**collected, **rebuilt_files(self._facts)}

    @cached_property
    def _paths(self) -> Mapping[str, CollectedPaths]:
        return {found.sensor: found for found in self._facts.all(CollectedPaths)}

    @cached_property
    def _whole(self) -> tuple[str, ...]:
        collected = self._paths.get("configuration_files")
        return (*(collected.whole if collected is not None else ()), *self._rebuilt)

    @cached_property
    def _rebuilt(self) -> tuple[str, ...]:
        return rebuilt_patterns(self._facts)

    def _need(self, sensor: str) -> None:
        if not self._facts.complete(sensor):
            raise NotKnownError(f"the sensor {sensor} did not send everything")

    def _need_whole(self, path: str) -> None:
        if not _any(path, self._whole):
            raise NotKnownError(f"the agent sends some lines of {path} only")

    def _need_texts(self, question: ObjectQuery) -> None:
        """Raise NotKnownError unless the agent reads every file that the question may mean."""
        collected = self._paths.get("configuration_files")
        for path in _examples(question):
            if _any(path, self._rebuilt):
                continue
            self._need("configuration_files")
            if collected is None or not _any(path, (*collected.whole, *collected.partial)):
                raise NotKnownError(f"the agent does not read {path}")

    def _need_attributes(self, question: ObjectQuery) -> None:
        """Raise NotKnownError unless the agent sends the attributes of every path that the question may mean."""
        self._need("file_attributes")
        collected = self._paths.get("file_attributes")
        for path in _examples(question):
            if collected is None or not _any(path, collected.whole):
                raise NotKnownError(f"the agent does not look at {path}")


def _any(path: str, patterns: Iterable[str]) -> bool:
    """Return True if a path matches a pattern. ``/lib`` is ``/usr/lib`` on every system that is supported."""
    path = f"/usr{path}" if path.startswith(("/lib/", "/sbin/", "/bin/")) else path
    return any(fnmatchcase(path, each) for each in patterns)


def _text(file: ConfigurationFile) -> str:
    """Return the file's text; comments and empty lines are empty."""
    lines = [""] * max((line.number for line in file.lines), default=0)
    for line in file.lines:
        lines[line.number - 1] = line.text
    return "".join(f"{line}\n" for line in lines)


def _examples(question: ObjectQuery) -> Iterator[str]:
    """Yield paths that the question means: each literal, or an example for each alternative of a pattern."""
    whole = question.wanted.get("filepath")
    if whole is not None:
        yield from _examples_of(whole)
        return
    folders, names = question.wanted.get("path"), question.wanted.get("filename")
    if folders is None:
        raise NotKnownError("the content names no path")
    if names is None:
        yield from _examples_of(folders)
        return
    for folder in _examples_of(folders):
        for name in _examples_of(names, of_name=True) if names.operation != "not equal" else ("example",):
            yield f"{folder.rstrip('/')}/{name}"


def _examples_of(wanted: Wanted, *, of_name: bool = False) -> Iterable[str]:
    match wanted.operation:
        case "equals":
            return wanted.values
        case "pattern match":
            return [example for value in wanted.values for example in pattern.examples(value, of_name=of_name)]
        case _:
            raise NotKnownError(f"paths by the operation {wanted.operation!r} are not evaluated")
