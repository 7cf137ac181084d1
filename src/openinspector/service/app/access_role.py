"""The cross-account access role, which clients of the API still register and describe (F2.15 to F2.22).

A self-hosted service needs no role to see its hosts. The registered ARN is stored and returned so that existing
scripts work. A role of another account is refused like a role that does not trust the service.
"""

import re
from dataclasses import dataclass
from typing import Final

from openinspector.model.arn import ArnRealm
from openinspector.service.app.errors import InvalidInput, InvalidRole
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.role_store import AccessRole, RoleStore

SERVICE_LINKED: Final = "role/aws-service-role/inspector.amazonaws.com/AWSServiceRoleForAmazonInspector"
"""F2.15."""
_ROLE: Final = re.compile(r"arn:(aws|aws-us-gov|aws-cn):iam::(\d{12}):role/[\w+=,.@/-]{1,512}", re.ASCII)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRoles:
    """Registers and returns the one access role."""

    roles: RoleStore
    realm: ArnRealm
    clock: Clock

    def register(self, arn: str) -> None:
        """Register a role; InvalidInput if ``arn`` is malformed, InvalidRole if it names another account."""
        found = _ROLE.fullmatch(arn)
        if found is None:
            raise InvalidInput("INVALID_IAM_ROLE_ARN", f"{arn[:80]!r} is not the ARN of an IAM role.")
        if found.groups() != (self.realm.partition, self.realm.account):
            raise InvalidRole(
                "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP",
                f"The role must belong to account {self.realm.account} in partition {self.realm.partition}.",
            )
        self.roles.replace(AccessRole(arn=arn, registered_at=self.clock.now()))

    def registered(self) -> AccessRole:
        """Return the role; if none is registered, register the service-linked one first (F2.17)."""
        role = self.roles.get()
        if role is None:
            arn = f"arn:{self.realm.partition}:iam::{self.realm.account}:{SERVICE_LINKED}"
            role = AccessRole(arn=arn, registered_at=self.clock.now())
            self.roles.replace(role)
        return role
