"""Rules packages."""

from typing import Final

from openinspector.model.rules_package import RulesPackage
from openinspector.service.api.listing import Listing, failed_items
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json

_PACKAGES: Final = Listing(operation="ListRulesPackages")


def list_rules_packages(services: ApiServices, arguments: Json) -> Json:
    """List rules package ARNs."""
    rows, more = _PACKAGES.page(services, arguments, services.app.rules_packages.list_page)
    return {"rulesPackageArns": [package.arn for package in rows], **more}


def describe_rules_packages(services: ApiServices, arguments: Json) -> Json:
    """Return rules packages by ARN."""
    described = services.app.rules_packages.describe(arguments["rulesPackageArns"])
    return {
        "rulesPackages": [_package(package) for package in described.found.values()],
        "failedItems": failed_items(described.failed),
    }


def _package(package: RulesPackage) -> Json:
    return {
        "arn": package.arn,
        "name": package.name,
        "version": package.version,
        "provider": package.provider,
        "description": package.description,
    }
