"""The cross-account access role, through which the service reads the installation's account (F2.15 to F2.22).

Registering a role uses it once. A role of another account is refused like a role that does not trust the service:
other accounts are named in the settings. If no role is registered, the service-linked one is described and the
service's own credentials read the account.
"""

import re
from dataclasses import dataclass
from typing import Final

from openinspector.model.arn import ArnRealm
from openinspector.service.app.errors import InvalidInput, InvalidRole, Unavailable
from openinspector.service.app.instance_directory import InstanceDirectory
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.cloud import CloudAccounts, CloudError, RoleProblem, RoleTrial
from openinspector.service.ports.role_store import AccessRole, RoleStore

SERVICE_LINKED: Final = "role/aws-service-role/inspector.amazonaws.com/AWSServiceRoleForAmazonInspector"
"""F2.15."""
_NOT_USED: Final = "No account is read: OPENINSPECTOR_CLOUD is none."
_ROLE: Final = re.compile(r"arn:(aws|aws-us-gov|aws-cn):iam::(\d{12}):role/[\w+=,.@/-]{1,512}", re.ASCII)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedRole:
    """The role, and the result of using it now."""

    role: AccessRole
    valid: bool
    """True if it could be assumed and may read all that is needed."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRoles:
    """Registers, tries and returns the one access role."""

    roles: RoleStore
    cloud: CloudAccounts | None
    instances: InstanceDirectory
    realm: ArnRealm
    clock: Clock

    def register(self, arn: str) -> None:
        """Try and register a role.

        Raises InvalidInput if ``arn`` is malformed, InvalidRole if the role cannot be used or is of another account,
        and Unavailable if AWS does not answer.
        """
        found = _ROLE.fullmatch(arn)
        if found is None:
            raise InvalidInput("INVALID_IAM_ROLE_ARN", f"{arn[:80]!r} is not the ARN of an IAM role.")
        if found.groups() != (self.realm.partition, self.realm.account):
            raise InvalidRole(
                RoleProblem.NO_TRUST,
                f"The role must belong to account {self.realm.account} in partition {self.realm.partition}.",
            )
        trial = self._trial(arn)
        if trial is not None and trial.problem is not None:
            raise InvalidRole(trial.problem, trial.detail)
        self.roles.replace(AccessRole(arn=arn, registered_at=self.clock.now()))
        self.instances.forget()

    def registered(self) -> AccessRole:
        """Return the role; if none is registered, register the service-linked one first (F2.17)."""
        role = self.roles.get()
        if role is None:
            arn = f"arn:{self.realm.partition}:iam::{self.realm.account}:{SERVICE_LINKED}"
            role = AccessRole(arn=arn, registered_at=self.clock.now())
            self.roles.replace(role)
        return role

    def described(self) -> DescribedRole:
        """Use the role and return the result (F2.21)."""
        role = self.registered()
        try:
            trial = self._trial(role.arn)
        except Unavailable as error:
            return DescribedRole(role=role, valid=False, detail=str(error))
        if trial is None:
            return DescribedRole(role=role, valid=False, detail=_NOT_USED)
        return DescribedRole(role=role, valid=trial.problem is None, detail=trial.detail)

    def _trial(self, arn: str) -> RoleTrial | None:
        """Return the result of using a role; None if no account is read. Unavailable."""
        if self.cloud is None:
            return None
        try:
            return self.cloud.try_role(role_to_assume(arn))
        except CloudError as error:
            raise Unavailable(str(error)) from error


def role_to_assume(arn: str) -> str:
    """Return the role that reads the account; "" for the service's own credentials.

    Only the vendor's service can assume the service-linked role.
    """
    return "" if arn.endswith(f":{SERVICE_LINKED}") else arn
