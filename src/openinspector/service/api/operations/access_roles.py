"""The cross-account access role (F2.21)."""

from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json


def register_cross_account_access_role(services: ApiServices, arguments: Json) -> None:
    """Register a role by its ARN."""
    services.app.access_roles.register(arguments["roleArn"])


def describe_cross_account_access_role(services: ApiServices, _arguments: Json) -> Json:
    """Return the role. It is valid if it was used just now and may read all that is needed."""
    found = services.app.access_roles.described()
    return {"roleArn": found.role.arn, "valid": found.valid, "registeredAt": found.role.registered_at}
