"""The rules built in, by rules package: the folder is the registry (ADR 0004)."""

import importlib.util
from collections.abc import Mapping
from types import MappingProxyType

from openinspector.engine.rule import Rule
from openinspector.model.rules_package import RulesPackageName
from openinspector.plugins import discover


def discover_rules() -> Mapping[RulesPackageName, Mapping[str, Rule]]:
    """Return the rules of every package that has a folder below ``rules/``, by name; raises PluginError for a bad one.

    Packages are in the order of `RulesPackageName`, rules in name order.
    """
    folders = {name: f"openinspector.rules.{name}" for name in RulesPackageName}
    return MappingProxyType(
        {
            name: discover(folder, "RULE", Rule)
            for name, folder in folders.items()
            if importlib.util.find_spec(folder) is not None
        }
    )
