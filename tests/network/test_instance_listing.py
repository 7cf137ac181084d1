"""Instances are read from the answer of `ec2 describe-instances`, whatever else is in it."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.asset import AssetInterface, SecurityGroupName, Tag
from openinspector.network.aws.instance_listing import instances_in
from openinspector.testing.memory_cloud import documented, instances_document

_ID = "i-0123456789abcdef0"
_FULL: dict[str, object] = {
    "InstanceId": _ID,
    "ImageId": "ami-0a1b2c3d",
    "State": {"Code": 16, "Name": "running"},
    "PublicDnsName": "web.example",
    "PrivateDnsName": "ip-10-0-0-1.ec2.internal",
    "Tags": [{"Key": "Name", "Value": "web"}, {"Key": "Empty", "Value": ""}],
    "NetworkInterfaces": [
        {
            "NetworkInterfaceId": "eni-1",
            "SubnetId": "subnet-1",
            "VpcId": "vpc-1",
            "PrivateDnsName": "ip-10-0-0-1.ec2.internal",
            "PrivateIpAddresses": [
                {"PrivateIpAddress": "10.0.0.2", "Primary": False},
                {
                    "PrivateIpAddress": "10.0.0.1",
                    "Primary": True,
                    "Association": {"PublicIp": "203.0.113.7", "PublicDnsName": "web.example"},
                },
            ],
            "Ipv6Addresses": [{"Ipv6Address": "2001:db8::1"}],
            "Groups": [{"GroupId": "sg-1", "GroupName": "web"}],
        }
    ],
}


def test_every_field_of_an_instance_is_read() -> None:
    (found,) = instances_in([instances_document(_FULL, account="111122223333", region="eu-west-3")])
    assert (found.id, found.account, found.region, found.state) == (_ID, "111122223333", "eu-west-3", "running")
    assert (found.hostname, found.ami_id) == ("web.example", "ami-0a1b2c3d")
    assert found.ipv4_addresses == ("203.0.113.7", "10.0.0.1", "10.0.0.2")
    assert found.tags == (Tag(key="Name", value="web"), Tag(key="Empty", value=""))
    assert found.interfaces == (
        AssetInterface(
            ipv4_addresses=("10.0.0.1", "10.0.0.2"),
            ipv6_addresses=("2001:db8::1",),
            public_ip="203.0.113.7",
            interface_id="eni-1",
            subnet_id="subnet-1",
            vpc_id="vpc-1",
            private_dns_name="ip-10-0-0-1.ec2.internal",
            public_dns_name="web.example",
            security_groups=(SecurityGroupName(id="sg-1", name="web"),),
        ),
    )


def test_a_folder_with_a_name_takes_the_account_from_the_answer() -> None:
    page = {"Reservations": [{"OwnerId": "111122223333", "Instances": [{"InstanceId": _ID}]}]}
    (found,) = instances_in([documented("ec2-describe-instances", json.dumps(page), account="production")])
    assert found.account == "111122223333"


@pytest.mark.parametrize(
    "broken",
    [{"InstanceId": 7}, {"InstanceId": "host-1"}, {"InstanceId": "i-" + "f" * 100}, {"State": {"Name": "running"}}],
)
def test_an_instance_that_cannot_be_read_hides_no_other(broken: dict[str, object]) -> None:
    assert [one.id for one in instances_in([instances_document(broken, _FULL)])] == [_ID]


@pytest.mark.parametrize(
    "content",
    ["", "An error occurred (UnauthorizedOperation)", "[]", '{"Reservations": 7}', '{"Reservations": [', "{}"],
)
def test_an_answer_that_cannot_be_read_hides_no_other(content: str) -> None:
    other = documented("ec2-describe-instances", content, region="eu-west-2")
    assert [one.id for one in instances_in([other, instances_document(_FULL)])] == [_ID]


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_in_little_memory(content: bytes) -> None:
    document = documented("ec2-describe-instances", "")
    tracemalloc.start()
    instances_in([type(document)(account="a", region="r", operation=document.operation, content=content)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 1024 * 1024
