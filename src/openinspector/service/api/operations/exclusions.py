"""Exclusions of a run."""

from datetime import UTC, datetime
from typing import Final

from openinspector.model.arn import ExclusionArn, parse_exclusion_arn
from openinspector.service.api.listing import Listing, failed_items
from openinspector.service.api.operations.exclusions_previews import render_preview
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app import arguments as named
from openinspector.service.app.batch import look_up
from openinspector.service.ports.page import Cursor, Page, PageRequest

_EXCLUSIONS: Final = Listing(operation="ListExclusions", default=100)
_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Exclusions are listed by ARN alone."""


def list_exclusions(services: ApiServices, arguments: Json) -> Json:
    """List exclusion ARNs of a run."""
    run = named.existing_run(services.installation, arguments["assessmentRunArn"])

    def list_page(page: PageRequest) -> Page[ExclusionArn]:
        after = ExclusionArn(page.after.arn) if page.after is not None else None
        found = services.installation.findings.list_exclusions(run.arn, after, page.limit + 1)
        rows = found[: page.limit]
        return Page(rows=rows, next=Cursor(created_at=_ALWAYS, arn=rows[-1]) if len(found) > page.limit else None)

    rows, more = _EXCLUSIONS.page(services, arguments, list_page)
    return {"exclusionArns": rows, **more}


def describe_exclusions(services: ApiServices, arguments: Json) -> Json:
    """Return exclusions by ARN; a map, unlike every other describe operation (F8.10)."""
    batch = look_up(arguments["exclusionArns"], parse_exclusion_arn, services.installation.findings.exclusions_by_arn)
    return {
        "exclusions": {
            arn: {"arn": arn, **render_preview(exclusion.preview)} for arn, exclusion in batch.found.items()
        },
        "failedItems": failed_items(batch.failed),
    }
