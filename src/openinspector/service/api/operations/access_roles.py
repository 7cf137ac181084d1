"""The cross-account access role (F2.21)."""

from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json


def register_cross_account_access_role(services: ApiServices, arguments: Json) -> None:
    """Register a role by its ARN."""
    services.app.access_roles.register(arguments["roleArn"])


def describe_cross_account_access_role(services: ApiServices, _arguments: Json) -> Json:
    """Return the registered role. Only valid ones are registered."""
    role = services.app.access_roles.registered()
    return {"roleArn": role.arn, "valid": True, "registeredAt": role.registered_at}
