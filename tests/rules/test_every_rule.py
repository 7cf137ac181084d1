"""Every rule of every package passes the suite."""

import pytest

from openinspector.model.rules_package import RulesPackageName
from openinspector.service.app.rule_catalogue import discover_rules
from openinspector.testing.conformance.rule import RuleConformance

RULES = [(package, rule) for package, rules in discover_rules().items() for rule in rules.values()]


@pytest.mark.parametrize("rule", [pytest.param(rule, id=f"{package}/{rule.name}") for package, rule in RULES])
class TestEveryRule(RuleConformance):
    pass


def test_the_nine_are_there() -> None:
    titles = {rule.title for package, rule in RULES if package is RulesPackageName.SECURITY_BEST_PRACTICES}
    assert titles == {
        "Disable root login over SSH",
        "Support SSH version 2 only",
        "Disable password authentication over SSH",
        "Configure password maximum age",
        "Configure password minimum length",
        "Configure password complexity",
        "Enable ASLR",
        "Enable DEP",
        "Configure permissions for system directories",
    }


def test_names_are_unique_over_all_packages() -> None:
    names = [rule.name for _, rule in RULES]
    assert len(set(names)) == len(names)
