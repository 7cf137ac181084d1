from pathlib import Path

from openinspector import rules
from openinspector.model.rules_package import RulesPackageName
from openinspector.service.app.rule_catalogue import discover_rules, packages_with_rules
from openinspector.testing.installation import PACKAGES


def test_packages_are_in_the_vendors_order_and_rules_in_name_order() -> None:
    found = discover_rules()
    assert list(found) == [name for name in RulesPackageName if name in found]
    assert RulesPackageName.SECURITY_BEST_PRACTICES in found
    for named in found.values():
        assert list(named) == sorted(named)


def test_a_package_without_a_folder_is_left_out() -> None:
    folders = {path.name for path in Path(rules.__file__).parent.iterdir() if (path / "__init__.py").is_file()}
    assert folders <= set(RulesPackageName)
    assert set(discover_rules()) == folders


def test_an_installation_offers_the_packages_that_have_rules() -> None:
    assert [package.folder for package in packages_with_rules(PACKAGES)] == list(discover_rules())
