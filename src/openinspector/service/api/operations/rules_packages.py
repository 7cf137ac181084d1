"""Rules packages."""

from datetime import UTC, datetime
from typing import Final

from openinspector.model.arn import parse_rules_package_arn
from openinspector.model.rules_package import RulesPackage
from openinspector.service.api.listing import Listing, failed_items
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app.batch import look_up
from openinspector.service.ports.page import Cursor, Page, PageRequest

_PACKAGES: Final = Listing(operation="ListRulesPackages")
_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Packages are built in: they have no time of creation to order by."""


def list_rules_packages(services: ApiServices, arguments: Json) -> Json:
    """List rules package ARNs."""
    rows, more = _PACKAGES.page(services, arguments, lambda page: _page(services.installation.rules_packages, page))
    return {"rulesPackageArns": [package.arn for package in rows], **more}


def describe_rules_packages(services: ApiServices, arguments: Json) -> Json:
    """Return rules packages by ARN."""
    known = {package.arn: package for package in services.installation.rules_packages}
    batch = look_up(
        arguments["rulesPackageArns"],
        parse_rules_package_arn,
        lambda wanted: {arn: known[arn] for arn in wanted if arn in known},
    )
    return {
        "rulesPackages": [_package(package) for package in batch.found.values()],
        "failedItems": failed_items(batch.failed),
    }


def _page(packages: tuple[RulesPackage, ...], page: PageRequest) -> Page[RulesPackage]:
    after = page.after.arn if page.after is not None else ""
    later = [package for package in sorted(packages, key=lambda p: p.arn) if package.arn > after]
    rows = later[: page.limit]
    following = Cursor(created_at=_ALWAYS, arn=rows[-1].arn) if len(later) > page.limit else None
    return Page(rows=rows, next=following)


def _package(package: RulesPackage) -> Json:
    return {
        "arn": package.arn,
        "name": package.name,
        "version": package.version,
        "provider": package.provider,
        "description": package.description,
    }
