"""Exclusions previews: created, then polled with a token (F8.7, F8.8)."""

import uuid
from functools import partial
from typing import Final

from openinspector.model.exclusion import ExclusionPreview
from openinspector.service.api.listing import Listing
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app.exclusions_previews import list_page

_PREVIEWS: Final = Listing(operation="GetExclusionsPreview", default=100)


def create_exclusions_preview(services: ApiServices, arguments: Json) -> Json:
    """Start a preview of a template's exclusions."""
    token = services.app.exclusions_previews.create(arguments["assessmentTemplateArn"], str(uuid.uuid4()))
    return {"previewToken": token}


def get_exclusions_preview(services: ApiServices, arguments: Json) -> Json:
    """Return a page of a preview's exclusions once it is complete."""
    previews = services.app.exclusions_previews
    found = previews.existing(arguments["assessmentTemplateArn"], arguments["previewToken"]).exclusions
    _PREVIEWS.request(services, arguments)  # an invalid page request fails from the first poll on
    if found is None:
        return {"previewStatus": "WORK_IN_PROGRESS"}
    rows, more = _PREVIEWS.page(services, arguments, partial(list_page, found))
    return {"previewStatus": "COMPLETED", "exclusionPreviews": [render_preview(row) for row in rows], **more}


def render_preview(preview: ExclusionPreview) -> Json:
    """Return the common members of previews and exclusions (F8.3, F8.4)."""
    return {
        "title": preview.title,
        "description": preview.description,
        "recommendation": preview.recommendation,
        "scopes": preview.scopes,
        "attributes": preview.attributes,
    }
