"""Exclusions of a run."""

from functools import partial
from typing import Final

from openinspector.service.api.listing import Listing, failed_items
from openinspector.service.api.operations.exclusions_previews import render_preview
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json

_EXCLUSIONS: Final = Listing(operation="ListExclusions", default=100)


def list_exclusions(services: ApiServices, arguments: Json) -> Json:
    """List exclusion ARNs of a run."""
    list_page = partial(services.app.exclusions.list_page, arguments["assessmentRunArn"])
    rows, more = _EXCLUSIONS.page(services, arguments, list_page)
    return {"exclusionArns": rows, **more}


def describe_exclusions(services: ApiServices, arguments: Json) -> Json:
    """Return exclusions by ARN; a map, unlike every other describe operation (F8.10)."""
    described = services.app.exclusions.describe(arguments["exclusionArns"])
    return {
        "exclusions": {
            arn: {"arn": arn, **render_preview(exclusion.preview)} for arn, exclusion in described.found.items()
        },
        "failedItems": failed_items(described.failed),
    }
