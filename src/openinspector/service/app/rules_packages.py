"""The rules packages that templates may name."""

from collections.abc import Sequence
from dataclasses import dataclass

from openinspector.model.arn import RulesPackageArn, parse_rules_package_arn
from openinspector.model.rules_package import RulesPackage
from openinspector.service.app.batch import LookUpResult, look_up
from openinspector.service.ports.page import Page, PageRequest, page_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPackages:
    """Finds rules packages."""

    rules_packages: tuple[RulesPackage, ...]

    def list_page(self, page: PageRequest) -> Page[RulesPackage]:
        """Return one page of the packages, by ARN."""
        return page_of(sorted(self.rules_packages, key=_arn), _arn, page)

    def describe(self, arns: Sequence[str]) -> LookUpResult[RulesPackageArn, RulesPackage]:
        """Return packages by ARN."""
        known = {package.arn: package for package in self.rules_packages}
        return look_up(
            arns, parse_rules_package_arn, lambda wanted: {arn: known[arn] for arn in wanted if arn in known}
        )


def _arn(package: RulesPackage) -> str:
    return package.arn
