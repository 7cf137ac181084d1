"""Findings F5.46 to F5.57: kinds, names, severities, attributes, and the rule to change."""

import random
from collections.abc import Callable, Iterable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.model.finding import Severity
from openinspector.model.inventory import ListeningPort, TransportProtocol
from openinspector.network.exposure import Listeners, ReachableExposure, RuleType, SourceClass, closed_by, closers
from openinspector.network.exposure_text import attributes, description, recommendation, rule_name, title
from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.recognized_port import RECOGNIZED_PORTS, severity_of
from openinspector.network.simulation import add_rule, remove_rule
from openinspector.network.topology import Topology
from openinspector.testing.network_builders import Json, documents, group, rule, two_vpcs, without
from openinspector.testing.network_generator import dual_stack_network, generated_network
from openinspector.testing.rich_network import rich_network

GROUPS = "ec2-describe-security-groups"


def found(network: Json, listeners: Listeners | None = None) -> list[ReachableExposure]:
    return list(JudgedNetwork(Topology(documents(network))).whole(listeners or {}).exposures)


def ports(
    network: Json, listeners: Listeners | None = None, route: SourceClass = SourceClass.INTERNET
) -> dict[int, ReachableExposure]:
    return {one.port: one for one in found(network, listeners) if one.port is not None and one.route is route}


def heard(port: int, address: str = "0.0.0.0") -> ListeningPort:
    return ListeningPort(
        transport=TransportProtocol.TCP, ip_version=4, address=address, port=port, process_id=7, process_name="sshd"
    )


def with_ingress(*rules: Json) -> Json:
    network = two_vpcs()
    network[GROUPS]["SecurityGroups"][0] = group(1, *rules)
    return network


def test_f5_47_three_variants_of_a_recognized_port() -> None:
    assert ports(two_vpcs())[22].rule_type is RuleType.NO_AGENT
    assert ports(two_vpcs(), {"i-1": []})[22].rule_type is RuleType.NO_LISTENER
    assert ports(two_vpcs(), {"i-1": [heard(22)]})[22].rule_type is RuleType.WITH_LISTENER
    assert ports(two_vpcs(), {"i-1": [heard(22, "127.0.0.1")]})[22].rule_type is RuleType.NO_LISTENER
    assert ports(two_vpcs(), {"i-1": [heard(22, "10.1.1.10")]})[22].rule_type is RuleType.WITH_LISTENER


def test_f5_49_an_unrecognized_port_needs_a_listener() -> None:
    network = with_ingress(rule("tcp", 8000, 9000))
    assert 8443 not in ports(network, {"i-1": []})
    one = ports(network, {"i-1": [heard(8443)]})[8443]
    assert (one.rule_type, one.severity) == (RuleType.UNRECOGNIZED, Severity.LOW)


@pytest.mark.parametrize(
    ("service", "agent", "listener", "severity"),
    [
        ("SSH", True, True, Severity.MEDIUM),
        ("PostgreSQL", True, True, Severity.HIGH),
        ("PostgreSQL", False, False, Severity.MEDIUM),
        ("SSH", True, False, Severity.LOW),
        ("HTTP", True, True, Severity.INFORMATIONAL),
        ("HTTPS", False, False, Severity.INFORMATIONAL),
    ],
)
def test_f5_48_severities(service: str, severity: Severity, *, agent: bool, listener: bool) -> None:
    assert severity_of(service, agent=agent, listener=listener) is severity


def test_f5_60_and_61_ports_of_the_table() -> None:
    assert RECOGNIZED_PORTS[6, 111] == RECOGNIZED_PORTS[17, 111] == "RPC"
    assert (6, 138) not in RECOGNIZED_PORTS
    assert RECOGNIZED_PORTS[17, 514] == "Syslog"
    assert (6, 514) not in RECOGNIZED_PORTS


def test_f5_50_the_aggregate_lists_ranges_of_an_interface() -> None:
    network = with_ingress(rule("tcp", 20, 30), rule("udp", 53, 53))
    (one,) = [e for e in found(network) if e.rule_type is RuleType.EXPOSURE and e.route is SourceClass.INTERNET]
    assert one.ports == (("TCP", 20, 30), ("UDP", 53, 53))
    assert title(one).startswith("Aggregate network exposure")
    assert rule_name(one) == "Network exposure from the internet"


def test_f5_51_and_56_names_and_attributes() -> None:
    one = ports(two_vpcs())[22]
    assert rule_name(one) == "Recognized port reachable from internet"
    assert {a.key: a.value for a in attributes(one) if a.key != "SOURCES"} == {
        "VPC": "vpc-a",
        "ACL": "acl-vpc-a",
        "PROTOCOL": "TCP",
        "RULE_TYPE": "RecognizedPortNoAgent",
        "INSTANCE_ID": "i-1",
        "PORT_GROUP_NAME": "SSH",
        "IGW": "igw-a",
        "SECURITY_GROUP": "sg-1",
        "ENI": "eni-1",
        "REACHABILITY_TYPE": "Internet",
        "PORT": "22",
        "SCOPE": "any",
    }
    assert "Install the agent" in description(one)
    peer = ports(two_vpcs(), route=SourceClass.PEERED_VPC)[22]
    assert rule_name(peer) == "Recognized port reachable from a Peered VPC"
    assert {"PEERED_VPC": "pcx-1"}.items() <= {a.key: a.value for a in attributes(peer)}.items()


def test_scope_of_the_sources() -> None:
    assert ports(with_ingress(rule(cidr="8.8.8.8/32")))[22].scope == "narrow"
    assert ports(with_ingress(rule(cidr="8.0.0.0/8")))[22].scope == "wide"


def test_the_path_of_a_finding_gets_through() -> None:
    answers = [one.answer for one in found(two_vpcs()) if one.port is not None]
    assert answers
    assert all(answer is not None and answer.reachable for answer in answers)


def test_f5_55_the_rule_that_closes_the_most_and_its_removal_proves_it() -> None:
    network = with_ingress(rule("tcp", 22, 22, "8.8.8.8/32"), rule("tcp", 20, 30, "9.9.9.9/32"), rule("tcp", 80, 80))
    topology = Topology(documents(network))
    before = JudgedNetwork(topology).whole().exposures
    closing = closers(before)
    texts = {(e.port, e.route): recommendation(e, closing) for e in before if e.port}
    assert "remove both rules sg-1/ingress/0 and sg-1/ingress/1" in texts[22, SourceClass.INTERNET]
    assert "remove rule sg-1/ingress/2" in texts[80, SourceClass.INTERNET]
    assert "Its removal closes 1 other finding too." in texts[80, SourceClass.INTERNET]
    for cut in closers(before):
        left = {e.key for e in after_removal(network, cut)}
        gone = {e.key for e in before if e.port is not None} - left
        assert gone == {e.key for e in closed_by(cut, closing)}, cut


def after_removal(network: Json, rules: Iterable[str], instance: str = "") -> tuple[ReachableExposure, ...]:
    changed = Topology(documents(network))
    assert all(remove_rule(changed, rule_) for rule_ in rules)
    judged = JudgedNetwork(changed)
    return (judged.of_instance(instance) if instance else judged.whole()).exposures


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), make=st.sampled_from([generated_network, dual_stack_network, rich_network]))
def test_f5_55_closers_close_and_no_other_one_or_two_rules_do(seed: int, make: Callable[[int], Json]) -> None:
    network = make(seed)
    before = JudgedNetwork(Topology(documents(network))).whole().exposures
    found = [e for e in before if e.port is not None and e.rules]
    for exposure in random.Random(seed).sample(found, min(3, len(found))):
        for size in (1, 2):
            for cut in combinations(sorted(exposure.rules), size):
                gone = exposure.key not in {e.key for e in after_removal(network, cut, exposure.instance)}
                closes = any(set(closer) <= set(cut) for closer in exposure.cuts)
                assert gone is closes, (exposure.key, cut, exposure.cuts)


def test_an_added_rule_opens() -> None:
    topology = Topology(documents(two_vpcs()))
    assert add_rule(topology, "sg-1/ingress/tcp/3389/0.0.0.0/0")
    assert 3389 in {e.port for e in JudgedNetwork(topology).whole().exposures}
    assert not add_rule(topology, "sg-9/ingress/tcp/3389/0.0.0.0/0")
    assert not add_rule(topology, "sg-1/ingress/tcp/3389/nowhere")


def test_uncollected_data_is_listed() -> None:
    judgement = JudgedNetwork(Topology(documents(without(two_vpcs(), "ec2-describe-network-acls")))).whole()
    assert [e for e in judgement.exposures if e.route is SourceClass.INTERNET] == []
    assert any("describe-network-acls" in lack.reason for lack in judgement.not_known)


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("eks-cluster-sg-shop-1", "sg-1 is managed by Amazon EKS"),
        ("default", "sg-1 is the default group of the VPC"),
        ("web", ""),
    ],
)
def test_recommendation_marks_groups_that_others_rely_on(name: str, warning: str) -> None:
    network = two_vpcs()
    network["ec2-describe-network-interfaces"]["NetworkInterfaces"][0]["Groups"][0]["GroupName"] = name
    text = recommendation(ports(network)[22], {})
    assert (warning in text) if warning else text.endswith("on TCP port 22.")


def test_port_that_many_rules_open_may_be_denied_in_the_acl() -> None:
    network = with_ingress(*(rule("tcp", 22, 22, f"{number}.9.9.9/32") for number in (7, 8, 9)))
    assert "or deny the port in network ACL acl-vpc-a." in recommendation(ports(network)[22], {})
