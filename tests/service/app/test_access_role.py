from datetime import timedelta
from pathlib import Path

import pytest

from openinspector.service.app.access_role import AccessRoles
from openinspector.service.app.errors import InvalidInput, InvalidRole, Unavailable
from openinspector.service.ports.cloud import CloudError, RoleProblem, RoleTrial
from openinspector.testing.installation import BuiltInstallation, open_installation
from openinspector.testing.memory_cloud import MemoryCloud

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


@pytest.fixture
def cloud() -> MemoryCloud:
    return MemoryCloud()


@pytest.fixture
def roles(tmp_path: Path, cloud: MemoryCloud) -> AccessRoles:
    return open_installation(tmp_path / "with-cloud", cloud=cloud).app.access_roles


def test_registering_tries_the_role(roles: AccessRoles, cloud: MemoryCloud) -> None:
    roles.register(ROLE)
    assert cloud.tried == [ROLE]
    assert roles.described().valid


@pytest.mark.parametrize("problem", RoleProblem)
def test_a_role_that_cannot_be_used_is_not_registered(
    roles: AccessRoles, cloud: MemoryCloud, problem: RoleProblem
) -> None:
    roles.register(ROLE)
    cloud.trial = RoleTrial(problem=problem, detail="It may not call ec2:DescribeVpcs.", denied=("ec2:DescribeVpcs",))
    with pytest.raises(InvalidRole, match="ec2:DescribeVpcs") as refused:
        roles.register(f"{ROLE}2")
    assert refused.value.code == problem
    assert roles.registered().arn == ROLE


def test_describing_uses_the_role_again(roles: AccessRoles, cloud: MemoryCloud) -> None:
    roles.register(ROLE)
    cloud.trial = RoleTrial(problem=RoleProblem.NO_TRUST, detail="AccessDenied")
    described = roles.described()
    assert (described.role.arn, described.valid, described.detail) == (ROLE, False, "AccessDenied")


def test_the_service_linked_role_is_not_assumed(roles: AccessRoles, cloud: MemoryCloud) -> None:
    assert roles.described().valid
    assert cloud.tried == [""], "the service's own credentials"


def test_a_cloud_that_does_not_answer_may_be_asked_again(roles: AccessRoles, cloud: MemoryCloud) -> None:
    cloud.error = CloudError("AWS does not answer")
    with pytest.raises(Unavailable):
        roles.register(ROLE)
    assert not roles.described().valid


def test_without_an_account_no_role_is_seen_to_work(built: BuiltInstallation) -> None:
    built.app.access_roles.register(ROLE)
    described = built.app.access_roles.described()
    assert not described.valid
    assert "OPENINSPECTOR_CLOUD" in described.detail
