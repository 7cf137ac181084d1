"""Every rule of every package passes the suite."""

import pytest

from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.rule import RuleContext
from openinspector.model.advisory import Advisory, Fix, PackageKind, Target
from openinspector.model.rules_package import RulesPackageName
from openinspector.plugins import discover
from openinspector.service.app.rule_catalogue import discover_rules
from openinspector.testing.conformance.rule import RuleConformance
from openinspector.version import VersionScheme

RULES = [(package, rule) for package, rules in discover_rules().items() for rule in rules.values()]

FIX = Fix(target=Target(stream="debian:12", kind=PackageKind.SOURCE, name="bash"), version="2.0-1")
ADVISORY = Advisory(id="DSA-1-1", feed="debian", vulnerabilities=("CVE-2026-1",), fixes=(FIX,))
SCHEMES = discover("openinspector.versions", "SCHEME", VersionScheme)
CONTEXT = RuleContext(advisories=AdvisoryIndex([ADVISORY], schemes=SCHEMES, fingerprints={"debian": "0"}))


@pytest.mark.parametrize("rule", [pytest.param(rule, id=f"{package}/{rule.name}") for package, rule in RULES])
class TestEveryRule(RuleConformance):
    @pytest.fixture
    def context(self) -> RuleContext:
        return CONTEXT


def test_all_nine_best_practices_exist() -> None:
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


def test_best_practices_are_for_linux_only() -> None:
    """F5.62: Windows instances produce no findings of theirs."""
    practices = [rule for package, rule in RULES if package is RulesPackageName.SECURITY_BEST_PRACTICES]
    assert all(rule.linux_only for rule in practices)
