"""discover(): the folder is the registry; the only user of importlib.

A module of the folder exports one constant of an agreed name and type. No decorators, no side effects, no list to
edit. Third parties add modules through entry points of the group named like the folder, under the same checks.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType
from typing import Protocol, TypeVar

from openinspector.model.errors import OpenInspectorError


class Named(Protocol):
    """What every plugin has: a name equal to its file's."""

    @property
    def name(self) -> str:
        """The plugin's name."""
        ...


P = TypeVar("P", bound=Named)
T = TypeVar("T")


class PluginError(OpenInspectorError):
    """A file in a plugin folder that is not the plugin it should be."""


def discover(package: str, constant: str, kind: type[P]) -> Mapping[str, P]:
    """Return the plugins of ``package`` by name, in name order.

    Every module of the folder must define ``constant`` as a ``kind`` whose ``name`` equals the file's name;
    otherwise PluginError says which file must define what.
    """
    plugins = {name: _plugin(module, name, constant, kind) for name, module in modules(package).items()}
    for entry in sorted(entry_points(group=package), key=lambda e: e.name):
        if entry.name in plugins:
            raise PluginError(f"{entry.value} cannot replace the built-in {package}.{entry.name}")
        plugins[entry.name] = _plugin(importlib.import_module(entry.module), entry.name, constant, kind)
    return MappingProxyType(plugins)


def modules(package: str) -> Mapping[str, ModuleType]:
    """Return the modules of ``package`` by name, in name order; none where there is no such folder."""
    if importlib.util.find_spec(package) is None:
        return MappingProxyType({})
    folder = importlib.import_module(package)
    names = sorted(found.name for found in pkgutil.iter_modules(folder.__path__))
    return MappingProxyType({name: importlib.import_module(f"{package}.{name}") for name in names})


def subclasses(package: str, base: type[T]) -> Mapping[str, type[T]]:
    """Return the classes below ``base`` that the modules of ``package`` define, by class name, in name order.

    Entry points of the group ``package`` name modules that add more. Raises PluginError if two classes share a name.
    """
    added = [importlib.import_module(entry.module) for entry in entry_points(group=package)]
    found: dict[str, type[T]] = {}
    for module in (*modules(package).values(), *added):
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__ and issubclass(value, base):
                other = found.setdefault(value.__name__, value)
                if other is not value:
                    raise PluginError(f"{module.__name__} and {other.__module__} both define {value.__name__}")
    found.pop(base.__name__, None)
    return MappingProxyType(dict(sorted(found.items())))


def _plugin(module: ModuleType, name: str, constant: str, kind: type[P]) -> P:
    plugin = getattr(module, constant, None)
    if not isinstance(plugin, kind):
        raise PluginError(f"{module.__name__} must define {constant}: {kind.__name__}")
    if plugin.name != name:
        raise PluginError(f"{module.__name__}.{constant}.name is {plugin.name!r}; it must be {name!r}")
    return plugin
