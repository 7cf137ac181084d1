"""The fast judgement agrees with a solver: some source in the internet reaches a port if and only if z3 finds one.

The rules of groups and ACLs are stated here once more, as formulas over a source address, a port and an ephemeral port.
"""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.test_laws import PORTS, networks
from z3 import ULE, And, BitVec, BitVecVal, BoolVal, If, Not, Or, Solver, sat

from openinspector.network.answer import Leg
from openinspector.network.reach import Reach
from openinspector.network.topology import Topology
from openinspector.testing.network_builders import Json, answer, documents

SPECIAL = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
)
"""No host in the internet has such an address (IANA special-purpose registry, multicast and reserved space)."""
FIRST_EPHEMERAL = 1024


def _inside(address: Any, cidr: str) -> Any:
    network = IPv4Network(cidr)
    mask = BitVecVal(int(network.netmask), 32)
    return (address & mask) == BitVecVal(int(network.network_address), 32)


def _between(port: Any, first: int, last: int) -> Any:
    return And(ULE(BitVecVal(first, 16), port), ULE(port, BitVecVal(last, 16)))


def _group_allows(group: Json, source: Any, port: Any) -> Any:
    allowed = [
        And(
            _inside(source, one["CidrIp"]),
            BoolVal(True) if rule["IpProtocol"] == "-1" else _between(port, rule["FromPort"], rule["ToPort"]),
        )
        for rule in group["IpPermissions"]
        if rule["IpProtocol"] in {"tcp", "-1"}
        for one in rule["IpRanges"]
    ]
    return Or(*allowed) if allowed else BoolVal(False)


def _acl_allows(acl: Json, peer: Any, port: Any, *, egress: bool) -> Any:
    """Return the formula of the first entry that matches; nothing matches the last, which denies."""
    formula = BoolVal(False)
    entries = [one for one in acl["Entries"] if one["Egress"] is egress]
    for entry in sorted(entries, key=lambda one: one["RuleNumber"], reverse=True):
        ports = entry.get("PortRange")
        fits = _between(port, ports["From"], ports["To"]) if ports else BoolVal(True)
        matches = And(_inside(peer, entry["CidrBlock"]), fits)
        formula = If(matches, BoolVal(entry["RuleAction"] == "allow"), formula)
    return formula


def some_source(network: Json, port: int) -> str:
    """Return an address in the internet that reaches a TCP port of i-1; "" if there is none."""
    source, ephemeral = BitVec("source", 32), BitVec("ephemeral", 16)
    acl = network["ec2-describe-network-acls"]["NetworkAcls"][0]
    group = network["ec2-describe-security-groups"]["SecurityGroups"][0]
    solver = Solver()
    solver.add(*(Not(_inside(source, cidr)) for cidr in SPECIAL))
    solver.add(_group_allows(group, source, BitVecVal(port, 16)))
    solver.add(_acl_allows(acl, source, BitVecVal(port, 16), egress=False))
    solver.add(_acl_allows(acl, source, ephemeral, egress=True), ULE(BitVecVal(FIRST_EPHEMERAL, 16), ephemeral))
    if solver.check() != sat:
        return ""
    return str(IPv4Address(solver.model().eval(source, model_completion=True).as_long()))


@settings(max_examples=80, deadline=None)
@given(network=networks(), port=PORTS)
def test_port_is_reachable_if_a_source_exists(network: Json, port: int) -> None:
    found = some_source(network, port)
    topology = Topology(documents(network))
    (judged,) = [one for one in Reach(topology).of(topology.interfaces["eni-1"]) if one.leg is Leg.INTERNET]
    assert judged.not_known is None
    assert bool(judged.tcp >> port & 1) is bool(found), found
    if found:
        assert answer(network, {"internet": True, "address": found}, "3.3.3.3", port).reachable is True


@settings(max_examples=20, deadline=None)
@given(network=networks(), port=st.integers(0, 65535))
def test_question_about_the_internet_agrees(network: Json, port: int) -> None:
    assert answer(network, {"internet": True}, "3.3.3.3", port).reachable is bool(some_source(network, port))
