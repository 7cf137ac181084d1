from tests.service.api.operations.caller import Caller

ROLE = "arn:aws:iam::123456789012:role/Inspector"


def test_a_role_is_registered_and_described(call: Caller) -> None:
    assert call("RegisterCrossAccountAccessRole", roleArn=ROLE) == {}
    described = call("DescribeCrossAccountAccessRole")
    # No account is read here, so that the role was not seen to work.
    assert described == {"roleArn": ROLE, "valid": False, "registeredAt": call.built.clock.now().timestamp()}


def test_roles_are_refused_by_name(call: Caller) -> None:
    assert call.refusal("RegisterCrossAccountAccessRole", roleArn="role") == (
        "InvalidInputException",
        "INVALID_IAM_ROLE_ARN",
    )
    foreign = call.refused("RegisterCrossAccountAccessRole", roleArn=ROLE.replace("123456789012", "000000000000"))
    assert foreign["__type"] == "InvalidCrossAccountRoleException"
    assert foreign["errorCode"] == "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP"
    assert foreign["canRetry"] is False
