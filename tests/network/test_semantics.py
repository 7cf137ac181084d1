"""Rows of reachability-semantics.md, each with its number."""

import json
from copy import deepcopy

import pytest

from openinspector.network.answer import Direction
from openinspector.testing.network_builders import (
    Json,
    answer,
    changed,
    entry,
    group,
    interface,
    open_acl,
    route_table,
    rule,
    two_vpcs,
    without,
)

NET = {"internet": True}
PUBLIC = "3.3.3.3"
FIRST = {"interface": "eni-1"}
SECOND = {"interface": "eni-2"}
GROUPS = "ec2-describe-security-groups"
ACLS = "ec2-describe-network-acls"
TABLES = "ec2-describe-route-tables"
INTERFACES = "ec2-describe-network-interfaces"
LOCAL_A = {"DestinationCidrBlock": "10.1.0.0/16", "GatewayId": "local"}
OUT_A = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-a"}
PEER_A = {"DestinationCidrBlock": "10.2.0.0/16", "VpcPeeringConnectionId": "pcx-1"}


def code(network: Json, source: Json, address: str, port: int | None = 22, **more: object) -> tuple[str, str]:
    said = answer(network, source, address, port, **more)
    assert said.reachable is False, said
    assert said.blocked_by is not None
    return said.blocked_by.code, said.blocked_by.direction


def yes(network: Json, source: Json, address: str, port: int | None = 22, **more: object) -> bool:
    return answer(network, source, address, port, **more).reachable is True


def acl(*entries: Json) -> Json:
    return open_acl("vpc-a") | {"Entries": list(entries)}


def with_acl(*entries: Json) -> Json:
    return {**two_vpcs(), ACLS: {"NetworkAcls": [acl(*entries), open_acl("vpc-b")]}}


def with_groups(*groups: Json) -> Json:
    return {**two_vpcs(), GROUPS: {"SecurityGroups": list(groups)}}


def with_table(*routes: Json) -> Json:
    network = two_vpcs()
    network[TABLES]["RouteTables"][0] = route_table("rtb-a1", "vpc-a", *routes, subnets=("subnet-a1",))
    return network


def test_row_01_groups_are_one_union_of_allow_rules() -> None:
    network = changed(two_vpcs(), INTERFACES, 0, Groups=[{"GroupId": "sg-1"}, {"GroupId": "sg-9"}])
    network[GROUPS]["SecurityGroups"].append(group(9, rule(first=443, last=443)))
    assert yes(network, NET, PUBLIC, 443)
    assert yes(network, NET, PUBLIC, 22)
    assert code(two_vpcs(), NET, PUBLIC, 443) == ("ENI_SG_RULES_MISMATCH", Direction.THERE)
    assert code(with_groups(group(1), group(2), group(3)), NET, PUBLIC) == ("ENI_SG_RULES_MISMATCH", Direction.THERE)


def test_row_02_groups_are_stateful() -> None:
    assert yes(with_groups(group(1, rule(), egress=[]), group(2), group(3)), NET, PUBLIC)


def test_row_03_a_group_as_peer_means_private_addresses_of_its_members() -> None:
    by_group = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": "sg-1"}]}
    network = with_groups(group(1), group(2, by_group), group(3, by_group))
    assert yes(network, FIRST, "10.1.2.10")
    assert yes(network, FIRST, "10.2.1.10")
    assert code(with_groups(group(1, by_group), group(2), group(3)), NET, PUBLIC)[0] == "ENI_SG_RULES_MISMATCH"


def test_row_04_a_self_reference_hides_no_other_rule() -> None:
    own = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1"}]}
    assert yes(with_groups(group(1, own, rule()), group(2), group(3)), NET, PUBLIC)


def test_row_05_a_group_of_another_region_does_not_match() -> None:
    by_group = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": "sg-1"}]}
    network = with_groups(group(1), group(2), group(3, by_group))
    network["ec2-describe-vpc-peering-connections"]["VpcPeeringConnections"][0]["AccepterVpcInfo"]["Region"] = "other"
    assert code(network, FIRST, "10.2.1.10")[0] == "ENI_SG_RULES_MISMATCH"


def test_row_07_prefix_list_entries_count_and_an_unknown_list_is_not_known() -> None:
    listed = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{"PrefixListId": "pl-1"}]}
    network = with_groups(group(1, listed), group(2), group(3))
    said = answer(network, NET, PUBLIC)
    assert said.reachable is None
    assert said.not_known is not None
    assert "pl-1" in said.not_known.reason
    known = network | {"ec2-get-managed-prefix-list-entries/pl-1": {"Entries": [{"Cidr": "9.9.9.0/24"}]}}
    assert yes(known, {"internet": True, "address": "9.9.9.9"}, PUBLIC)
    assert code(known, {"internet": True, "address": "9.9.8.9"}, PUBLIC)[0] == "ENI_SG_RULES_MISMATCH"
    assert yes(known, NET, PUBLIC), "any address of the internet: one of the list's gets through"


def test_row_08_protocols() -> None:
    ping = {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    other = {"IpProtocol": "icmp", "FromPort": 3, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    esp = {"IpProtocol": "50", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    network = with_groups(group(1, ping, esp), group(2), group(3))
    assert yes(network, NET, PUBLIC, None, protocol="icmp")
    assert yes(network, NET, PUBLIC, None, protocol=50)
    assert code(network, NET, PUBLIC, None, protocol=51)[0] == "ENI_SG_RULES_MISMATCH"
    assert code(with_groups(group(1, other)), NET, PUBLIC, None, protocol="icmp")[0] == "ENI_SG_RULES_MISMATCH"
    assert yes(with_groups(group(1, rule("-1"))), NET, PUBLIC, None, protocol=0)


def test_row_09_groups_of_another_vpc_still_apply() -> None:
    network = with_groups(group(1, rule()) | {"VpcId": "vpc-elsewhere"}, group(2), group(3))
    assert yes(network, NET, PUBLIC)


def test_row_12_first_match_wins_by_number() -> None:
    out = entry(100, "allow", egress=True)
    denied = with_acl(entry(200, "allow"), entry(100, "deny", Protocol="6", PortRange={"From": 22, "To": 22}), out)
    assert code(denied, NET, PUBLIC) == ("SUBNET_ACL_RESTRICTION", Direction.THERE)
    assert yes(with_acl(entry(100, "allow"), entry(200, "deny"), out), NET, PUBLIC)


def test_row_13_and_16_answers_need_the_clients_ports() -> None:
    low = entry(100, "allow", egress=True, Protocol="6", PortRange={"From": 1, "To": 1023})
    assert code(with_acl(entry(100, "allow"), low), NET, PUBLIC) == ("SUBNET_ACL_RESTRICTION", Direction.BACK)


def test_row_14_no_acl_inside_a_subnet() -> None:
    network = with_acl(entry(100, "deny"), entry(100, "deny", egress=True))
    network[INTERFACES]["NetworkInterfaces"].append(
        interface(9, "10.1.1.20", "subnet-a1", "vpc-a", Groups=[{"GroupId": "sg-2"}])
    )
    assert yes(network, FIRST, "10.1.1.20")
    assert code(network, FIRST, "10.1.2.10")[0] == "SUBNET_ACL_RESTRICTION"


def test_row_15_a_subnet_without_association_has_the_default_acl() -> None:
    own = open_acl("vpc-a") | {"IsDefault": False, "Associations": [{"SubnetId": "subnet-a1"}], "Entries": []}
    network = {**two_vpcs(), ACLS: {"NetworkAcls": [own, open_acl("vpc-a"), open_acl("vpc-b")]}}
    assert code(network, NET, PUBLIC)[0] == "SUBNET_ACL_RESTRICTION"
    assert yes(two_vpcs(), FIRST, "10.1.2.10")


def test_row_16_acls_judge_the_destination_port_both_ways() -> None:
    """The answer goes to the client's port: an entry for port 22 lets the question in and no answer out."""
    ssh: Json = {"Protocol": "6", "PortRange": {"From": 22, "To": 22}}
    assert code(with_acl(entry(100, "allow", **ssh), entry(100, "allow", egress=True, **ssh)), NET, PUBLIC) == (
        "SUBNET_ACL_RESTRICTION",
        Direction.BACK,
    )
    client: Json = {"Protocol": "6", "PortRange": {"From": 1024, "To": 65535}}
    assert yes(with_acl(entry(100, "allow", **ssh), entry(100, "allow", egress=True, **client)), NET, PUBLIC)


def test_row_17_an_internet_client_may_use_any_port_above_1023_a_linux_host_not() -> None:
    part = entry(100, "allow", egress=True, Protocol="6", PortRange={"From": 1024, "To": 2000})
    network = with_acl(entry(100, "allow"), part)
    assert yes(network, NET, PUBLIC)
    assert code(network, {"interface": "eni-3"}, "10.1.1.10") == ("SUBNET_ACL_RESTRICTION", Direction.BACK)


def test_row_18_icmp_entries_use_type_and_code() -> None:
    out = entry(100, "allow", egress=True)
    kind: Json = {"Protocol": "1", "IcmpTypeCode": {"Type": 8, "Code": -1}}
    network = with_acl(entry(100, "allow", **kind), out) | {GROUPS: {"SecurityGroups": [group(1, rule("-1"))]}}
    assert yes(network, NET, PUBLIC, None, protocol="icmp")
    assert code(network, NET, PUBLIC)[0] == "SUBNET_ACL_RESTRICTION"


def test_row_19_explicit_table_before_main() -> None:
    assert yes(two_vpcs(), FIRST, "8.8.8.8", 443)
    assert code(two_vpcs(), SECOND, "8.8.8.8", 443)[0] == "NO_ROUTE_TO_DESTINATION"


def test_row_20_longest_prefix_wins() -> None:
    narrow = {"DestinationCidrBlock": "9.9.9.0/24", "State": "blackhole", "GatewayId": "vgw-gone"}
    network = with_table(LOCAL_A, OUT_A, narrow)
    assert yes(network, FIRST, "9.9.8.9", 443)
    assert code(network, FIRST, "9.9.9.9", 443)[0] == "BAD_STATE_ROUTE"


def test_row_21_static_before_propagated() -> None:
    learned = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"}
    assert yes(with_table(learned, LOCAL_A, OUT_A), NET, PUBLIC)


def test_row_22_a_propagated_route_never_beats_local() -> None:
    learned = {"DestinationCidrBlock": "10.1.2.0/24", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"}
    assert yes(with_table(learned, LOCAL_A, OUT_A), FIRST, "10.1.2.10")


def test_row_23_blackhole_does_not_fall_through() -> None:
    hole = {"DestinationCidrBlock": "0.0.0.0/1", "State": "blackhole", "NatGatewayId": "nat-gone"}
    said = answer(with_table(LOCAL_A, OUT_A, hole), {"internet": True, "address": "9.9.9.9"}, PUBLIC)
    assert said.blocked_by is not None
    assert (said.blocked_by.code, said.blocked_by.direction) == ("BAD_STATE_ROUTE", Direction.BACK)


def test_row_24_effect_of_an_appliance_is_unknown() -> None:
    through = {"DestinationCidrBlock": "0.0.0.0/0", "NetworkInterfaceId": "eni-2"}
    network = with_table(LOCAL_A, through)
    network[INTERFACES]["NetworkInterfaces"][1]["SourceDestCheck"] = False
    said = answer(network, NET, PUBLIC)
    assert said.reachable is None
    assert said.not_known is not None
    assert said.not_known.resource == "eni-2"


def test_row_24_interface_with_source_destination_check_forwards_nothing() -> None:
    through = {"DestinationCidrBlock": "0.0.0.0/0", "NetworkInterfaceId": "eni-2"}
    assert code(with_table(LOCAL_A, through), NET, PUBLIC) == ("ENI_SOURCE_DEST_CHECK_RESTRICTION", Direction.BACK)


def test_row_24_interface_sends_for_another_address_only_without_the_check() -> None:
    forged = {"interface": "eni-1", "address": "10.9.9.9"}
    assert code(two_vpcs(), forged, "10.1.2.10") == ("ENI_SOURCE_DEST_CHECK_RESTRICTION", Direction.THERE)


def test_row_34_stopped_instance_sends_nothing() -> None:
    network = two_vpcs()
    network["ec2-describe-instances"]["Reservations"][0]["Instances"][0]["State"]["Name"] = "stopped"
    assert code(network, {"interface": "eni-1"}, "10.1.2.10") == ("BAD_STATE", Direction.THERE)


def test_row_25_gateway_route_table() -> None:
    table = {"RouteTableId": "rtb-e", "VpcId": "vpc-a", "Associations": [{"GatewayId": "igw-a"}]}
    network = two_vpcs()
    network[TABLES]["RouteTables"].append(table | {"Routes": [LOCAL_A]})
    assert yes(network, NET, PUBLIC)
    through = {"DestinationCidrBlock": "10.1.1.0/24", "NetworkInterfaceId": "eni-2"}
    network[TABLES]["RouteTables"][-1] = table | {"Routes": [LOCAL_A, through]}
    assert answer(network, NET, PUBLIC).reachable is None


def test_row_26_secondary_ranges_of_a_vpc() -> None:
    ranges = [
        {"CidrBlock": "10.2.0.0/16", "CidrBlockState": {"State": "associated"}},
        {"CidrBlock": "100.64.0.0/16", "CidrBlockState": {"State": "associated"}},
    ]
    network = changed(two_vpcs(), "ec2-describe-vpcs", 1, CidrBlockAssociationSet=ranges)
    network["ec2-describe-subnets"]["Subnets"][2]["CidrBlock"] = "100.64.1.0/24"
    network[INTERFACES]["NetworkInterfaces"][2] = interface(3, "100.64.1.10", "subnet-b1", "vpc-b")
    network[TABLES]["RouteTables"][0]["Routes"].append(
        {"DestinationCidrBlock": "100.64.0.0/16", "VpcPeeringConnectionId": "pcx-1"}
    )
    assert yes(network, FIRST, "100.64.1.10", direction="forward")
    gone = [*ranges[:1], {"CidrBlock": "100.64.0.0/16", "CidrBlockState": {"State": "disassociated"}}]
    network["ec2-describe-vpcs"]["Vpcs"][1]["CidrBlockAssociationSet"] = gone
    assert code(network, FIRST, "100.64.1.10", direction="forward")[0] == "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"


def test_row_27_the_answer_needs_a_route_to_the_gateway() -> None:
    assert yes(two_vpcs(), NET, PUBLIC)
    assert code(with_table(LOCAL_A), NET, PUBLIC) == ("NO_ROUTE_TO_DESTINATION", Direction.BACK)
    detached = changed(two_vpcs(), "ec2-describe-internet-gateways", 0, Attachments=[])
    assert code(detached, NET, PUBLIC)[0] == "UNASSOCIATED_COMPONENT"


def nat(state: str = "available") -> Json:
    gateway = {
        "NatGatewayId": "nat-1",
        "SubnetId": "subnet-a1",
        "VpcId": "vpc-a",
        "State": state,
        "NatGatewayAddresses": [{"NetworkInterfaceId": "eni-7", "PrivateIp": "10.1.1.7", "PublicIp": "3.3.3.7"}],
    }
    own = interface(7, "10.1.1.7", "subnet-a1", "vpc-a", InterfaceType="nat_gateway", Groups=[], Attachment={})
    own["PrivateIpAddresses"][0]["Association"] = {"PublicIp": "3.3.3.7"}
    network = two_vpcs() | {"ec2-describe-nat-gateways": {"NatGateways": [gateway]}}
    network[INTERFACES]["NetworkInterfaces"].append(own)
    network[TABLES]["RouteTables"][1]["Routes"].append({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"})
    return network


def test_row_28_answer_through_a_nat_gateway_is_dropped() -> None:
    network = nat()
    second = interface(2, "10.1.2.10", "subnet-a2", "vpc-a")
    second["PrivateIpAddresses"][0]["Association"] = {"PublicIp": "3.3.3.2"}
    network[INTERFACES]["NetworkInterfaces"][1] = second
    assert code(network, NET, "3.3.3.2") == ("CANNOT_ROUTE", Direction.BACK)


def test_row_29_a_default_route_to_nat_makes_no_public_subnet() -> None:
    assert yes(nat(), SECOND, "8.8.8.8", 443)
    assert code(nat(), NET, "10.1.2.10")[0] == "NO_POSSIBLE_DESTINATION"


def six() -> Json:
    network = two_vpcs()
    network["ec2-describe-vpcs"]["Vpcs"][0]["Ipv6CidrBlockAssociationSet"] = [
        {"Ipv6CidrBlock": "2600:1::/56", "Ipv6CidrBlockState": {"State": "associated"}}
    ]
    network["ec2-describe-subnets"]["Subnets"][0]["Ipv6CidrBlockAssociationSet"] = [{"Ipv6CidrBlock": "2600:1::/64"}]
    network[INTERFACES]["NetworkInterfaces"][0]["Ipv6Addresses"] = [{"Ipv6Address": "2600:1::10"}]
    network[TABLES]["RouteTables"][0]["Routes"] += [
        {"DestinationIpv6CidrBlock": "2600:1::/56", "GatewayId": "local"},
        {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-a"},
    ]
    network[GROUPS]["SecurityGroups"][0] = group(1, rule(cidr="::/0"))
    network[ACLS]["NetworkAcls"][0]["Entries"] += [
        entry(101, "allow", cidr="::/0"),
        entry(101, "allow", egress=True, cidr="::/0"),
    ]
    return network


def test_row_10_and_30_ipv6_needs_separate_rules_but_no_association() -> None:
    assert yes(six(), NET, "2600:1::10")
    assert code(six(), NET, PUBLIC)[0] == "ENI_SG_RULES_MISMATCH"


def test_row_30_an_egress_only_gateway_brings_no_answer_to_the_internet() -> None:
    network = six()
    network[TABLES]["RouteTables"][0]["Routes"][-1] = {
        "DestinationIpv6CidrBlock": "::/0",
        "EgressOnlyInternetGatewayId": "eigw-1",
    }
    assert code(network, NET, "2600:1::10") == ("CANNOT_ROUTE", Direction.BACK)
    network[GROUPS]["SecurityGroups"][0]["IpPermissionsEgress"].append(rule("-1", cidr="::/0"))
    assert yes(network, FIRST, "2600::9", 443)


def test_row_31_deny_all_igw_traffic() -> None:
    network = six()
    network[INTERFACES]["NetworkInterfaces"][0]["DenyAllIgwTraffic"] = True
    assert code(network, NET, "2600:1::10")[0] == "IGW_REJECTS_SPOOFED_TRAFFIC"


@pytest.mark.parametrize(("mode", "open_"), [("off", True), ("block-ingress", False), ("block-bidirectional", False)])
def test_row_32_block_public_access(mode: str, *, open_: bool) -> None:
    options = {"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": mode}}
    network = two_vpcs() | {"ec2-describe-vpc-block-public-access-options": options}
    assert yes(network, NET, PUBLIC) is open_
    spared = {
        "ResourceArn": "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-a",
        "InternetGatewayExclusionMode": "allow-bidirectional",
    }
    exclusions = {"VpcBlockPublicAccessExclusions": [spared]}
    assert yes(network | {"ec2-describe-vpc-block-public-access-exclusions": exclusions}, NET, PUBLIC)
    assert any("Block Public Access" in text for text in answer(two_vpcs(), NET, PUBLIC).assumptions)


def test_row_32_exclusion_in_deletion_has_no_effect() -> None:
    spared = {
        "ResourceArn": "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-a",
        "InternetGatewayExclusionMode": "allow-bidirectional",
        "State": "delete-in-progress",
    }
    network = two_vpcs() | {
        "ec2-describe-vpc-block-public-access-options": {
            "VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": "block-bidirectional"}
        },
        "ec2-describe-vpc-block-public-access-exclusions": {"VpcBlockPublicAccessExclusions": [spared]},
    }
    assert code(network, NET, PUBLIC)[0] == "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"


def test_row_33_a_nat_gateway_takes_no_new_flow_and_three_protocols() -> None:
    assert code(nat(), NET, "3.3.3.7")[0] == "NGW_DEST_ADDRESS_PRESERVATION"
    assert code(nat(), SECOND, "8.8.8.8", None, protocol=47)[0] == "PROTOCOL_RESTRICTION"
    assert code(nat("failed"), SECOND, "8.8.8.8")[0] == "BAD_STATE"


def test_row_34_stopped_or_not_attached() -> None:
    stopped = [{"Instances": [{"InstanceId": "i-1", "State": {"Code": 80, "Name": "stopped"}}]}]
    assert code({**two_vpcs(), "ec2-describe-instances": {"Reservations": stopped}}, NET, PUBLIC)[0] == "BAD_STATE"
    loose = changed(two_vpcs(), INTERFACES, 0, Status="available", Attachment={})
    assert code(loose, NET, PUBLIC)[0] == "BAD_STATE_ATTACHMENT"
    elastic = {"Addresses": [{"PublicIp": "3.3.3.99", "AllocationId": "eipalloc-1"}]}
    network = two_vpcs() | {"ec2-describe-addresses": elastic}
    assert code(network, NET, "3.3.3.99")[0] == "IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS"


def test_row_35_an_instance_reaches_its_own_other_interface_without_a_filter() -> None:
    network = with_groups(group(1, egress=[]), group(2))
    network[INTERFACES]["NetworkInterfaces"][1]["Attachment"]["InstanceId"] = "i-1"
    assert yes(network, FIRST, "10.1.2.10")


def test_row_36_peering_is_one_hop_with_a_route_on_both_sides() -> None:
    assert yes(two_vpcs(), FIRST, "10.2.1.10")
    one_sided = two_vpcs()
    one_sided[TABLES]["RouteTables"][2]["Routes"].pop()
    assert code(one_sided, FIRST, "10.2.1.10") == ("NO_ROUTE_TO_DESTINATION", Direction.BACK)
    onward = with_table(LOCAL_A, OUT_A, {"DestinationCidrBlock": "9.9.9.0/24", "VpcPeeringConnectionId": "pcx-1"})
    assert code(onward, FIRST, "9.9.9.9")[0] == "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"
    ended = changed(two_vpcs(), "ec2-describe-vpc-peering-connections", 0, Status={"Code": "deleted"})
    assert code(ended, FIRST, "10.2.1.10")[0] == "BAD_STATE"


def test_row_65_records_of_several_accounts_are_one_resource() -> None:
    network = two_vpcs()
    network[INTERFACES]["NetworkInterfaces"].append(
        deepcopy(network[INTERFACES]["NetworkInterfaces"][0]) | {"Attachment": {"InstanceOwnerId": "2"}, "Groups": []}
    )
    assert yes(network, NET, PUBLIC), "row 64: the record with instance and groups wins"


@pytest.mark.parametrize(
    "operation",
    [ACLS, GROUPS, TABLES, INTERFACES, "ec2-describe-subnets", "ec2-describe-internet-gateways"],
)
@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b'{"Truncated": [',
        b"An error occurred (UnauthorizedOperation) when calling the operation: You are not authorized",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        json.dumps({"NetworkAcls": 5, "SecurityGroups": 5, "RouteTables": 5}).encode(),
    ],
)
def test_uncollected_data_is_unknown_and_names_the_region(operation: str, content: bytes | None) -> None:
    network = without(two_vpcs(), operation) if content is None else two_vpcs() | {operation: content}
    said = answer(network, NET, PUBLIC)
    assert said.reachable is None
    assert said.not_known is not None
    assert "eu-west-1" in said.not_known.reason


def test_blocking_filter_decides_despite_an_unknown_one() -> None:
    network = without(two_vpcs(), ACLS)
    assert code(network, NET, PUBLIC, 443)[0] == "ENI_SG_RULES_MISMATCH"


def test_unowned_private_address_is_unreachable_and_public_one_unknown() -> None:
    assert code(two_vpcs(), FIRST, "10.1.1.99")[0] == "NO_POSSIBLE_DESTINATION"
    assert answer(two_vpcs(), NET, "9.9.9.9").reachable is None
