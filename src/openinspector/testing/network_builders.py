"""Small networks as raw `aws` output: two VPCs, with builders for the parts that tests change."""

import json
from copy import deepcopy
from typing import Any

from openinspector.network.answer import Answer
from openinspector.network.aws.document import SnapshotDocument
from openinspector.network.question import ask, parse_question
from openinspector.network.topology import Topology

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ANYWHERE = "0.0.0.0/0"
Json = dict[str, Any]


def interface(number: int, address: str, subnet: str, vpc: str, **more: Any) -> Json:
    """Return an interface of instance i-<number> in a group sg-<number>."""
    made = {
        "NetworkInterfaceId": f"eni-{number}",
        "SubnetId": subnet,
        "VpcId": vpc,
        "AvailabilityZone": "eu-west-1a",
        "Status": "in-use",
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": True}],
        "Groups": [{"GroupId": f"sg-{number}"}],
        "Attachment": {"InstanceId": f"i-{number}", "Status": "attached"},
    }
    return made | more


def rule(protocol: str = "tcp", first: int = 22, last: int = 22, cidr: str = ANYWHERE) -> Json:
    """Return a permission of a security group for one range."""
    kind, key = ("IpRanges", "CidrIp") if ":" not in cidr else ("Ipv6Ranges", "CidrIpv6")
    ports = {} if protocol == "-1" else {"FromPort": first, "ToPort": last}
    return {"IpProtocol": protocol, kind: [{key: cidr}], **ports}


def group(number: int, *ingress: Json, egress: list[Json] | None = None) -> Json:
    """Return a security group; all egress by default."""
    return {
        "GroupId": f"sg-{number}",
        "IpPermissions": list(ingress),
        "IpPermissionsEgress": [rule("-1")] if egress is None else egress,
    }


def entry(number: int, action: str, *, egress: bool = False, cidr: str = ANYWHERE, **more: Any) -> Json:
    """Return an entry of a network ACL, for all protocols by default."""
    key = "CidrBlock" if ":" not in cidr else "Ipv6CidrBlock"
    made = {"RuleNumber": number, "RuleAction": action, "Egress": egress, "Protocol": "-1", key: cidr}
    return made | more


def open_acl(vpc: str) -> Json:
    """Return a default ACL that allows everything."""
    entries = [entry(100, "allow"), entry(100, "allow", egress=True)]
    return {"NetworkAclId": f"acl-{vpc}", "VpcId": vpc, "IsDefault": True, "Associations": [], "Entries": entries}


def route_table(name: str, vpc: str, *routes: Json, subnets: tuple[str, ...] = ()) -> Json:
    """Return a table of some subnets, the main one without any."""
    associations: list[Json] = [{"SubnetId": subnet} for subnet in subnets] or [{"Main": True}]
    return {"RouteTableId": name, "VpcId": vpc, "Associations": associations, "Routes": list(routes)}


def two_vpcs() -> Json:
    """Return a network: i-1 (10.1.1.10, public 3.3.3.3) and i-2 in vpc-a, i-3 in vpc-b, peered."""
    public = {"PublicIp": "3.3.3.3"}
    first = interface(1, "10.1.1.10", "subnet-a1", "vpc-a")
    first["PrivateIpAddresses"][0]["Association"] = public
    local_a = {"DestinationCidrBlock": "10.1.0.0/16", "GatewayId": "local"}
    local_b = {"DestinationCidrBlock": "10.2.0.0/16", "GatewayId": "local"}
    return {
        "ec2-describe-vpcs": {
            "Vpcs": [{"VpcId": "vpc-a", "CidrBlock": "10.1.0.0/16"}, {"VpcId": "vpc-b", "CidrBlock": "10.2.0.0/16"}]
        },
        "ec2-describe-subnets": {
            "Subnets": [
                {"SubnetId": name, "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": "eu-west-1a"}
                for name, vpc, cidr in (
                    ("subnet-a1", "vpc-a", "10.1.1.0/24"),
                    ("subnet-a2", "vpc-a", "10.1.2.0/24"),
                    ("subnet-b1", "vpc-b", "10.2.1.0/24"),
                )
            ]
        },
        "ec2-describe-instances": {
            "Reservations": [
                {"Instances": [{"InstanceId": f"i-{n}", "State": {"Code": 16, "Name": "running"}} for n in (1, 2, 3)]}
            ]
        },
        "ec2-describe-network-interfaces": {
            "NetworkInterfaces": [
                first,
                interface(2, "10.1.2.10", "subnet-a2", "vpc-a"),
                interface(3, "10.2.1.10", "subnet-b1", "vpc-b"),
            ]
        },
        "ec2-describe-security-groups": {"SecurityGroups": [group(1, rule()), group(2, rule()), group(3, rule())]},
        "ec2-describe-network-acls": {"NetworkAcls": [open_acl("vpc-a"), open_acl("vpc-b")]},
        "ec2-describe-route-tables": {
            "RouteTables": [
                route_table(
                    "rtb-a1",
                    "vpc-a",
                    local_a,
                    {"DestinationCidrBlock": "10.2.0.0/16", "VpcPeeringConnectionId": "pcx-1"},
                    {"DestinationCidrBlock": ANYWHERE, "GatewayId": "igw-a"},
                    subnets=("subnet-a1",),
                ),
                route_table("rtb-a", "vpc-a", local_a),
                route_table(
                    "rtb-b",
                    "vpc-b",
                    local_b,
                    {"DestinationCidrBlock": "10.1.0.0/16", "VpcPeeringConnectionId": "pcx-1"},
                ),
            ]
        },
        "ec2-describe-internet-gateways": {
            "InternetGateways": [
                {"InternetGatewayId": "igw-a", "Attachments": [{"VpcId": "vpc-a", "State": "available"}]}
            ]
        },
        "ec2-describe-vpc-peering-connections": {
            "VpcPeeringConnections": [
                {
                    "VpcPeeringConnectionId": "pcx-1",
                    "Status": {"Code": "active"},
                    "RequesterVpcInfo": {"VpcId": "vpc-a", "Region": REGION},
                    "AccepterVpcInfo": {"VpcId": "vpc-b", "Region": REGION},
                }
            ]
        },
        "ec2-describe-prefix-lists": {"PrefixLists": []},
    }


def documents(network: Json) -> list[SnapshotDocument]:
    """Return a network as documents. A key `operation/id` is a call for one id; bytes are taken as they are."""
    made = []
    for name, content in network.items():
        operation, _, subject = name.partition("/")
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        made.append(SnapshotDocument(account=ACCOUNT, region=REGION, operation=operation, subject=subject, content=raw))
    return made


def answer(network: Json, source: Json, address: str, port: int | None = 22, **more: Any) -> Answer:
    """Put one question to a network."""
    question = {"protocol": "tcp", "port": port, "source": source, "destination": {"address": address}} | more
    return ask(Topology(documents(network)), parse_question(json.dumps(question).encode()))


def changed(network: Json, operation: str, index: int, **more: Any) -> Json:
    """Return a copy of a network with fields of one resource replaced."""
    copy = deepcopy(network)
    (items,) = copy[operation].values()
    items[index] |= more
    return copy


def without(network: Json, operation: str) -> Json:
    """Return a copy of a network in which one operation was not collected."""
    return {name: content for name, content in network.items() if name != operation}
