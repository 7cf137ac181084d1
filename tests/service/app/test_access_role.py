from datetime import timedelta

import pytest

from openinspector.service.app.access_role import register_role, registered_role
from openinspector.service.app.errors import InvalidInput, InvalidRole
from openinspector.testing.installation import BuiltInstallation

ROLE = "arn:aws:iam::123456789012:role/service/Inspector"


def test_the_service_linked_role_is_there_from_the_first_question_on(built: BuiltInstallation) -> None:
    first = registered_role(built.installation)
    built.clock.advance(60)
    assert registered_role(built.installation) == first
    assert first.arn.endswith(":role/aws-service-role/inspector.amazonaws.com/AWSServiceRoleForAmazonInspector")


def test_a_registered_role_stands_from_then_on(built: BuiltInstallation) -> None:
    before = registered_role(built.installation)
    built.clock.advance(60)
    register_role(built.installation, ROLE)
    after = registered_role(built.installation)
    assert (after.arn, after.registered_at - before.registered_at) == (ROLE, timedelta(seconds=60))


@pytest.mark.parametrize("arn", ["", "role", ROLE.replace("role", "user"), f"{ROLE}\n", ROLE.replace("12:", ":")])
def test_what_is_no_role_is_refused(built: BuiltInstallation, arn: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        register_role(built.installation, arn)
    assert refused.value.code == "INVALID_IAM_ROLE_ARN"


@pytest.mark.parametrize("arn", [ROLE.replace("123456789012", "210987654321"), ROLE.replace(":aws:", ":aws-cn:")])
def test_a_role_of_another_account_does_not_trust_us(built: BuiltInstallation, arn: str) -> None:
    with pytest.raises(InvalidRole) as refused:
        register_role(built.installation, arn)
    assert refused.value.code == "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP"
