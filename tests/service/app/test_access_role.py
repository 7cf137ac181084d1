from datetime import timedelta

import pytest

from openinspector.service.app.errors import InvalidInput, InvalidRole
from openinspector.testing.installation import BuiltInstallation

ROLE = "arn:aws:iam::123456789012:role/service/Inspector"


def test_service_linked_role_is_the_default(built: BuiltInstallation) -> None:
    first = built.app.access_roles.registered()
    built.clock.advance(60)
    assert built.app.access_roles.registered() == first
    assert first.arn.endswith(":role/aws-service-role/inspector.amazonaws.com/AWSServiceRoleForAmazonInspector")


def test_registered_role_persists(built: BuiltInstallation) -> None:
    before = built.app.access_roles.registered()
    built.clock.advance(60)
    built.app.access_roles.register(ROLE)
    after = built.app.access_roles.registered()
    assert (after.arn, after.registered_at - before.registered_at) == (ROLE, timedelta(seconds=60))


@pytest.mark.parametrize("arn", ["", "role", ROLE.replace("role", "user"), f"{ROLE}\n", ROLE.replace("12:", ":")])
def test_rejects_invalid_role_arns(built: BuiltInstallation, arn: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        built.app.access_roles.register(arn)
    assert refused.value.code == "INVALID_IAM_ROLE_ARN"


@pytest.mark.parametrize("arn", [ROLE.replace("123456789012", "210987654321"), ROLE.replace(":aws:", ":aws-cn:")])
def test_role_of_another_account_is_refused(built: BuiltInstallation, arn: str) -> None:
    with pytest.raises(InvalidRole) as refused:
        built.app.access_roles.register(arn)
    assert refused.value.code == "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP"
