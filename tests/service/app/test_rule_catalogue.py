from openinspector.model.rules_package import RulesPackageName
from openinspector.service.app.rule_catalogue import discover_rules, packages_with_rules
from openinspector.testing.installation import PACKAGES


def test_packages_are_in_the_vendors_order_and_rules_in_name_order() -> None:
    found = discover_rules()
    assert list(found) == [name for name in RulesPackageName if name in found]
    assert RulesPackageName.SECURITY_BEST_PRACTICES in found
    for rules in found.values():
        assert list(rules) == sorted(rules)


def test_a_package_without_a_folder_is_left_out() -> None:
    assert RulesPackageName.CIS_BENCHMARKS not in discover_rules()


def test_an_installation_offers_the_packages_that_have_rules() -> None:
    assert [package.folder for package in packages_with_rules(PACKAGES)] == list(discover_rules())
