"""The role the service uses in the account: a relic of the API that clients still ask about (F2.15 to F2.22).

A self-hosted service needs no role to see its hosts. What is registered is kept and told, so that scripts go on; a
role of another account is refused, as a role that does not trust this service.
"""

import re
from typing import Final

from openinspector.service.app.errors import InvalidInput, InvalidRole
from openinspector.service.app.installation import Installation
from openinspector.service.ports.role_store import AccessRole

SERVICE_LINKED: Final = "role/aws-service-role/inspector.amazonaws.com/AWSServiceRoleForAmazonInspector"
"""F2.15."""
_ROLE: Final = re.compile(r"arn:(aws|aws-us-gov|aws-cn):iam::(\d{12}):role/[\w+=,.@/-]{1,512}", re.ASCII)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""


def register_role(installation: Installation, arn: str) -> None:
    """Register a role; InvalidInput for no role's ARN, InvalidRole for one of another account."""
    found = _ROLE.fullmatch(arn)
    if found is None:
        raise InvalidInput("INVALID_IAM_ROLE_ARN", f"{arn[:80]!r} is not the ARN of an IAM role.")
    realm = installation.realm
    if found.groups() != (realm.partition, realm.account):
        raise InvalidRole(
            "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP",
            f"The role must be of this installation's account, {realm.account} in {realm.partition}.",
        )
    installation.roles.replace(AccessRole(arn=arn, registered_at=installation.clock.now()))


def registered_role(installation: Installation) -> AccessRole:
    """Return the role; where none is, the service-linked one is registered first, as the vendor does (F2.17)."""
    role = installation.roles.get()
    if role is None:
        realm = installation.realm
        arn = f"arn:{realm.partition}:iam::{realm.account}:{SERVICE_LINKED}"
        role = AccessRole(arn=arn, registered_at=installation.clock.now())
        installation.roles.replace(role)
    return role
