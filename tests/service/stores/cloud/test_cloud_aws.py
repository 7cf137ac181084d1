"""AWS's APIs as moto's server plays them, behind a door that can refuse."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.service.stores.cloud.conftest import ACCOUNTS, OTHER, aws_cloud, new_cloud

from openinspector.network.aws.document import NOUNS
from openinspector.network.aws.instance_listing import instances_in
from openinspector.network.aws.read_call import INSTANCES_CALL, actions, calls
from openinspector.service.ports.cloud import CloudAccounts, CloudError, RoleProblem
from openinspector.service.ports.cloud_account import CloudAccount
from openinspector.service.stores.cloud_aws.cloud import AwsCloud
from openinspector.service.stores.cloud_aws.region_reader import RegionReader
from openinspector.service.stores.cloud_aws.sessions import AwsConnection, new_session, open_session
from openinspector.service.system_clock import SystemClock
from openinspector.testing.conformance.cloud import CloudAccountsSuite, PlacedInstance
from openinspector.testing.simulated_aws import ACCOUNT, REGION, AwsFault, SimulatedAws

_F5_43 = """directconnect: Connections DirectConnectGateways DirectConnectGatewayAssociations
DirectConnectGatewayAttachments VirtualGateways VirtualInterfaces Tags
ec2: AvailabilityZones CustomerGateways Instances Tags InternetGateways NatGateways NetworkAcls NetworkInterfaces
PrefixLists Regions RouteTables SecurityGroups Subnets VpcEndpoints VpcPeeringConnections Vpcs VpnConnections
VpnGateways ManagedPrefixLists VpcEndpointServiceConfigurations TransitGateways TransitGatewayAttachments
TransitGatewayVpcAttachments TransitGatewayRouteTables TransitGatewayPeeringAttachments
elasticloadbalancing: Listeners LoadBalancers LoadBalancerAttributes Rules Tags TargetGroups TargetHealth"""
_WITHOUT_DESCRIBE = {
    "ec2:GetManagedPrefixListEntries",
    "ec2:SearchTransitGatewayRoutes",
    "ec2:GetTransitGatewayRouteTablePropagations",
}
_EXTRA = {
    "ec2:DescribeAddresses",
    "ec2:DescribeEgressOnlyInternetGateways",
    "ec2:DescribeVpcBlockPublicAccessOptions",
    "ec2:DescribeVpcBlockPublicAccessExclusions",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
}
_PREFIXES = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}


def vendor_actions() -> set[str]:
    found, service = set(_WITHOUT_DESCRIBE), ""
    for word in _F5_43.split():
        if word.endswith(":"):
            service = word
        else:
            found.add(f"{service}Describe{word}")
    return found


class TestAws(CloudAccountsSuite):
    @pytest.fixture
    def cloud(self, aws: SimulatedAws) -> CloudAccounts:
        return aws_cloud(aws)

    @pytest.fixture
    def poorer(self, aws: SimulatedAws, placed: tuple[PlacedInstance, ...]) -> CloudAccounts:
        aws.faults.append(AwsFault(code="UnauthorizedOperation", action="DescribeVpcs", region=placed[0].region))
        return aws_cloud(aws)

    @pytest.fixture
    def empty(self, aws: SimulatedAws) -> CloudAccounts:
        aws.faults.append(AwsFault(code="AccessDenied", action="AssumeRole"))
        return new_cloud(aws, ACCOUNTS[1])


class _Recorder:
    """Sessions that record the IAM action of every call that botocore is about to make."""

    def __init__(self) -> None:
        self.actions: set[str] = set()

    def session(self) -> Any:
        session = new_session()
        session.register("before-call", self._record)
        return session

    def _record(self, model: Any, **_more: object) -> None:
        service = str(model.service_model.service_name)
        self.actions.add(f"{_PREFIXES.get(service, service)}:{model.name}")


@pytest.mark.parametrize("extra_reads", [False, True])
def test_only_reads_of_the_vendors_role_are_made(aws: SimulatedAws, *, extra_reads: bool) -> None:
    seen = _Recorder()
    connection = AwsConnection(home_region=REGION, endpoint=aws.url, attempts=2, new_session=seen.session)
    cloud = AwsCloud(lambda: ACCOUNTS, connection, SystemClock(), extra_reads=extra_reads)
    cloud.snapshot(lambda _progress: None)
    cloud.try_role(f"arn:aws:iam::{ACCOUNT}:role/own")
    AwsCloud(lambda: [CloudAccount(id=ACCOUNT)], connection, SystemClock()).instances()
    made = seen.actions - {"sts:AssumeRole"}
    assert len(vendor_actions()) == 42
    assert made <= vendor_actions() | (_EXTRA if extra_reads else set())
    assert made == set(actions(extra_reads=extra_reads)), "the policy that we print is what is used"


def test_the_model_has_a_call_for_every_noun() -> None:
    assert set(NOUNS) - {call.operation for call in calls(extra_reads=True)} == set()


def test_regions_are_those_that_the_account_has_enabled(aws: SimulatedAws) -> None:
    aws_cloud(aws, CloudAccount(id=ACCOUNT)).instances()
    enabled = {one["RegionName"] for one in aws.client("ec2").describe_regions()["Regions"]}
    assert {one.region for one in aws.received if one.action == "DescribeInstances"} == enabled


def test_a_role_is_assumed_with_its_external_id(aws: SimulatedAws) -> None:
    new_cloud(aws).instances()
    assumed = [one for one in aws.received if one.action == "AssumeRole"]
    assert [(one.service, one.region) for one in assumed] == [("sts", REGION)]
    assert "ExternalId=only-us" in assumed[0].body
    assert "RoleSessionName=openinspector" in assumed[0].body


def test_an_account_that_vanished_is_a_gap_and_the_others_are_read(
    aws: SimulatedAws, placed: tuple[PlacedInstance, ...]
) -> None:
    aws.faults.append(AwsFault(code="AccessDenied", action="AssumeRole"))
    listing = new_cloud(aws).instances()
    assert {one.id for one in listing.instances} == {one.id for one in placed if one.account == ACCOUNT}
    (gap,) = listing.gaps
    assert (gap.account, gap.region, gap.operation) == (OTHER, "", "")
    assert "AccessDenied" in gap.reason


def test_each_failure_is_a_gap_with_its_reason(aws: SimulatedAws) -> None:
    for fault in (
        AwsFault(code="UnauthorizedOperation", region="eu-central-1"),
        AwsFault(code="AccessDenied", action="DescribeLoadBalancers", region="eu-west-1"),
        AwsFault(code="RequestLimitExceeded", action="DescribeSubnets", region="eu-west-1", status=503),
        AwsFault(code="RequestLimitExceeded", action="DescribeVpcs", region="eu-west-1", status=503, times=1),
        AwsFault(code="", action="DescribeRouteTables", region="eu-west-1", status=200),
    ):
        aws.faults.append(fault)
    snapshot = aws_cloud(aws).snapshot(lambda _progress: None)
    reasons = {(gap.account, gap.region, gap.operation): gap.reason for gap in snapshot.gaps}
    wanted = {
        (OTHER, "eu-central-1", ""): "UnauthorizedOperation",
        (ACCOUNT, "eu-west-1", "ec2-describe-subnets"): "RequestLimitExceeded",
        (ACCOUNT, "eu-west-1", "ec2-describe-route-tables"): "Unable to parse response",
        (ACCOUNT, "eu-west-1", "elb-describe-load-balancers"): "AccessDenied",
        (ACCOUNT, "eu-west-1", "elbv2-describe-load-balancers"): "AccessDenied",
    }
    assert reasons.keys() == wanted.keys(), "one gap for a region of denials, none for a throttling that passes"
    assert [place for place, part in wanted.items() if part not in reasons[place]] == []
    tries = [one for one in aws.received if (one.action, one.region) == ("DescribeSubnets", "eu-west-1")]
    assert len(tries) == 2, "throttled calls are made again"
    by_id = [one for one in snapshot.documents if one.operation == "elbv2-describe-listeners"]
    unknown = next(one for one in by_id if one.region == "eu-west-1")
    assert unknown.subject == ""
    assert unknown.content.startswith(b"An error occurred: the ids are not known"), "not an empty list"


def test_a_service_that_does_not_answer_is_called_once_a_region() -> None:
    connection = AwsConnection(home_region=REGION, endpoint="http://127.0.0.1:1", attempts=1)
    cloud = AwsCloud(lambda: [ACCOUNTS[0]], connection, SystemClock())
    with pytest.raises(CloudError, match="no account"):
        cloud.snapshot(lambda _progress: None)


def test_pages_are_joined(aws: SimulatedAws) -> None:
    made = {aws.instance("many", "eu-west-3") for _ in range(6)}
    connection = AwsConnection(home_region=REGION, endpoint=aws.url, attempts=2)
    session = open_session(CloudAccount(id=ACCOUNT), connection)
    aws.received.clear()
    (document,) = RegionReader(session, "eu-west-3").read([replace(INSTANCES_CALL, page_size=5)])
    assert len(aws.received) > 1
    assert {one.id for one in instances_in([document])} == made
    assert json.loads(document.content).keys() == {"Reservations"}


def test_a_role_that_works_has_no_problem(aws: SimulatedAws) -> None:
    trial = aws_cloud(aws).try_role(f"arn:aws:iam::{ACCOUNT}:role/own")
    assert (trial.problem, trial.denied) == (None, ())


def test_a_role_that_cannot_be_assumed_is_not_trusted(aws: SimulatedAws) -> None:
    aws.faults.append(AwsFault(code="AccessDenied", action="AssumeRole"))
    trial = aws_cloud(aws).try_role(f"arn:aws:iam::{ACCOUNT}:role/own")
    assert trial.problem is RoleProblem.NO_TRUST
    assert "AccessDenied" in trial.detail


def test_a_role_that_lacks_actions_names_them(aws: SimulatedAws) -> None:
    for action in ("DescribeVpcs", "DescribeTargetGroups"):
        aws.faults.append(AwsFault(code="UnauthorizedOperation", action=action))
    trial = aws_cloud(aws).try_role(f"arn:aws:iam::{ACCOUNT}:role/own")
    assert trial.problem is RoleProblem.NO_POLICY
    assert trial.denied == ("ec2:DescribeVpcs", "elasticloadbalancing:DescribeTargetGroups")
