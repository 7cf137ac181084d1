"""Exclusions previews: begun, then polled with a token (F8.7, F8.8)."""

import uuid
from datetime import UTC, datetime
from typing import Final

from openinspector.model.exclusion import ExclusionPreview
from openinspector.service.api.listing import Listing
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app.exclusions_previews import create_preview, existing_preview
from openinspector.service.ports.page import Cursor, Page, PageRequest

_PREVIEWS: Final = Listing(operation="GetExclusionsPreview", default=100)
_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The exclusions of a preview are listed by their place alone."""


def create_exclusions_preview(services: ApiServices, arguments: Json) -> Json:
    """Begin a preview of a template's exclusions."""
    token = str(uuid.uuid4())
    return {"previewToken": create_preview(services.installation, arguments["assessmentTemplateArn"], token)}


def get_exclusions_preview(services: ApiServices, arguments: Json) -> Json:
    """Return a page of a preview's exclusions once it is complete."""
    preview = existing_preview(services.installation, arguments["assessmentTemplateArn"], arguments["previewToken"])
    _PREVIEWS.request(services, arguments)  # what is wrong with it is wrong from the first poll on
    found = preview.exclusions
    if found is None:
        return {"previewStatus": "WORK_IN_PROGRESS"}

    def list_page(page: PageRequest) -> Page[ExclusionPreview]:
        first = int(page.after.arn) if page.after is not None else 0
        last = first + page.limit
        more = Cursor(created_at=_ALWAYS, arn=str(last)) if last < len(found) else None
        return Page(rows=found[first:last], next=more)

    rows, more = _PREVIEWS.page(services, arguments, list_page)
    return {"previewStatus": "COMPLETED", "exclusionPreviews": [render_preview(row) for row in rows], **more}


def render_preview(preview: ExclusionPreview) -> Json:
    """Return what previews and exclusions have in common on the wire (F8.3, F8.4)."""
    return {
        "title": preview.title,
        "description": preview.description,
        "recommendation": preview.recommendation,
        "scopes": preview.scopes,
        "attributes": preview.attributes,
    }
