"""Laws of every network: rules only do what they say, order changes nothing, and no bytes crash the reader."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.network.packet_filter import ALL_PORTS, TCP, Packet, judge_acl, judge_groups
from openinspector.network.question import ask, parse_question
from openinspector.network.topology import Topology, parse_address
from openinspector.testing.network_builders import Json, answer, documents, entry, group, open_acl, rule, two_vpcs

NET = {"internet": True}
PUBLIC = "3.3.3.3"
CIDRS = st.sampled_from(
    ["0.0.0.0/0", "8.0.0.0/8", "8.8.8.0/24", "9.0.0.0/9", "10.1.0.0/16", "10.1.2.0/24", "8.8.8.8/32"]
)
PORTS = st.sampled_from([0, 21, 22, 23, 443, 1023, 1024, 32768, 65535])
SOURCES: list[Json] = [
    NET,
    {"internet": True, "address": "9.1.1.1"},
    {"interface": "eni-2"},
    {"interface": "eni-3"},
]


@st.composite
def rules(draw: st.DrawFn) -> Json:
    first, last = sorted((draw(PORTS), draw(PORTS)))
    return rule(draw(st.sampled_from(["tcp", "udp", "-1"])), first, last, draw(CIDRS))


@st.composite
def entries(draw: st.DrawFn) -> Json:
    first, last = sorted((draw(PORTS), draw(PORTS)))
    ported: dict[str, Any] = {"Protocol": "6", "PortRange": {"From": first, "To": last}}
    number, action, egress = draw(st.integers(1, 99)), draw(st.sampled_from(["allow", "deny"])), draw(st.booleans())
    return entry(number, action, egress=egress, cidr=draw(CIDRS), **(ported if draw(st.booleans()) else {}))


def unique(found: list[Json]) -> list[Json]:
    return list({(one["RuleNumber"], one["Egress"]): one for one in found}.values())


@st.composite
def networks(draw: st.DrawFn) -> Json:
    network = two_vpcs()
    groups = [group(number, *draw(st.lists(rules(), max_size=4))) for number in (1, 2, 3)]
    acl = open_acl("vpc-a")
    acl["Entries"] = unique([*acl["Entries"], *draw(st.lists(entries(), max_size=5))])
    network["ec2-describe-security-groups"]["SecurityGroups"] = groups
    network["ec2-describe-network-acls"]["NetworkAcls"][0] = acl
    return network


def opens(network: Json, source: Json, port: int) -> bool | None:
    address = PUBLIC if "internet" in source else "10.1.1.10"
    return answer(network, source, address, port).reachable


@given(network=networks(), source=st.sampled_from(SOURCES), port=PORTS)
def test_removing_an_allow_rule_never_opens(network: Json, source: Json, port: int) -> None:
    before = opens(network, source, port)
    permissions = network["ec2-describe-security-groups"]["SecurityGroups"][0]["IpPermissions"]
    if permissions:
        permissions.pop()
    assert before or not opens(network, source, port)


@given(network=networks(), denied=entries(), source=st.sampled_from(SOURCES), port=PORTS)
def test_adding_a_deny_rule_never_opens(network: Json, denied: Json, source: Json, port: int) -> None:
    before = opens(network, source, port)
    acl = network["ec2-describe-network-acls"]["NetworkAcls"][0]
    acl["Entries"] = unique([denied | {"RuleAction": "deny"}, *acl["Entries"]])
    taken = {(one["RuleNumber"], one["Egress"]) for one in acl["Entries"] if one["RuleAction"] == "allow"}
    if (denied["RuleNumber"], denied["Egress"]) not in taken:
        assert before or not opens(network, source, port)


@given(network=networks(), source=st.sampled_from(SOURCES), port=PORTS, random=st.randoms())
def test_order_of_independent_resources_changes_nothing(network: Json, source: Json, port: int, random: Any) -> None:
    before = opens(network, source, port)
    for content in network.values():
        for items in content.values():
            random.shuffle(items)
    for acl in network["ec2-describe-network-acls"]["NetworkAcls"]:
        random.shuffle(acl["Entries"])
    assert opens(network, source, port) is before


@given(network=networks(), port=PORTS, source=st.sampled_from(["8.8.8.8", "9.1.1.1", "10.1.2.10"]))
def test_all_ports_at_once_agree_with_one_port_at_a_time(network: Json, port: int, source: str) -> None:
    topology = Topology(documents(network))
    address, inner = parse_address(source), parse_address("10.1.1.10")
    assert address is not None
    assert inner is not None
    every = Packet(source=address, destination=inner, protocol=TCP, ports=ALL_PORTS)
    one = Packet(source=address, destination=inner, protocol=TCP, ports=1 << port)
    acl = topology.default_acl["vpc-a"]
    assert judge_acl(acl, one, egress=False).ports == judge_acl(acl, every, egress=False).ports & 1 << port
    assert (
        judge_groups(topology, ("sg-1",), one, egress=False).ports
        == judge_groups(topology, ("sg-1",), every, egress=False).ports & 1 << port
    )


@given(network=networks(), port=PORTS)
def test_any_source_of_the_internet_is_found_if_one_gets_through(network: Json, port: int) -> None:
    probed = [opens(network, {"internet": True, "address": one}, port) for one in ("8.8.8.8", "8.8.9.1", "9.1.1.1")]
    if any(probed):
        assert opens(network, NET, port)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=300)
@given(data=st.data())
def test_no_document_crashes_the_reader(data: st.DataObject) -> None:
    network = two_vpcs()
    operation = data.draw(st.sampled_from(sorted(network)))
    ((key, items),) = network[operation].items()
    whole = json.dumps(network[operation]).encode()
    cut = st.integers(0, len(whole)).map(lambda end: whole[:end])
    item: Json = dict(items[0]) if items else {}
    field = data.draw(st.sampled_from(sorted(item) or ["x"]))
    odd = JSON.map(lambda value: json.dumps({key: [item | {field: value}]}).encode())
    network[operation] = data.draw(cut | odd | st.binary(max_size=40))
    answer(network, NET, PUBLIC)


def test_route_cycles_terminate() -> None:
    circle = {
        "ec2-describe-transit-gateways": {
            "TransitGateways": [{"TransitGatewayId": name} for name in ("tgw-1", "tgw-2")]
        },
        "ec2-describe-transit-gateway-vpc-attachments": {
            "TransitGatewayVpcAttachments": [
                {
                    "TransitGatewayAttachmentId": "tgw-attach-a",
                    "TransitGatewayId": "tgw-1",
                    "VpcId": "vpc-a",
                    "SubnetIds": ["subnet-a1"],
                }
            ]
        },
        "ec2-describe-transit-gateway-attachments": {
            "TransitGatewayAttachments": [
                {
                    "TransitGatewayAttachmentId": name,
                    "TransitGatewayId": gateway,
                    "ResourceType": kind,
                    "Association": {"TransitGatewayRouteTableId": f"rtb-{gateway}"},
                }
                for name, gateway, kind in (
                    ("tgw-attach-a", "tgw-1", "vpc"),
                    ("tgw-attach-p", "tgw-1", "peering"),
                    ("tgw-attach-p", "tgw-2", "peering"),
                )
            ]
        },
    }
    onward = {"TransitGatewayAttachmentId": "tgw-attach-p", "ResourceType": "peering"}
    for gateway in ("tgw-1", "tgw-2"):
        circle[f"ec2-search-transit-gateway-routes/rtb-{gateway}"] = {
            "Routes": [{"DestinationCidrBlock": "10.9.0.0/16", "TransitGatewayAttachments": [onward]}]
        }
        circle[f"ec2-get-transit-gateway-route-table-propagations/rtb-{gateway}"] = {
            "TransitGatewayRouteTablePropagations": []
        }
    network = two_vpcs() | circle
    network["ec2-describe-route-tables"]["RouteTables"][0]["Routes"].append(
        {"DestinationCidrBlock": "10.9.0.0/16", "TransitGatewayId": "tgw-1"}
    )
    line = {
        "protocol": "tcp",
        "port": 22,
        "source": {"interface": "eni-1"},
        "destination": {"address": "10.9.1.1"},
    }
    said = ask(Topology(documents(network)), parse_question(json.dumps(line).encode()))
    assert said.blocked_by is not None
    assert said.blocked_by.code == "NO_PATH"
