"""AWS → role → tags → run without agents → findings → boto3, against AWS as moto plays it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.scenarios.test_main_job import findings_of, wait_for_end
from tests.scenarios.test_network_reachability import start_run

from openinspector.network.aws.read_call import actions
from openinspector.testing.simulated_aws import ACCOUNT, IMAGE, REGION, AwsFault, SimulatedAws, simulated_aws
from openinspector.testing.whole_system import WholeSystem

ROLE = f"arn:aws:iam::{ACCOUNT}:role/openinspector"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedAws]:
    with simulated_aws() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def web_host(aws: SimulatedAws) -> tuple[str, str]:
    """Start an instance whose SSH the internet reaches; return its id and its security group."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(RouteTableId=tables[0]["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    tags = [{"Key": "Name", "Value": "web"}, {"Key": "Demo", "Value": "this host"}]
    made = ec2.run_instances(
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        SecurityGroupIds=[group],
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    return str(made["Instances"][0]["InstanceId"]), str(group)


def test_instances_of_an_account_are_found_and_judged_through_a_role(tmp_path: Path, aws: SimulatedAws) -> None:
    web, group = web_host(aws)
    other = aws.instance("db", Demo="another")
    aws.received.clear()
    settings = {
        "OPENINSPECTOR_CLOUD": "aws",
        "OPENINSPECTOR_CLOUD_ENDPOINT": aws.url,
        "OPENINSPECTOR_CLOUD_EXTERNAL_ID": "7f3c",
        "OPENINSPECTOR_REACH_EXTRA_READS": "yes",
    }
    system = WholeSystem(tmp_path, settings)
    try:
        refused = _refusal(aws, system.client)
        system.client.register_cross_account_access_role(roleArn=ROLE)
        described = system.client.describe_cross_account_access_role()
        tried = actions_of(aws)
        aws.received.clear()
        run_arn = start_run(system.client, "Network Reachability")
        run = wait_for_end(system.client, run_arn)
        findings = findings_of(system.client, run_arn)
        listed = system.client.list_assessment_run_agents(assessmentRunArn=run_arn)["assessmentRunAgents"]
        made = actions_of(aws)
    finally:
        system.processes.stop()
    assert refused == ("InvalidCrossAccountRoleException", "ROLE_DOES_NOT_HAVE_CORRECT_POLICY")
    assert (described["roleArn"], described["valid"]) == (ROLE, True)
    assert run["state"] == "COMPLETED", findings
    ssh = next(one for one in findings if one["id"] == "Recognized port reachable from internet")
    attributes = {one["key"]: one["value"] for one in ssh["attributes"]}
    assert (attributes["INSTANCE_ID"], attributes["PORT"], attributes["SECURITY_GROUP"]) == (web, "22", group)
    asset = ssh["assetAttributes"]
    assert asset["agentId"] == web
    assert {"key": "Name", "value": "web"} in asset["tags"]
    assert asset["networkInterfaces"][0]["securityGroups"][0]["groupId"] == group
    assert [(one["agentId"], one["agentHealth"]) for one in listed] == [(web, "UNKNOWN")]
    assert other not in {one["assetAttributes"]["agentId"] for one in findings}
    assert {one.region for one in aws.received if one.service == "ec2"} == {REGION}
    # Nothing but the reads of the policy that we print, from the role's first trial to the end of the run (F5.43).
    allowed = {*actions(extra_reads=True), "sts:AssumeRole"}
    assert {"ec2:DescribeNetworkInterfaces", "ec2:DescribeAddresses", "sts:AssumeRole"} <= made <= allowed
    assert "ec2:DescribeVpcs" in tried
    assert tried <= allowed


def actions_of(aws: SimulatedAws) -> set[str]:
    """Return the IAM actions of the calls that AWS has received."""
    return {f"{one.service}:{one.action}" for one in aws.received}


def _refusal(aws: SimulatedAws, client: Any) -> tuple[str, str]:
    """Return exception and code of registering a role that lacks an action."""
    aws.faults.append(AwsFault(code="UnauthorizedOperation", action="DescribeVpcs"))
    with pytest.raises(ClientError) as refused:
        client.register_cross_account_access_role(roleArn=ROLE)
    aws.faults.clear()
    answer: dict[str, Any] = dict(refused.value.response)
    return answer["Error"]["Code"], answer["errorCode"]
