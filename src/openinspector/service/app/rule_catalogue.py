"""The built-in rules by rules package: the folder is the registry (ADR 0004)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from openinspector.engine.rule import Rule
from openinspector.model.rules_package import RulesPackage, RulesPackageName
from openinspector.plugins import discover


def discover_rules(
    names: Iterable[RulesPackageName] = RulesPackageName,
) -> Mapping[RulesPackageName, Mapping[str, Rule]]:
    """Return the rules of every named package that has a folder below ``rules/``; raise PluginError if one is invalid.

    A module defines one ``RULE`` or a table ``RULES``. Packages are in the order of `RulesPackageName`, rules in name
    order.
    """
    found = {name: discover(f"openinspector.rules.{name}", "RULE", Rule, table="RULES") for name in names}
    return MappingProxyType({name: rules for name, rules in found.items() if rules})


def packages_with_rules(packages: Iterable[RulesPackage]) -> tuple[RulesPackage, ...]:
    """Return the packages that this version has rules for: an installation offers no others (ADR 54)."""
    found = discover_rules()
    return tuple(package for package in packages if package.folder in found)
