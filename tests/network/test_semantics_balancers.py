"""Rows 11, 37, 42 to 44, 48, 57 to 60 of reachability-semantics.md, and group references across VPCs (rows 3, 5)."""

from copy import deepcopy

import pytest

from openinspector.network.answer import Direction
from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.topology import Topology
from openinspector.testing.balancer_networks import (
    APPLICATION,
    FORWARD,
    NETWORK,
    TARGETS,
    alb,
    by_group,
    classic,
    network_balancer,
)
from openinspector.testing.network_builders import (
    ACCOUNT,
    REGION,
    Json,
    answer,
    documents,
    entry,
    group,
    interface,
    open_acl,
    rule,
    two_vpcs,
    without,
)

NET = {"internet": True}
FIRST = {"interface": "eni-1"}
INTERFACES = "ec2-describe-network-interfaces"
GROUPS = "ec2-describe-security-groups"
TABLES = "ec2-describe-route-tables"
REDIRECT = {"Type": "redirect"}


def code(network: Json, source: Json, address: str, port: int | None = 22, **more: object) -> tuple[str, str]:
    said = answer(network, source, address, port, **more)
    assert said.reachable is False, said
    assert said.blocked_by is not None
    return said.blocked_by.code, said.blocked_by.direction


def test_row_03_reference_means_members_of_this_vpc_or_a_peer() -> None:
    network = two_vpcs()
    network[GROUPS]["SecurityGroups"][2] = group(3, by_group(1))
    assert answer(network, FIRST, "10.2.1.10").reachable is True
    twin = interface(7, "10.1.1.10", "subnet-c1", "vpc-c", Groups=[{"GroupId": "sg-7"}])
    network[INTERFACES]["NetworkInterfaces"].append(twin)
    network[GROUPS]["SecurityGroups"] += [group(7)]
    network[GROUPS]["SecurityGroups"][2] = group(3, by_group(7))
    assert code(network, FIRST, "10.2.1.10")[0] == "ENI_SG_RULES_MISMATCH"


def test_row_64_reference_to_an_interface_with_hidden_groups_is_unknown() -> None:
    network = two_vpcs()
    network[GROUPS]["SecurityGroups"][2] = group(3, by_group(1))
    network[INTERFACES]["NetworkInterfaces"][0]["Groups"] = []
    said = answer(network, FIRST, "10.2.1.10")
    assert said.reachable is None
    assert said.not_known is not None
    assert "eni-1" in said.not_known.reason


@pytest.mark.parametrize(
    ("address", "protocol", "port", "open_"),
    [
        ("10.1.0.2", "udp", 53, True),
        ("10.1.0.2", "tcp", 22, False),
        ("169.254.169.253", "udp", 53, True),
        ("169.254.169.254", "tcp", 80, True),
        ("169.254.169.123", "udp", 123, True),
        ("169.254.169.123", "tcp", 123, False),
    ],
)
def test_row_11_resolver_metadata_and_time_meet_no_filter(
    address: str, protocol: str, port: int, *, open_: bool
) -> None:
    network = two_vpcs()
    network[GROUPS]["SecurityGroups"][0] = group(1, egress=[])
    network["ec2-describe-network-acls"]["NetworkAcls"][0]["Entries"] = []
    assert answer(network, FIRST, address, port, protocol=protocol).reachable is open_


def test_row_37_options_of_a_peering_do_not_matter() -> None:
    network = two_vpcs()
    peering = network["ec2-describe-vpc-peering-connections"]["VpcPeeringConnections"][0]
    options = {"AllowDnsResolutionFromRemoteVpc": False}
    peering["AccepterVpcInfo"] |= {"OwnerId": "210987654321", "Region": "us-east-1", "PeeringOptions": options}
    assert answer(network, FIRST, "10.2.1.10").reachable is True


def reaches_host(network: Json, port: int = 8080) -> bool | None:
    return answer(network, NET, "", port, destination={"instance": "i-2"}).reachable


def test_row_57_the_internet_reaches_a_target_through_the_balancer() -> None:
    said = answer(alb(), NET, "", 8080, destination={"instance": "i-2"})
    assert said.reachable is True
    assert [hop.resource for hop in said.path if hop.kind in {"load-balancer", "instance"}] == ["web", "i-2"]
    assert not reaches_host(alb(), 80)
    assert not reaches_host(alb(scheme="internal"))


def test_row_57_both_connections_must_get_through() -> None:
    closed = alb()
    closed[GROUPS]["SecurityGroups"][1] = group(2, rule("tcp", 8080, 8080, "10.9.0.0/16"))
    assert reaches_host(closed) is False
    assert answer(closed, NET, "3.3.3.80", 80).reachable is True
    closed = alb()
    closed[GROUPS]["SecurityGroups"][3] = group(8)
    assert reaches_host(closed) is False


def test_row_57_an_answer_to_the_balancer_may_go_to_any_port_above_1023() -> None:
    network = alb()
    narrow = open_acl("vpc-a") | {"NetworkAclId": "acl-2", "IsDefault": False}
    low: Json = {"Protocol": "6", "PortRange": {"From": 1024, "To": 2000}}
    narrow |= {
        "Associations": [{"SubnetId": "subnet-a2"}],
        "Entries": [entry(100, "allow"), entry(100, "allow", egress=True, **low)],
    }
    network["ec2-describe-network-acls"]["NetworkAcls"].append(narrow)
    assert reaches_host(network) is True


@pytest.mark.parametrize(("default", "open_"), [([REDIRECT], False), ([{"Type": "fixed-response"}], False)])
def test_row_59_redirect_and_fixed_response_lead_to_no_host(default: list[Json], *, open_: bool) -> None:
    assert reaches_host(alb(*default)) is open_


def test_row_59_a_rule_that_forwards_counts_and_is_conditional() -> None:
    rules = [{"RuleArn": "r", "Conditions": [{"Field": "path-pattern"}], "Actions": [FORWARD]}]
    said = answer(alb(REDIRECT, rules=rules), NET, "", 8080, destination={"instance": "i-2"})
    assert said.reachable is True
    assert "a listener rule forwards only some requests there" in said.assumptions


def test_row_58_classic_balancer_is_filtered_by_the_acl_of_its_subnet() -> None:
    first = {"destination": {"instance": "i-1"}}
    assert answer(classic(), NET, "", 22, **first).reachable is True
    network = classic()
    ssh: Json = {"Protocol": "6", "PortRange": {"From": 22, "To": 22}}
    network["ec2-describe-network-acls"]["NetworkAcls"][0]["Entries"].insert(
        0, entry(1, "deny", cidr="10.1.1.80/32", **ssh)
    )
    assert answer(network, NET, "", 22, **first).reachable is False
    assert code(network, {"interface": "eni-8"}, "10.1.1.10")[0] == "ELB_ACL_RESTRICTION"


def chain() -> Json:
    """Return a Network Load Balancer (3.3.3.90) in front of an internal Application Load Balancer, and i-2 behind."""
    network = alb(scheme="internal", port=22)
    node = interface(9, "10.1.1.90", "subnet-a1", "vpc-a", Groups=[], Attachment={}, Description="ELB net/front/1")
    node["PrivateIpAddresses"][0]["Association"] = {"PublicIp": "3.3.3.90"}
    network[INTERFACES]["NetworkInterfaces"].append(node)
    arn, group_arn = NETWORK.replace("/lb/", "/front/"), TARGETS.replace("/tg/", "/alb/")
    front = {"LoadBalancerArn": arn, "LoadBalancerName": "front", "Type": "network"}
    front["AvailabilityZones"] = network["elbv2-describe-load-balancers"]["LoadBalancers"][0]["AvailabilityZones"]
    network["elbv2-describe-load-balancers"]["LoadBalancers"].append(front)
    network["elbv2-describe-target-groups"]["TargetGroups"].append(
        {"TargetGroupArn": group_arn, "Protocol": "TCP", "TargetType": "alb", "Port": 80}
    )
    action = {"Type": "forward", "TargetGroupArn": group_arn}
    health = [{"Target": {"Id": APPLICATION, "Port": 80}, "TargetHealth": {"State": "healthy"}}]
    return network | {
        f"elbv2-describe-listeners/{arn}": {
            "Listeners": [{"ListenerArn": "f", "Port": 443, "Protocol": "TCP", "DefaultActions": [action]}]
        },
        f"elbv2-describe-target-health/{group_arn}": {"TargetHealthDescriptions": health},
    }


def test_row_50_and_57_a_network_balancer_leads_to_an_application_balancer_and_its_hosts() -> None:
    said = answer(chain(), NET, "", 22, destination={"instance": "i-2"})
    assert said.reachable is True, said
    balancers = [hop.resource for hop in said.path if hop.kind == "load-balancer"]
    assert list(dict.fromkeys(balancers)) == ["front", "web"]
    assert answer(chain(), NET, "3.3.3.90", 443).reachable is True
    (found,) = (e for e in JudgedNetwork(Topology(documents(chain()))).whole().exposures if e.balancer)
    assert (found.instance, found.port, found.balancer, found.scope) == ("i-2", 22, "front", "any")


def test_row_51_the_application_balancer_behind_a_network_one_sees_the_client() -> None:
    network = chain()
    network[GROUPS]["SecurityGroups"][3] = group(8, rule("tcp", 80, 80, "8.0.0.0/8"))
    assert reaches_host(network, 22) is True
    network[GROUPS]["SecurityGroups"][3] = group(8, rule("tcp", 80, 80, "10.1.1.90/32"))
    assert reaches_host(network, 22) is False


def test_row_56_an_application_balancer_behind_a_network_one_needs_the_listener() -> None:
    network = chain()
    network[f"elbv2-describe-listeners/{APPLICATION}"]["Listeners"][0]["Port"] = 81
    assert code(network, NET, "3.3.3.90", 443)[0] == "ELB_LISTENERS_MISMATCH"
    assert reaches_host(network, 22) is False


def test_row_57_hosts_behind_a_chain_that_cannot_be_read_are_not_known() -> None:
    network = without(chain(), f"elbv2-describe-listeners/{APPLICATION}")
    assert reaches_host(network, 22) is None
    assert answer(network, NET, "3.3.3.90", 443).reachable is None


def test_row_59_one_group_without_targets_hides_no_other() -> None:
    empty = TARGETS.replace("/tg/", "/empty/")
    network = alb({"Type": "forward", "TargetGroupArn": empty}, FORWARD)
    network["elbv2-describe-target-groups"]["TargetGroups"].append({"TargetGroupArn": empty})
    away = {"Target": {"Id": "10.9.9.9", "AvailabilityZone": "eu-west-1z"}, "TargetHealth": {"State": "healthy"}}
    network[f"elbv2-describe-target-health/{empty}"] = {"TargetHealthDescriptions": [away]}
    assert reaches_host(network) is True


def test_row_57_a_target_of_the_same_address_in_another_vpc_is_not_behind_the_balancer() -> None:
    network = alb(port=22)
    twin = interface(7, "10.1.2.10", "subnet-b1", "vpc-b")
    network[INTERFACES]["NetworkInterfaces"].append(twin)
    assert answer(network, NET, "", 22, destination={"instance": "i-7"}).reachable is False
    assert reaches_host(network, 22) is True


def test_row_51_a_listener_for_both_protocols_forwards_both() -> None:
    network = network_balancer()
    network[f"elbv2-describe-listeners/{NETWORK}"]["Listeners"][0]["Protocol"] = "TCP_UDP"
    network[GROUPS]["SecurityGroups"][1] = group(2, rule("udp", 8080, 8080))
    assert answer(network, NET, "", 8080, protocol="udp", destination={"instance": "i-2"}).reachable is True


def test_row_60_effect_of_a_gateway_load_balancer_is_unknown() -> None:
    network = two_vpcs()
    network[TABLES]["RouteTables"][0]["Routes"][2] = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "vpce-1"}
    said = answer(network, FIRST, "8.8.8.8", 443)
    assert said.reachable is None
    assert said.not_known is not None
    assert (said.not_known.resource, REGION in said.not_known.reason, ACCOUNT in said.not_known.reason) == (
        "vpce-1",
        True,
        True,
    )


def test_every_reason_names_a_region() -> None:
    topology = Topology([])
    assert "no region" in topology.located("x is not in the snapshot")
    said = answer(deepcopy(two_vpcs()), NET, "9.9.9.9")
    assert said.not_known is not None
    assert REGION in said.not_known.reason


def test_codes_point_the_way_that_was_blocked() -> None:
    network = two_vpcs()
    network[TABLES]["RouteTables"][2]["Routes"].pop()
    assert code(network, FIRST, "10.2.1.10") == ("NO_ROUTE_TO_DESTINATION", Direction.BACK)
