"""Rows 38 to 62 of reachability-semantics.md: transit gateways, on premises, load balancers, endpoints."""

import pytest

from openinspector.network.answer import Direction, Leg
from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.topology import Topology
from openinspector.testing.balancer_networks import NETWORK as ARN
from openinspector.testing.balancer_networks import TARGETS
from openinspector.testing.balancer_networks import network_balancer as balancer
from openinspector.testing.network_builders import (
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
TABLES = "ec2-describe-route-tables"
INTERFACES = "ec2-describe-network-interfaces"
GROUPS = "ec2-describe-security-groups"


def code(network: Json, source: Json, address: str, port: int | None = 22, **more: object) -> tuple[str, str]:
    said = answer(network, source, address, port, **more)
    assert said.reachable is False, said
    assert said.blocked_by is not None
    return said.blocked_by.code, said.blocked_by.direction


def yes(network: Json, source: Json, address: str, port: int | None = 22, **more: object) -> bool:
    return answer(network, source, address, port, **more).reachable is True


def transit() -> Json:
    """Return vpc-a and vpc-b joined by tgw-1 in place of the peering; both tables propagated."""
    network = two_vpcs()
    for table in network[TABLES]["RouteTables"]:
        for route in table["Routes"]:
            if route.pop("VpcPeeringConnectionId", None):
                route["TransitGatewayId"] = "tgw-1"
    sides = (("a", "subnet-a1"), ("b", "subnet-b1"))
    return network | {
        "ec2-describe-transit-gateways": {"TransitGateways": [{"TransitGatewayId": "tgw-1"}]},
        "ec2-describe-transit-gateway-vpc-attachments": {
            "TransitGatewayVpcAttachments": [
                {
                    "TransitGatewayAttachmentId": f"tgw-attach-{side}",
                    "TransitGatewayId": "tgw-1",
                    "VpcId": f"vpc-{side}",
                    "State": "available",
                    "SubnetIds": [subnet],
                }
                for side, subnet in sides
            ]
        },
        "ec2-describe-transit-gateway-attachments": {
            "TransitGatewayAttachments": [
                {
                    "TransitGatewayAttachmentId": f"tgw-attach-{side}",
                    "TransitGatewayId": "tgw-1",
                    "ResourceId": f"vpc-{side}",
                    "ResourceType": "vpc",
                    "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1"},
                }
                for side, _ in sides
            ]
        },
        "ec2-search-transit-gateway-routes/tgw-rtb-1": {"Routes": []},
        "ec2-get-transit-gateway-route-table-propagations/tgw-rtb-1": {
            "TransitGatewayRouteTablePropagations": [
                {
                    "ResourceId": f"vpc-{side}",
                    "ResourceType": "vpc",
                    "State": "enabled",
                    "TransitGatewayAttachmentId": f"tgw-attach-{side}",
                }
                for side, _ in sides
            ]
        },
    }


def test_row_06_a_group_of_another_vpc_needs_referencing_support() -> None:
    by_group = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": "sg-1"}]}
    network = transit()
    network[GROUPS]["SecurityGroups"][2] = group(3, by_group)
    assert code(network, FIRST, "10.2.1.10")[0] == "ENI_SG_RULES_MISMATCH"
    options = {"SecurityGroupReferencingSupport": "enable"}
    network["ec2-describe-transit-gateways"]["TransitGateways"][0]["Options"] = options
    for attachment in network["ec2-describe-transit-gateway-vpc-attachments"]["TransitGatewayVpcAttachments"]:
        attachment["Options"] = options
    assert yes(network, FIRST, "10.2.1.10")


def test_row_38_the_zone_of_the_source_needs_an_attachment() -> None:
    assert yes(transit(), FIRST, "10.2.1.10")
    network = transit()
    network["ec2-describe-subnets"]["Subnets"][0]["AvailabilityZone"] = "eu-west-1b"
    attachments = network["ec2-describe-transit-gateway-vpc-attachments"]["TransitGatewayVpcAttachments"]
    attachments[0]["SubnetIds"] = ["subnet-a2"]
    assert code(network, FIRST, "10.2.1.10") == ("TGW_ATTACH_VPC_AZ_RESTRICTION", Direction.THERE)
    assert code(network, {"interface": "eni-3"}, "10.1.1.10") == ("TGW_ATTACH_VPC_AZ_RESTRICTION", Direction.BACK)


def test_row_39_static_routes_and_blackholes_of_the_associated_table() -> None:
    network = transit()
    hole = {"DestinationCidrBlock": "10.2.0.0/16", "State": "blackhole", "Type": "static"}
    network["ec2-search-transit-gateway-routes/tgw-rtb-1"] = {"Routes": [hole]}
    assert code(network, FIRST, "10.2.1.10")[0] == "TGW_RTB_BAD_STATE_ROUTE"
    none = transit()
    none["ec2-get-transit-gateway-route-table-propagations/tgw-rtb-1"] = {"TransitGatewayRouteTablePropagations": []}
    assert code(none, FIRST, "10.2.1.10")[0] == "TGW_RTB_CANNOT_ROUTE"


def test_row_40_and_41_acls_of_attachment_subnets() -> None:
    network = transit()
    network["ec2-describe-transit-gateway-vpc-attachments"]["TransitGatewayVpcAttachments"][0]["SubnetIds"] = [
        "subnet-a2"
    ]
    own = open_acl("vpc-a") | {"NetworkAclId": "acl-2", "IsDefault": False}
    own |= {"Associations": [{"SubnetId": "subnet-a2"}], "Entries": [entry(100, "allow", egress=True)]}
    network["ec2-describe-network-acls"]["NetworkAcls"].append(own)
    assert code(network, FIRST, "10.2.1.10") == ("SUBNET_ACL_RESTRICTION", Direction.THERE)
    own["Entries"] = [entry(100, "allow")]
    assert code(network, FIRST, "10.2.1.10") == ("SUBNET_ACL_RESTRICTION", Direction.BACK)


def test_row_41_host_and_attachment_in_one_subnet_meet_acls_only_towards_the_gateway() -> None:
    network = transit()
    acl = open_acl("vpc-b") | {"Entries": [entry(100, "allow", cidr="10.2.1.0/24"), entry(100, "allow", egress=True)]}
    network["ec2-describe-network-acls"]["NetworkAcls"][1] = acl
    assert yes(network, FIRST, "10.2.1.10")
    acl["Entries"] = [entry(100, "allow", cidr="10.1.0.0/16"), entry(100, "allow", egress=True)]
    assert code(network, FIRST, "10.2.1.10") == ("SUBNET_ACL_RESTRICTION", Direction.BACK)


def test_row_38_zones_of_two_accounts_are_compared_by_id() -> None:
    network = transit()
    for subnet, zone in zip(network["ec2-describe-subnets"]["Subnets"], "aab", strict=True):
        subnet |= {"AvailabilityZone": f"eu-west-1{zone}", "AvailabilityZoneId": "euw1-az1"}
    assert yes(network, FIRST, "10.2.1.10")


def test_row_39_attachment_that_is_being_deleted_delivers_nothing() -> None:
    network = transit()
    attachments = network["ec2-describe-transit-gateway-vpc-attachments"]["TransitGatewayVpcAttachments"]
    attachments[1]["State"] = "deleting"
    assert code(network, FIRST, "10.2.1.10") == ("BAD_STATE_ATTACHMENT", Direction.THERE)


def test_row_45_and_49_routes_learned_from_outside_are_unknown() -> None:
    network = transit()
    network["ec2-get-transit-gateway-route-table-propagations/tgw-rtb-1"] = {
        "TransitGatewayRouteTablePropagations": [
            {"ResourceId": "vpn-1", "ResourceType": "vpn", "TransitGatewayAttachmentId": "tgw-attach-v"}
        ]
    }
    said = answer(network, FIRST, "10.2.1.10")
    assert said.reachable is None
    assert said.not_known is not None
    assert "vpn-1" in said.not_known.reason


def vpn(*, static: bool = True) -> Json:
    network = two_vpcs()
    network[TABLES]["RouteTables"][0]["Routes"].append(
        {"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vgw-1", "State": "active"}
    )
    connection: Json = {"VpnConnectionId": "vpn-1", "VpnGatewayId": "vgw-1", "Options": {"StaticRoutesOnly": static}}
    connection["Routes"] = [{"DestinationCidrBlock": "192.168.1.0/24", "State": "available"}] if static else []
    attachments = [{"VpcId": "vpc-a", "State": "attached"}]
    return network | {
        "ec2-describe-vpn-gateways": {"VpnGateways": [{"VpnGatewayId": "vgw-1", "VpcAttachments": attachments}]},
        "ec2-describe-vpn-connections": {"VpnConnections": [connection]},
        "directconnect-describe-virtual-interfaces": {"virtualInterfaces": []},
        "directconnect-describe-direct-connect-gateways": {"directConnectGateways": []},
    }


@pytest.mark.parametrize(
    "operation",
    [
        "ec2-describe-vpn-connections",
        "directconnect-describe-virtual-interfaces",
        "directconnect-describe-direct-connect-gateways",
    ],
)
def test_row_48_without_the_reads_of_vpn_and_direct_connect_the_way_out_is_unknown(operation: str) -> None:
    said = answer(without(vpn(), operation), FIRST, "192.168.2.1")
    assert said.reachable is None
    assert said.not_known is not None
    assert operation.replace("-", " ", 1) in said.not_known.reason
    listed = {"directConnectGateways": [{"directConnectGatewayId": "dx-1"}]}
    network = vpn() | {"directconnect-describe-direct-connect-gateways": listed}
    assert answer(network, FIRST, "192.168.2.1").reachable is None


@pytest.mark.parametrize("gateway", ["vgw-1", "vpn-1"])
def test_row_46_the_answer_needs_a_route_to_the_gateway(gateway: str) -> None:
    source = {"gateway": gateway, "address": "192.168.1.1"}
    assert yes(vpn(), source, "10.1.1.10")
    network = vpn()
    network[TABLES]["RouteTables"][0]["Routes"].pop()
    assert code(network, source, "10.1.1.10") == ("IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS", Direction.BACK)
    assert code(vpn(), FIRST, "192.168.2.1")[0] == "CANNOT_ROUTE"
    assert yes(vpn(), FIRST, "192.168.1.1")
    assert answer(vpn(static=False), FIRST, "192.168.1.1").reachable is None


def test_row_47_a_virtual_private_gateway_carries_nothing_on() -> None:
    assert code(vpn(), {"gateway": "vgw-1"}, "10.2.1.10")[0] == "CANNOT_ROUTE"
    assert code(vpn(), {"gateway": "vgw-1"}, "8.8.8.8")[0] == "CANNOT_ROUTE"


def test_row_50_and_55_a_listener_leads_to_the_port_of_the_target() -> None:
    said = answer(balancer(), NET, "3.3.3.80", 80)
    assert said.reachable is True, said
    assert [hop.resource for hop in said.path if hop.action == "deliver"] == ["i-2"]
    assert said.ports == 1 << 8080


def test_row_50_target_names_the_group_of_a_balancer_that_keeps_the_client() -> None:
    network = balancer(cidr="10.1.1.0/24")
    network[INTERFACES]["NetworkInterfaces"][3]["Groups"] = [{"GroupId": "sg-8"}]
    groups = network[GROUPS]["SecurityGroups"]
    groups.append(group(8, rule("tcp", 80, 80)))
    # The target sees the client, not the balancer's own address.
    assert code(network, NET, "3.3.3.80", 80)[0] == "ENI_SG_RULES_MISMATCH"
    groups[1]["IpPermissions"].append(
        {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": [{"GroupId": "sg-8"}]}
    )
    assert yes(network, NET, "3.3.3.80", 80)


def test_row_51_the_target_sees_the_client_or_the_balancer() -> None:
    assert yes(balancer("instance", cidr="8.0.0.0/8"), NET, "3.3.3.80", 80)
    assert code(balancer("ip", cidr="8.0.0.0/8"), NET, "3.3.3.80", 80)[0] == "ENI_SG_RULES_MISMATCH"
    assert yes(balancer("ip", cidr="10.1.1.80/32"), NET, "3.3.3.80", 80)
    kept = {"Attributes": [{"Key": "preserve_client_ip.enabled", "Value": "true"}]}
    network = balancer("ip", cidr="8.0.0.0/8") | {f"elbv2-describe-target-group-attributes/{TARGETS}": kept}
    assert yes(network, NET, "3.3.3.80", 80)


def test_row_52_only_targets_of_the_zone_without_cross_zone() -> None:
    network = balancer()
    zones = network["elbv2-describe-load-balancers"]["LoadBalancers"][0]["AvailabilityZones"]
    zones.append({"ZoneName": "eu-west-1b", "SubnetId": "subnet-a2"})
    network[INTERFACES]["NetworkInterfaces"][1]["AvailabilityZone"] = "eu-west-1b"
    off = {"Attributes": [{"Key": "load_balancing.cross_zone.enabled", "Value": "false"}]}
    attributes = f"elbv2-describe-load-balancer-attributes/{ARN}"
    assert code(network | {attributes: off}, NET, "3.3.3.80", 80)[0] == "ELB_NOT_CROSSZONE"
    on = {"Attributes": [{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]}
    assert yes(network | {attributes: on}, NET, "3.3.3.80", 80)


def test_row_52_only_targets_of_enabled_zones() -> None:
    network = balancer()
    network[INTERFACES]["NetworkInterfaces"][1]["AvailabilityZone"] = "eu-west-1c"
    assert code(network, NET, "3.3.3.80", 80)[0] == "ELB_INSTALLED_AZ_RESTRICTION"


def test_row_53_all_targets_are_served_if_none_is_healthy() -> None:
    assert yes(balancer(health="unhealthy"), NET, "3.3.3.80", 80)


def test_row_54_client_that_is_also_the_target_times_out() -> None:
    assert code(balancer(), {"interface": "eni-2"}, "10.1.1.80", 80)[0] == "TARGET_ADDRESS_RESTRICTION"


def test_row_56_no_listener_for_the_port_or_ping() -> None:
    assert code(balancer(), NET, "3.3.3.80", 81)[0] == "ELB_LISTENERS_MISMATCH"
    assert code(balancer(), NET, "3.3.3.80", None, protocol="icmp")[0] == "ELB_LISTENERS_MISMATCH"


def test_a_load_balancer_that_was_not_collected_is_not_known() -> None:
    for operation in (f"elbv2-describe-listeners/{ARN}", "elbv2-describe-load-balancers"):
        network = balancer()
        del network[operation]
        assert answer(network, NET, "3.3.3.80", 80).reachable is None


def classic() -> Json:
    node = interface(1, "10.1.1.80", "subnet-a1", "vpc-a", Attachment={}, Description="ELB web")
    node["NetworkInterfaceId"] = "eni-8"
    node["PrivateIpAddresses"][0]["Association"] = {"PublicIp": "3.3.3.80"}
    network = two_vpcs()
    network[INTERFACES]["NetworkInterfaces"].append(node)
    listener = {"Listener": {"LoadBalancerPort": 22, "InstancePort": 8080}}
    web = {"LoadBalancerName": "web", "VPCId": "vpc-a", "ListenerDescriptions": [listener]}
    return network | {"elb-describe-load-balancers": {"LoadBalancerDescriptions": [web]}}


def test_row_57_a_proxy_ends_the_connection_of_the_client() -> None:
    assert yes(classic(), NET, "3.3.3.80", 22)
    network = classic()
    network[GROUPS]["SecurityGroups"][0] = group(1)
    assert code(network, NET, "3.3.3.80", 22)[0] == "ENI_SG_RULES_MISMATCH"
    assert code(classic(), NET, "3.3.3.80", 443)[0] == "ENI_SG_RULES_MISMATCH"


def test_row_61_a_gateway_endpoint_is_a_prefix_list_route() -> None:
    network = two_vpcs() | {
        "ec2-describe-prefix-lists": {"PrefixLists": [{"PrefixListId": "pl-s3", "Cidrs": ["52.216.0.0/15"]}]}
    }
    network[TABLES]["RouteTables"][1]["Routes"].append(
        {"DestinationPrefixListId": "pl-s3", "GatewayId": "vpce-1", "State": "active"}
    )
    assert yes(network, {"interface": "eni-2"}, "52.216.1.1", 443)
    assert code(network, {"interface": "eni-2"}, "52.218.1.1", 443)[0] == "NO_ROUTE_TO_DESTINATION"


def test_row_62_an_interface_endpoint_answers_443() -> None:
    network = two_vpcs()
    network[INTERFACES]["NetworkInterfaces"].append(
        interface(9, "10.1.2.99", "subnet-a2", "vpc-a", InterfaceType="vpc_endpoint", Attachment={})
    )
    network[GROUPS]["SecurityGroups"].append(group(9, rule("-1")))
    endpoint = {
        "VpcEndpointId": "vpce-1",
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.eu-west-1.sts",
        "NetworkInterfaceIds": ["eni-9"],
    }
    network |= {"ec2-describe-vpc-endpoints": {"VpcEndpoints": [endpoint]}}
    assert yes(network, FIRST, "10.1.2.99", 443)
    assert code(network, FIRST, "10.1.2.99", 80)[0] == "TARGET_PORT_RESTRICTION"


def test_row_63_unmodelled_resources_are_unknown() -> None:
    network = two_vpcs()
    network[TABLES]["RouteTables"][1]["Routes"].append(
        {"DestinationCidrBlock": "0.0.0.0/0", "CoreNetworkArn": "arn:aws:networkmanager::1:core-network/c"}
    )
    assert answer(network, {"interface": "eni-2"}, "8.8.8.8", 443).reachable is None


def test_row_42_the_table_of_the_attachment_subnet_sends_the_packet_on() -> None:
    network = transit()
    attachments = network["ec2-describe-transit-gateway-vpc-attachments"]["TransitGatewayVpcAttachments"]
    attachments[1]["SubnetIds"] = ["subnet-b2"]
    network["ec2-describe-subnets"]["Subnets"].append(
        {"SubnetId": "subnet-b2", "VpcId": "vpc-b", "CidrBlock": "10.2.2.0/24", "AvailabilityZone": "eu-west-1a"}
    )
    assert yes(network, FIRST, "10.2.1.10")
    hole = {"DestinationCidrBlock": "10.2.1.0/24", "NetworkInterfaceId": "eni-9", "State": "blackhole"}
    own = {"RouteTableId": "rtb-b2", "VpcId": "vpc-b", "Associations": [{"SubnetId": "subnet-b2"}], "Routes": [hole]}
    network[TABLES]["RouteTables"].append(own)
    assert code(network, FIRST, "10.2.1.10") == ("BAD_STATE_ROUTE", Direction.THERE)


def test_row_43_a_peering_attachment_brings_no_propagated_routes() -> None:
    network = transit()
    network["ec2-get-transit-gateway-route-table-propagations/tgw-rtb-1"] = {
        "TransitGatewayRouteTablePropagations": [
            {"ResourceId": "tgw-2", "ResourceType": "peering", "TransitGatewayAttachmentId": "tgw-attach-p"}
        ]
    }
    assert code(network, FIRST, "10.2.1.10")[0] == "TGW_RTB_CANNOT_ROUTE"


def test_row_44_a_stateful_appliance_behind_a_transit_gateway_is_not_known() -> None:
    network = transit()
    attachments = network["ec2-describe-transit-gateway-vpc-attachments"]["TransitGatewayVpcAttachments"]
    attachments[1]["Options"] = {"ApplianceModeSupport": "enable"}
    to_appliance = {"DestinationCidrBlock": "10.2.1.0/24", "GatewayId": "vpce-1"}
    network[TABLES]["RouteTables"][2]["Routes"].append(to_appliance)
    said = answer(network, FIRST, "10.2.1.10")
    assert said.reachable is None
    assert said.not_known is not None
    assert said.not_known.resource == "vpce-1"


def direct_connect(*allowed: str) -> Json:
    network = vpn()
    network |= {"ec2-describe-vpn-connections": {"VpnConnections": []}}
    association = {
        "directConnectGatewayId": "dxgw-1",
        "associationState": "associated",
        "associatedGateway": {"id": "vgw-1", "type": "virtualPrivateGateway"},
        "allowedPrefixesToDirectConnectGateway": [{"cidr": cidr} for cidr in allowed],
    }
    private = {"virtualInterfaceId": "dxvif-1", "directConnectGatewayId": "dxgw-1"}
    return network | {
        "directconnect-describe-virtual-interfaces": {"virtualInterfaces": [private]},
        "directconnect-describe-direct-connect-gateway-associations/dxgw-1": {
            "directConnectGatewayAssociations": [association]
        },
    }


def test_row_48_allowed_prefixes_limit_direct_connect() -> None:
    source = {"gateway": "dxvif-1", "address": "192.168.1.1"}
    assert yes(direct_connect("10.1.0.0/16"), source, "10.1.1.10")
    assert code(direct_connect("10.9.0.0/16"), source, "10.1.1.10") == ("CANNOT_ROUTE", Direction.THERE)


def test_row_48_vpcs_behind_one_direct_connect_gateway_do_not_reach_each_other() -> None:
    network = direct_connect("10.1.0.0/16", "10.2.0.0/16")
    network[TABLES]["RouteTables"][0]["Routes"][1] = {"DestinationCidrBlock": "10.2.0.0/16", "GatewayId": "vgw-1"}
    second = {"VpnGatewayId": "vgw-2", "VpcAttachments": [{"VpcId": "vpc-b", "State": "attached"}]}
    network["ec2-describe-vpn-gateways"]["VpnGateways"].append(second)
    associations = network["directconnect-describe-direct-connect-gateway-associations/dxgw-1"]
    (own,) = associations["directConnectGatewayAssociations"]
    associations["directConnectGatewayAssociations"].append(own | {"associatedGateway": {"id": "vgw-2"}})
    assert code(network, FIRST, "10.2.1.10") == ("CANNOT_ROUTE", Direction.THERE)


@pytest.mark.parametrize(
    "more",
    [{"InterfaceType": "global_accelerator_managed"}, {"InterfaceType": "ec2_instance_connect_endpoint"}],
)
def test_row_63_services_that_are_not_modelled_leave_the_internet_unknown(more: Json) -> None:
    network = two_vpcs()
    assert answer(network, NET, "", destination={"instance": "i-2"}).reachable is False
    network[INTERFACES]["NetworkInterfaces"].append(
        interface(9, "10.1.2.90", "subnet-a2", "vpc-a", Attachment={}, Groups=[], **more)
    )
    said = answer(network, NET, "", destination={"instance": "i-2"})
    assert said.reachable is None
    assert said.not_known is not None
    assert said.not_known.resource == "eni-9"
    assert REGION in said.not_known.reason


def test_row_63_client_vpn_is_an_exclusion_of_the_vpn_leg() -> None:
    network = two_vpcs()
    network[INTERFACES]["NetworkInterfaces"].append(
        interface(9, "10.1.2.90", "subnet-a2", "vpc-a", Attachment={}, Description="ClientVPN Endpoint resource")
    )
    judged = JudgedNetwork(Topology(documents(network))).of_instance("i-2")
    assert [(one.resource, one.exclusion) for one in judged.not_known] == [("eni-9", Leg.VPN)]
