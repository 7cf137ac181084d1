"""Plugins: the folder is the registry. The only module that uses importlib.

A module in the folder exports one constant of an agreed name and type. There are no decorators, no side effects and no
list to edit. Third parties add modules through entry points of the group named after the folder; the same checks apply.
"""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Protocol, TypeVar

from openinspector.model.errors import OpenInspectorError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class Named(Protocol):
    """A plugin: anything with a name."""

    @property
    def name(self) -> str:
        """The plugin's name."""
        ...


P = TypeVar("P", bound=Named)
T = TypeVar("T")


class PluginError(OpenInspectorError):
    """A module in a plugin folder does not define the plugin that it should."""


def discover(
    package: str, constant: str, kind: type[P], table: str | None = None, only: Collection[str] | None = None
) -> Mapping[str, P]:
    """Return the plugins of ``package`` by name, in name order; of modules named in ``only``, if given.

    Each module of the folder defines ``constant`` as a ``kind`` whose ``name`` equals the file's name. If ``table``
    is given, a module may instead define that constant as a tuple of any number of ``kind``, with names of their own.

    Raise PluginError if a module defines neither or both, or if a name is taken; the message names the module.
    """
    plugins: dict[str, P] = {}
    for name, module in modules(package, only).items():
        for plugin in _plugins(module, name, (constant, kind, table)):
            if plugin.name in plugins:
                raise PluginError(f"{module.__name__}: {package} already has a {kind.__name__} named {plugin.name!r}")
            plugins[plugin.name] = plugin
    for entry in (entry for entry in _entries(package) if only is None or entry.name in only):
        for plugin in _plugins(importlib.import_module(entry.module), entry.name, (constant, kind, table)):
            if plugin.name in plugins:
                raise PluginError(f"{entry.value} cannot replace {package}.{plugin.name}")
            plugins[plugin.name] = plugin
    return MappingProxyType(dict(sorted(plugins.items())))


def modules(package: str, only: Collection[str] | None = None) -> Mapping[str, ModuleType]:
    """Return the modules of ``package`` by name, in name order, of ``only`` if given; none without such a folder."""
    if importlib.util.find_spec(package) is None:
        return MappingProxyType({})
    folder = importlib.import_module(package)
    names = sorted(found.name for found in pkgutil.iter_modules(folder.__path__) if only is None or found.name in only)
    return MappingProxyType({name: importlib.import_module(f"{package}.{name}") for name in names})


def subclasses(package: str, base: type[T], only: Collection[str] | None = None) -> Mapping[str, type[T]]:
    """Return the classes below ``base`` that the modules of ``package`` define, by class name, in name order.

    Only modules named in ``only`` are imported, if given.

    Entry points of the group ``package`` name modules that add more. Raises PluginError if two classes share a name.
    """
    added = [importlib.import_module(entry.module) for entry in _entries(package)]
    found: dict[str, type[T]] = {}
    for module in (*modules(package, only).values(), *added):
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__ and issubclass(value, base):
                other = found.setdefault(value.__name__, value)
                if other is not value:
                    raise PluginError(f"{module.__name__} and {other.__module__} both define {value.__name__}")
    found.pop(base.__name__, None)
    return MappingProxyType(dict(sorted(found.items())))


def _entries(group: str) -> "Sequence[EntryPoint]":
    """Return the entry points of a group in name order."""
    declared = _declarations(tuple(sys.path))
    if declared is not None and f"[{group}]" not in declared:
        return ()
    from importlib.metadata import entry_points  # noqa: PLC0415 - it costs as much as all of a command's own modules

    return sorted(entry_points(group=group), key=lambda entry: entry.name)


@lru_cache(maxsize=1)
def _declarations(search_path: Iterable[str]) -> str | None:
    """Return the headings of every ``entry_points.txt`` on the search path; None if distributions are elsewhere too."""
    if any(hasattr(finder, "find_distributions") for finder in sys.meta_path if finder is not PathFinder):
        return None
    headings: set[str] = set()
    for place in map(Path, search_path):
        if place.is_file():
            return None
        for file in place.glob("*.*-info/entry_points.txt"):
            headings.update(
                line.strip() for line in file.read_text("utf-8", "replace").splitlines() if line.startswith("[")
            )
    return "\n".join(headings)


def _plugins(module: ModuleType, name: str, wanted: tuple[str, type[P], str | None]) -> Sequence[P]:
    constant, kind, table = wanted
    if table is not None and hasattr(module, table):
        return _table(module, constant, kind, table)
    plugin = getattr(module, constant, None)
    if not isinstance(plugin, kind):
        choice = f" or {table}: tuple[{kind.__name__}, ...]" if table else ""
        raise PluginError(f"{module.__name__} must define {constant}: {kind.__name__}{choice}")
    if plugin.name != name:
        raise PluginError(f"{module.__name__}.{constant}.name is {plugin.name!r}; it must be {name!r}")
    return (plugin,)


def _table(module: ModuleType, constant: str, kind: type[P], table: str) -> Sequence[P]:
    rows = getattr(module, table)
    if hasattr(module, constant):
        raise PluginError(f"{module.__name__} defines both {constant} and {table}; it must define one of them")
    if not isinstance(rows, tuple) or not rows or not all(isinstance(row, kind) for row in rows):
        raise PluginError(f"{module.__name__}.{table} must be a tuple[{kind.__name__}, ...] and not empty")
    return rows
