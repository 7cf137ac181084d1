"""Telemetry metadata of a run."""

from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app import arguments as named
from openinspector.service.app.telemetry_metadata import metadata_of


def get_telemetry_metadata(services: ApiServices, arguments: Json) -> Json:
    """Return message counts and sizes of a run."""
    run = named.existing_run(services.installation, arguments["assessmentRunArn"])
    return {"telemetryMetadata": metadata_of(services.installation.telemetry.volumes(run.arn).values())}
