"""Networks of any size from a seed: groups, ACLs, routes, peering and a VPN around hosts of two VPCs and more."""

import random
from collections.abc import Sequence
from typing import Any

from openinspector.testing.network_builders import Json, entry, group, interface, open_acl, route_table, rule, two_vpcs

_CIDRS = (
    "0.0.0.0/0",
    "8.0.0.0/8",
    "8.8.8.0/24",
    "8.8.8.8/32",
    "9.0.0.0/9",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.0/24",
    "10.2.0.0/16",
    "10.2.1.10/32",
    "192.168.0.0/16",
)
_IPV6_CIDRS = (
    "::/0",
    "2000::/3",
    "2a00::/12",
    "2a05:d018::/32",
    "2a05:d018:1::/56",
    "2a05:d018:1:2::/64",
    "2a05:d018:2::/56",
    "2a05:d018:2:1::10/128",
    "2600::/12",
    "2606:4700::/32",
    "2606:4700::1111/128",
    "fd00::/8",
)
_PORTS = (0, 21, 22, 23, 80, 443, 1023, 1024, 32768, 61000, 65535)


def generated_network(seed: int) -> Json:
    """Return two VPCs with random groups, references, ACLs, routes and a VPN."""
    draw = random.Random(seed)
    network = two_vpcs()
    network["ec2-describe-security-groups"]["SecurityGroups"] = [
        group(number, *random_ingress(draw), egress=None if draw.random() < 0.8 else [])  # noqa: PLR2004
        for number in (1, 2, 3)
    ]
    network["ec2-describe-network-acls"]["NetworkAcls"] = [_acl(draw, vpc) for vpc in ("vpc-a", "vpc-b")]
    for number in (1, 2):
        network["ec2-describe-network-interfaces"]["NetworkInterfaces"].append(
            interface(number, f"10.1.{number}.20", f"subnet-a{number}", "vpc-a", NetworkInterfaceId=f"eni-{number}0")
        )
    tables = network["ec2-describe-route-tables"]["RouteTables"]
    tables[0]["Routes"] += draw.sample(
        [
            {"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vgw-1"},
            {"DestinationCidrBlock": "8.8.0.0/16", "GatewayId": "vgw-1"},
            {"DestinationCidrBlock": "8.8.4.0/24", "GatewayId": "igw-a"},
            {"DestinationCidrBlock": "9.0.0.0/16", "GatewayId": "igw-a", "State": "blackhole"},
        ],
        draw.randint(0, 4),
    )
    gateway = {"VpnGatewayId": "vgw-1", "VpcAttachments": [{"VpcId": "vpc-a", "State": "attached"}]}
    return network | {
        "ec2-describe-vpn-gateways": {"VpnGateways": [gateway]},
        "ec2-describe-vpn-connections": {"VpnConnections": []},
        "ec2-describe-vpc-block-public-access-options": {
            "VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": draw.choice(["off", "off", "block-ingress"])}
        },
    }


def dual_stack_network(seed: int) -> Json:
    """Return a `generated_network` whose VPCs, groups, ACLs and routes have IPv6 too."""
    draw = random.Random(seed)
    network = generated_network(seed)
    for number, vpc in enumerate(network["ec2-describe-vpcs"]["Vpcs"], start=1):
        vpc["Ipv6CidrBlockAssociationSet"] = [_ipv6_range(f"2a05:d018:{number}::/56")]
    for subnet in network["ec2-describe-subnets"]["Subnets"]:
        subnet["Ipv6CidrBlockAssociationSet"] = [_ipv6_range(f"{_ipv6_prefix(subnet['SubnetId'])}::/64")]
    for eni in network["ec2-describe-network-interfaces"]["NetworkInterfaces"]:
        last = eni["PrivateIpAddress"].rpartition(".")[2]
        eni["Ipv6Addresses"] = [{"Ipv6Address": f"{_ipv6_prefix(eni['SubnetId'])}::{last}"}]
    for made in network["ec2-describe-security-groups"]["SecurityGroups"]:
        made["IpPermissions"] += random_ingress(draw, _IPV6_CIDRS)
        made["IpPermissionsEgress"] += [rule("-1", cidr="::/0")] if draw.random() < 0.8 else []  # noqa: PLR2004
    for acl in network["ec2-describe-network-acls"]["NetworkAcls"]:
        acl["Entries"] += [entry(101, "allow", cidr="::/0"), entry(101, "allow", cidr="::/0", egress=True)]
        _add_entries(draw, acl, _IPV6_CIDRS)
    tables = network["ec2-describe-route-tables"]["RouteTables"]
    for table in tables:
        local = f"2a05:d018:{1 if table['VpcId'] == 'vpc-a' else 2}::/56"
        table["Routes"].append({"DestinationIpv6CidrBlock": local, "GatewayId": "local"})
    tables[0]["Routes"].append({"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-a"})
    tables[0]["Routes"] += draw.sample(
        [
            {"DestinationIpv6CidrBlock": "2a05:d018:2::/56", "VpcPeeringConnectionId": "pcx-1"},
            {"DestinationIpv6CidrBlock": "2606:4700::/32", "GatewayId": "igw-a", "State": "blackhole"},
            {"DestinationIpv6CidrBlock": "2600::/12", "EgressOnlyInternetGatewayId": "eigw-a"},
        ],
        draw.randint(0, 3),
    )
    tables[2]["Routes"].append({"DestinationIpv6CidrBlock": "2a05:d018:1::/56", "VpcPeeringConnectionId": "pcx-1"})
    egress_only = {"EgressOnlyInternetGatewayId": "eigw-a", "Attachments": [{"VpcId": "vpc-a", "State": "attached"}]}
    return network | {"ec2-describe-egress-only-internet-gateways": {"EgressOnlyInternetGateways": [egress_only]}}


def _ipv6_range(cidr: str) -> Json:
    return {"Ipv6CidrBlock": cidr, "Ipv6CidrBlockState": {"State": "associated"}}


def _ipv6_prefix(subnet: str) -> str:
    """Return the first 64 bits of ``subnet-a1``: VPC a or b, then the number."""
    return f"2a05:d018:{1 if subnet[-2] == 'a' else 2}:{subnet[-1]}"


def _ports(draw: random.Random) -> tuple[int, int]:
    first, last = sorted(draw.choices(_PORTS, k=2))
    return first, last


def random_ingress(draw: random.Random, cidrs: Sequence[str] = _CIDRS) -> list[Json]:
    """Return some permissions of a security group; one may name sg-1 to sg-3."""
    found = [
        rule(draw.choice(["tcp", "udp", "-1"]), *_ports(draw), draw.choice(cidrs)) for _ in range(draw.randint(0, 5))
    ]
    if draw.random() < 0.3:  # noqa: PLR2004
        pairs = [{"GroupId": f"sg-{draw.randint(1, 3)}"}]
        found.append({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": pairs})
    return found


def _acl(draw: random.Random, vpc: str) -> Json:
    acl = open_acl(vpc)
    _add_entries(draw, acl, _CIDRS)
    return acl


def _add_entries(draw: random.Random, acl: Json, cidrs: Sequence[str]) -> None:
    taken = {(made["RuleNumber"], made["Egress"]) for made in acl["Entries"]}
    for _ in range(draw.randint(0, 6)):
        number, egress = draw.randint(1, 99), draw.random() < 0.5  # noqa: PLR2004
        if (number, egress) in taken:
            continue
        taken.add((number, egress))
        first, last = _ports(draw)
        ported: dict[str, Any] = {"Protocol": draw.choice(["6", "17"]), "PortRange": {"From": first, "To": last}}
        more = ported if draw.random() < 0.7 else {}  # noqa: PLR2004
        action = draw.choice(["allow", "deny"])
        acl["Entries"].append(entry(number, action, egress=egress, cidr=draw.choice(cidrs), **more))


def large_network(interfaces: int, vpcs: int, rules: int, *, seed: int = 1) -> Json:
    """Return ``interfaces`` public hosts over ``vpcs`` VPCs; 20 group sets and 20 ACLs of 40 entries in all."""
    draw = random.Random(seed)
    per_vpc = -(-interfaces // vpcs)
    made: dict[str, list[Json]] = {name: [] for name in ("vpc", "subnet", "eni", "acl", "table", "gateway")}
    for number in range(vpcs):
        vpc, subnet, cidr = f"vpc-{number}", f"subnet-{number}", f"10.{number}.0.0/16"
        made["vpc"].append({"VpcId": vpc, "CidrBlock": cidr})
        made["subnet"].append({"SubnetId": subnet, "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": "eu-west-1a"})
        attachment = {"VpcId": vpc, "State": "available"}
        made["gateway"].append({"InternetGatewayId": f"igw-{number}", "Attachments": [attachment]})
        out = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": f"igw-{number}"}
        made["table"].append(
            route_table(f"rtb-{number}", vpc, {"DestinationCidrBlock": cidr, "GatewayId": "local"}, out)
        )
        acl = open_acl(vpc)
        acl["Entries"] += [
            entry(1 + n, draw.choice(["allow", "deny"]), cidr=_range(draw), Protocol="6", **_port_range(draw))
            for n in range(40)
        ]
        made["acl"].append(acl)
        for host in range(min(per_vpc, interfaces - number * per_vpc)):
            made["eni"].append(_host(number, host))
    groups = [group(number, *(_wide_rule(draw) for _ in range(rules))) for number in range(20)]
    running = [{"InstanceId": one["Attachment"]["InstanceId"], "State": {"Name": "running"}} for one in made["eni"]]
    return {
        "ec2-describe-vpcs": {"Vpcs": made["vpc"]},
        "ec2-describe-instances": {"Reservations": [{"Instances": running}]},
        "ec2-describe-subnets": {"Subnets": made["subnet"]},
        "ec2-describe-network-interfaces": {"NetworkInterfaces": made["eni"]},
        "ec2-describe-security-groups": {"SecurityGroups": groups},
        "ec2-describe-network-acls": {"NetworkAcls": made["acl"]},
        "ec2-describe-route-tables": {"RouteTables": made["table"]},
        "ec2-describe-internet-gateways": {"InternetGateways": made["gateway"]},
    }


def _wide_rule(draw: random.Random) -> Json:
    first, last = sorted(draw.choices(range(65536), k=2))
    return rule("tcp", first, last, _range(draw))


def _host(vpc: int, host: int) -> Json:
    address = f"10.{vpc}.{1 + host // 250}.{4 + host % 250}"
    made = interface(host, address, f"subnet-{vpc}", f"vpc-{vpc}", Groups=[{"GroupId": f"sg-{host % 20}"}])
    made |= {"NetworkInterfaceId": f"eni-{vpc}-{host}", "Attachment": {"InstanceId": f"i-{vpc}-{host}"}}
    public = f"{20 + vpc}.0.{1 + host // 250}.{4 + host % 250}"
    made["PrivateIpAddresses"][0]["Association"] = {"PublicIp": public}
    return made


def _range(draw: random.Random) -> str:
    return (
        f"{draw.randint(11, 99)}.{draw.randint(0, 255)}.{draw.randint(0, 255)}.0/{draw.choice([8, 12, 16, 20, 24, 32])}"
    )


def _port_range(draw: random.Random) -> Json:
    first, last = sorted(draw.choices(range(65536), k=2))
    return {"PortRange": {"From": first, "To": last}}
