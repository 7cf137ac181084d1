"""Networks with everything: three VPCs, IPv6, a transit gateway with a VPN, and load balancers of every kind.

Every call is collected, so that tests can take one away.
"""

import random
from typing import Final

from openinspector.testing.network_builders import Json, group, interface, open_acl, route_table, rule
from openinspector.testing.network_generator import dual_stack_network, random_ingress

_INTERFACES: Final = "ec2-describe-network-interfaces"
_ARNS: Final = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
_ZONES: Final = ("eu-west-1a", "eu-west-1b")
_PORTS: Final = (22, 80, 443)
_CROSS: Final = "load_balancing.cross_zone.enabled"
BALANCER_GROUP: Final = 8
"""Number of the security group of the load balancers."""


def rich_network(seed: int) -> Json:
    """Return a `dual_stack_network` with vpc-c behind a transit gateway, and load balancers in vpc-a."""
    draw = random.Random(seed)
    network = dual_stack_network(seed) | _read_and_empty()
    _add_third_vpc(draw, network)
    _add_transit(draw, network)
    _add_balancers(draw, network)
    states = draw.choices(["running", "stopped"], weights=[5, 1], k=4)
    instances = [{"InstanceId": f"i-{n}", "State": {"Name": state}} for n, state in enumerate(states, start=1)]
    network["ec2-describe-instances"] = {"Reservations": [{"Instances": instances}]}
    return network


def _read_and_empty() -> Json:
    return {
        "directconnect-describe-virtual-interfaces": {"virtualInterfaces": []},
        "directconnect-describe-direct-connect-gateways": {"directConnectGateways": []},
        "ec2-describe-nat-gateways": {"NatGateways": []},
        "ec2-describe-vpc-endpoints": {"VpcEndpoints": []},
        "ec2-describe-vpc-block-public-access-exclusions": {"VpcBlockPublicAccessExclusions": []},
    }


def _add_third_vpc(draw: random.Random, network: Json) -> None:
    """Add vpc-c with i-4 (10.3.1.10); some rules name its group or the balancers'."""
    cidr = "10.3.0.0/16"
    network["ec2-describe-vpcs"]["Vpcs"].append({"VpcId": "vpc-c", "CidrBlock": cidr})
    network["ec2-describe-subnets"]["Subnets"].append(
        {"SubnetId": "subnet-c1", "VpcId": "vpc-c", "CidrBlock": "10.3.1.0/24", "AvailabilityZone": "eu-west-1a"}
    )
    network[_INTERFACES]["NetworkInterfaces"].append(interface(4, "10.3.1.10", "subnet-c1", "vpc-c"))
    groups = network["ec2-describe-security-groups"]["SecurityGroups"]
    groups += [group(4, *random_ingress(draw)), group(BALANCER_GROUP, *(rule("tcp", port, port) for port in _PORTS))]
    for made in groups[:4]:
        if draw.random() < 0.5:  # noqa: PLR2004
            pairs = [{"GroupId": f"sg-{draw.choice([4, BALANCER_GROUP])}"}]
            made["IpPermissions"].append({"IpProtocol": "tcp", "FromPort": 20, "ToPort": 80, "UserIdGroupPairs": pairs})
    network["ec2-describe-network-acls"]["NetworkAcls"].append(open_acl("vpc-c"))
    tables = network["ec2-describe-route-tables"]["RouteTables"]
    tables.append(route_table("rtb-c", "vpc-c", {"DestinationCidrBlock": cidr, "GatewayId": "local"}))


def _add_transit(draw: random.Random, network: Json) -> None:
    """Join the VPCs and a VPN by tgw-1, whose routes are static or propagated."""
    sides = {"a": ["subnet-a1", "subnet-a2"], "b": ["subnet-b1"], "c": ["subnet-c1"]}
    for table in network["ec2-describe-route-tables"]["RouteTables"]:
        for number, side in enumerate("abc", start=1):
            if table["VpcId"] != f"vpc-{side}" and draw.random() < 0.6:  # noqa: PLR2004
                taken = {route.get("DestinationCidrBlock") for route in table["Routes"]}
                if f"10.{number}.0.0/16" not in taken:
                    table["Routes"].append({"DestinationCidrBlock": f"10.{number}.0.0/16", "TransitGatewayId": "tgw-1"})
        if draw.random() < 0.3:  # noqa: PLR2004
            table["Routes"].append({"DestinationCidrBlock": "172.16.0.0/12", "TransitGatewayId": "tgw-1"})
    attachments = [_attachment(f"vpc-{side}", "vpc") for side in sides] + [_attachment("vpn-t", "vpn")]
    propagated = [_attached(one) for one in attachments if draw.random() < 0.8]  # noqa: PLR2004
    statics = [
        {
            "DestinationCidrBlock": f"10.{number}.0.0/16",
            "Type": "static",
            "State": draw.choice(["active", "active", "blackhole"]),
            "TransitGatewayAttachments": [_attached(attachments[number - 1])],
        }
        for number in (1, 2, 3)
        if draw.random() < 0.4  # noqa: PLR2004
    ]
    static = {"DestinationCidrBlock": "172.16.0.0/16", "State": "available"}
    network["ec2-describe-vpn-connections"]["VpnConnections"].append(
        {"VpnConnectionId": "vpn-t", "TransitGatewayId": "tgw-1", "Routes": [static]}
    )
    network |= {
        "ec2-describe-transit-gateways": {"TransitGateways": [{"TransitGatewayId": "tgw-1"}]},
        "ec2-describe-transit-gateway-attachments": {"TransitGatewayAttachments": attachments},
        "ec2-describe-transit-gateway-vpc-attachments": {
            "TransitGatewayVpcAttachments": [
                _attached(_attachment(f"vpc-{side}", "vpc"))
                | {"TransitGatewayId": "tgw-1", "VpcId": f"vpc-{side}", "State": "available", "SubnetIds": subnets}
                for side, subnets in sides.items()
            ]
        },
        "ec2-search-transit-gateway-routes/tgw-rtb-1": {"Routes": statics},
        "ec2-get-transit-gateway-route-table-propagations/tgw-rtb-1": {
            "TransitGatewayRouteTablePropagations": [one | {"State": "enabled"} for one in propagated]
        },
    }


def _attachment(resource: str, kind: str) -> Json:
    return {
        "TransitGatewayAttachmentId": f"tgw-attach-{resource}",
        "TransitGatewayId": "tgw-1",
        "ResourceId": resource,
        "ResourceType": kind,
        "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1", "State": "associated"},
    }


def _attached(attachment: Json) -> Json:
    names = ("TransitGatewayAttachmentId", "ResourceId", "ResourceType")
    return {name: attachment[name] for name in names}


def _add_balancers(draw: random.Random, network: Json) -> None:
    """Add two application balancers, one of them internal, a network one in front of it, and a Classic one."""
    names = {"app/web/1": "3.3.3.81", "app/inner/1": "", "net/front/1": "3.3.3.83", "old": "3.3.3.84"}
    for number, (name, public) in enumerate(names.items(), start=81):
        node = interface(number, f"10.1.1.{number}", "subnet-a1", "vpc-a", Attachment={}, Description=f"ELB {name}")
        node["Groups"] = [] if name.startswith("net") else [{"GroupId": f"sg-{BALANCER_GROUP}"}]
        if public:
            node["PrivateIpAddresses"][0]["Association"] = {"PublicIp": public}
        network[_INTERFACES]["NetworkInterfaces"].append(node)
    for eni in network[_INTERFACES]["NetworkInterfaces"][1:3]:
        eni["AvailabilityZone"] = draw.choice(_ZONES)
    made = [_balancer(name) for name in names if "/" in name]
    hosts = [{"Id": draw.choice(["i-1", "i-2"])}, {"Id": "10.1.2.10"}, {"Id": f"{_ARNS}:loadbalancer/app/inner/1"}]
    kinds = ("instance", "ip", "alb")
    owners = (["app/web/1", "app/inner/1"], ["app/web/1", "net/front/1"], ["net/front/1"])
    groups = [
        _target_group(number, kind, draw.choice(_PORTS), owner)
        for number, (kind, owner) in enumerate(zip(kinds, owners, strict=True))
    ]
    network["elbv2-describe-load-balancers"] = {"LoadBalancers": made}
    network["elbv2-describe-target-groups"] = {"TargetGroups": groups}
    for target_group, host in zip(groups, hosts, strict=True):
        arn = target_group["TargetGroupArn"]
        health = {"State": draw.choice(["healthy", "unhealthy"])}
        target = {"Target": host | {"Port": target_group["Port"]}, "TargetHealth": health}
        network[f"elbv2-describe-target-health/{arn}"] = {"TargetHealthDescriptions": [target]}
        attributes = [{"Key": "stickiness.enabled", "Value": "false"}]
        network[f"elbv2-describe-target-group-attributes/{arn}"] = {"Attributes": attributes}
    for one, choice in zip(made, ((0, 1), (0,), (1, 2)), strict=True):
        _add_listener(draw, network, one, [groups[number] for number in choice])
    network["elb-describe-load-balancers"] = {"LoadBalancerDescriptions": [_classic(draw)]}


def _balancer(name: str) -> Json:
    zones = [{"ZoneName": zone, "SubnetId": "subnet-a1"} for zone in _ZONES]
    kind = "network" if name.startswith("net") else "application"
    arn = f"{_ARNS}:loadbalancer/{name}"
    return {"LoadBalancerArn": arn, "LoadBalancerName": name.split("/")[1], "Type": kind, "AvailabilityZones": zones}


def _target_group(number: int, kind: str, port: int, owners: list[str]) -> Json:
    arns = [f"{_ARNS}:loadbalancer/{owner}" for owner in owners]
    made = {"TargetGroupArn": f"{_ARNS}:targetgroup/tg/{number}", "Protocol": "TCP", "LoadBalancerArns": arns}
    return made | {"TargetType": kind, "Port": port}


def _add_listener(draw: random.Random, network: Json, balancer: Json, groups: list[Json]) -> None:
    """Add one listener: an application balancer's default is one group or none, and its rules lead to the others."""
    arn, network_type = balancer["LoadBalancerArn"], balancer["Type"] == "network"
    listener = arn.replace(":loadbalancer/", ":listener/") + "/1"
    forwards = [{"Type": "forward", "TargetGroupArn": one["TargetGroupArn"]} for one in groups]
    default = [draw.choice(forwards)] if network_type else [draw.choice([*forwards, {"Type": "redirect"}])]
    protocol, port = ("TCP" if network_type else "HTTP"), draw.choice(_PORTS)
    network[f"elbv2-describe-listeners/{arn}"] = {
        "Listeners": [{"ListenerArn": listener, "Port": port, "Protocol": protocol, "DefaultActions": default}]
    }
    rules = [{"RuleArn": "r", "Actions": [one]} for one in forwards if one not in default and draw.random() < 0.7]  # noqa: PLR2004
    network[f"elbv2-describe-rules/{listener}"] = {"Rules": [] if network_type else rules}
    attributes = [{"Key": _CROSS, "Value": draw.choice(["true", "false"])}]
    network[f"elbv2-describe-load-balancer-attributes/{arn}"] = {"Attributes": attributes}


def _classic(draw: random.Random) -> Json:
    listener = {"LoadBalancerPort": draw.choice(_PORTS), "InstancePort": draw.choice(_PORTS)}
    made = {"LoadBalancerName": "old", "VPCId": "vpc-a", "ListenerDescriptions": [{"Listener": listener}]}
    return made | {"Instances": [{"InstanceId": draw.choice(["i-1", "i-2"])}]}
