"""The cross-account access role (F2.21)."""

from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app.access_role import register_role, registered_role


def register_cross_account_access_role(services: ApiServices, arguments: Json) -> None:
    """Register a role by its ARN."""
    register_role(services.installation, arguments["roleArn"])


def describe_cross_account_access_role(services: ApiServices, _arguments: Json) -> Json:
    """Return the registered role. Only valid ones are registered."""
    role = registered_role(services.installation)
    return {"roleArn": role.arn, "valid": True, "registeredAt": role.registered_at}
