"""Telemetry metadata of a run."""

from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json


def get_telemetry_metadata(services: ApiServices, arguments: Json) -> Json:
    """Return message counts and sizes of a run."""
    return {"telemetryMetadata": services.app.runs.telemetry_metadata(arguments["assessmentRunArn"])}
