"""Two accounts with a network each, on AWS as moto plays it."""

from collections.abc import Iterator

import pytest

from openinspector.model.asset import Tag
from openinspector.service.ports.cloud_account import CloudAccount
from openinspector.service.stores.cloud_aws.cloud import AwsCloud
from openinspector.service.stores.cloud_aws.sessions import AwsConnection
from openinspector.service.system_clock import SystemClock
from openinspector.testing.conformance.cloud import PlacedInstance
from openinspector.testing.simulated_aws import ACCOUNT, REGION, SimulatedAws, simulated_aws

OTHER = "111122223333"
PLACES = ((ACCOUNT, "eu-west-1"), (OTHER, "eu-central-1"), (ACCOUNT, REGION))
ACCOUNTS = (
    CloudAccount(id=ACCOUNT, regions=("eu-west-1", REGION)),
    CloudAccount(
        id=OTHER, role=f"arn:aws:iam::{OTHER}:role/openinspector", external_id="only-us", regions=("eu-central-1",)
    ),
)


@pytest.fixture(scope="module")
def running_aws() -> Iterator[SimulatedAws]:
    with simulated_aws() as aws, pytest.MonkeyPatch.context() as patch:
        for name, value in aws.environment.items():
            patch.setenv(name, value)
        yield aws


@pytest.fixture
def aws(running_aws: SimulatedAws) -> SimulatedAws:
    running_aws.faults.clear()
    running_aws.received.clear()
    return running_aws


@pytest.fixture(scope="module")
def placed(running_aws: SimulatedAws) -> tuple[PlacedInstance, ...]:
    running_aws.faults.clear()
    found = []
    for number, (account, region) in enumerate(PLACES):
        name = f"web-{number}"
        made = running_aws.instance(name, region, account)
        found.append(PlacedInstance(id=made, account=account, region=region, tag=Tag(key="Name", value=name)))
    return tuple(found)


@pytest.fixture(scope="module", autouse=True)
def balanced(running_aws: SimulatedAws, placed: tuple[PlacedInstance, ...]) -> None:
    """Put what is read by id into the first region: a balancer, a transit gateway and a prefix list."""
    region = placed[0].region
    ec2, elb = running_aws.client("ec2", region), running_aws.client("elbv2", region)
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]][:2]
    balancer = elb.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]
    group = elb.create_target_group(Name="back", Protocol="HTTP", Port=80, VpcId=balancer["VpcId"])["TargetGroups"][0]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    ec2.create_transit_gateway()
    ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=2, AddressFamily="IPv4", Entries=[{"Cidr": "203.0.113.0/24"}]
    )


_clouds: dict[object, AwsCloud] = {}


def aws_cloud(aws: SimulatedAws, *accounts: CloudAccount) -> AwsCloud:
    """Return the adapter for accounts; the same one each time, because clients take long to make."""
    key = (aws.url, accounts)
    if key not in _clouds:
        _clouds[key] = new_cloud(aws, *accounts)
    return _clouds[key]


def new_cloud(aws: SimulatedAws, *accounts: CloudAccount) -> AwsCloud:
    """Return an adapter that has assumed no role yet."""
    connection = AwsConnection(home_region=REGION, endpoint=aws.url, attempts=2)
    return AwsCloud(lambda: accounts or ACCOUNTS, connection, SystemClock())
