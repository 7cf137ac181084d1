"""The built-in rules by rules package: the folder is the registry (ADR 0004)."""

from collections.abc import Mapping
from types import MappingProxyType

from openinspector.engine.rule import Rule
from openinspector.model.rules_package import RulesPackageName
from openinspector.plugins import discover


def discover_rules() -> Mapping[RulesPackageName, Mapping[str, Rule]]:
    """Return the rules of every package that has a folder below ``rules/``; raise PluginError if one is invalid.

    A module defines one ``RULE`` or a table ``RULES``. Packages are in the order of `RulesPackageName`, rules in name
    order.
    """
    found = {name: discover(f"openinspector.rules.{name}", "RULE", Rule, table="RULES") for name in RulesPackageName}
    return MappingProxyType({name: rules for name, rules in found.items() if rules})
