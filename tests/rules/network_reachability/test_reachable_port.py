"""Findings of Network Reachability through the engine, on a network of two VPCs (F5.46 to F5.57)."""

from collections.abc import Sequence

from openinspector.engine.evaluate import HostEvaluation, RunEvaluation, evaluate
from openinspector.engine.finding_text import finding_attributes, finding_text
from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.engine.rule import RuleContext
from openinspector.engine.subject import EvaluationSubject, Need, needs_of
from openinspector.model.advisory import Advisory, Fix, PackageKind, Target
from openinspector.model.asset import AssetAttributes
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Finding, Severity
from openinspector.model.inventory import (
    ListeningPort,
    OperatingSystem,
    Package,
    PackageManager,
    SensorState,
    SensorStatus,
    TransportProtocol,
)
from openinspector.network.exposure import RuleType, SourceClass
from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.topology import Topology
from openinspector.plugins import discover
from openinspector.rules.network_reachability.reachable_port import RULES
from openinspector.testing import model_builders as builders
from openinspector.testing.balancer_networks import APPLICATION_LISTENER, alb
from openinspector.testing.network_builders import Json, documents, two_vpcs, without
from openinspector.version import VersionScheme

PACKAGE = builders.rules_package_arn()
INSTANCE = "i-1"
SSH = ListeningPort(
    transport=TransportProtocol.TCP,
    ip_version=4,
    address="0.0.0.0",
    port=22,
    process_id=7,
    process_name="sshd",
    package="openssh-server",
)
FIX = Fix(target=Target(stream="debian:12", kind=PackageKind.SOURCE, name="openssh"), version="1:9.2p1-2+deb12u3")
ADVISORY = Advisory(id="DSA-5724-1", feed="debian", vulnerabilities=("CVE-2024-6387",), fixes=(FIX,))


def network(*changes: Json) -> JudgedNetwork:
    made = two_vpcs()
    for change in changes:
        made |= change
    return JudgedNetwork(Topology(documents(made)), "d1ge57")


def judged(
    around: JudgedNetwork, listening: Sequence[ListeningPort] | None = None, instance: str = INSTANCE
) -> HostEvaluation:
    schemes = discover("openinspector.versions", "SCHEME", VersionScheme)
    run = RunEvaluation(
        run_arn=builders.run().arn,
        rules={PACKAGE: RULES},
        context=RuleContext(advisories=AdvisoryIndex([ADVISORY], schemes=schemes, fingerprints={"debian": "0"})),
        now=builders.START,
    )
    host = None if listening is None else _host(instance, listening)
    return evaluate(run, EvaluationSubject(id=instance, host=host, network=around), AssetAttributes(agent_id=instance))


def _host(instance: str, listening: Sequence[ListeningPort]) -> HostFacts:
    package = Package(
        manager=PackageManager.DPKG,
        name="openssh-server",
        version="1:9.2p1-2",
        architecture="amd64",
        source_name="openssh",
        source_version="1:9.2p1-2",
    )
    return HostFacts(
        agent_id=instance,
        records={
            ListeningPort: tuple(listening),
            Package: (package,),
            OperatingSystem: (OperatingSystem(id="debian", version_id="12"),),
        },
        sensors={
            "listening_ports": SensorStatus(sensor="listening_ports", state=SensorState.OK, records=len(listening))
        },
    )


def by_port(result: HostEvaluation, route: SourceClass = SourceClass.INTERNET) -> dict[str, Finding]:
    found = [(attributes(one), one) for one in result.findings]
    return {of.get("PORT", "any"): one for of, one in found if of["REACHABILITY_TYPE"] == route}


def attributes(finding: Finding) -> dict[str, str]:
    return {one.key: one.value or "" for one in finding_attributes(finding)}


def test_rules_are_named_as_the_vendor_names_them() -> None:
    """F5.51: five kinds by three classes of sources."""
    titles = {one.title for one in RULES}
    assert len(titles) == len(RULES) == 15
    assert "Recognized port with listener reachable from internet" in titles
    assert "Recognized port with no listener reachable from a Peered VPC" in titles
    assert "Recognized port reachable from a Virtual Private Gateway" in titles
    assert "Network exposure from the internet" in titles


def test_package_needs_a_snapshot_and_no_agent() -> None:
    assert needs_of(RULES) == {Need.SNAPSHOT}


def test_instance_without_agent_has_findings_of_that_kind() -> None:
    found = by_port(judged(network()))
    assert found["22"].rule_id == "Recognized port reachable from internet"
    assert found["22"].severity is Severity.MEDIUM
    assert attributes(found["22"])["RULE_TYPE"] == RuleType.NO_AGENT
    assert attributes(found["22"])["SNAPSHOT"] == "d1ge57"
    assert attributes(found["22"])["INSTANCE_ID"] == INSTANCE
    assert "Install the agent" in finding_text(found["22"]).description
    assert found["any"].rule_id == "Network exposure from the internet"


def test_listener_is_named_with_its_process_package_and_vulnerabilities() -> None:
    found = by_port(judged(network(), [SSH]))["22"]
    assert found.rule_id == "Recognized port with listener reachable from internet"
    assert attributes(found)["CVE_IDS"] == "CVE-2024-6387"
    assert "Process sshd (id 7) of package openssh-server" in finding_text(found).description
    assert "CVE-2024-6387" in finding_text(found).description
    assert "CVE-2024-6387" in finding_text(found).evidence


def test_port_without_listener_is_low() -> None:
    found = by_port(judged(network(), []))["22"]
    assert found.rule_id == "Recognized port with no listener reachable from internet"
    assert found.severity is Severity.LOW


def test_evidence_shows_the_path_and_the_recommendation_the_rule() -> None:
    found = by_port(judged(network()))["22"]
    assert "internet-gateway igw-a" in finding_text(found).evidence
    assert "snapshot d1ge57" in finding_text(found).evidence
    assert "sg-1/ingress/0" in finding_text(found).recommendation


def test_peered_vpc_has_distinct_findings() -> None:
    found = by_port(judged(network()), SourceClass.PEERED_VPC)["22"]
    assert found.rule_id == "Recognized port reachable from a Peered VPC"
    assert attributes(found)["PEERED_VPC"] == "pcx-1"
    assert "IGW" not in attributes(found)


def test_private_gateway_has_distinct_findings() -> None:
    """F5.57: the gateway takes the place of IGW."""
    made = two_vpcs()
    for route in made["ec2-describe-route-tables"]["RouteTables"][0]["Routes"]:
        if route.get("GatewayId") == "igw-a":
            route["GatewayId"] = "vgw-1"
    attached = [{"VpcId": "vpc-a", "State": "attached"}]
    made["ec2-describe-vpn-gateways"] = {"VpnGateways": [{"VpnGatewayId": "vgw-1", "VpcAttachments": attached}]}
    found = by_port(judged(network(made)), SourceClass.VGW)["22"]
    assert found.rule_id == "Recognized port reachable from a Virtual Private Gateway"
    assert attributes(found)["VGW"] == "vgw-1"


def test_missing_fact_is_an_exclusion_of_the_leg() -> None:
    around = JudgedNetwork(Topology(documents(without(two_vpcs(), "ec2-describe-network-acls"))))
    result = judged(around)
    kinds = {one.preview.title for one in result.exclusions}
    assert "Network Reachability error - internet" in kinds
    described = " ".join(one.preview.description for one in result.exclusions)
    assert "describe-network-acls" in described
    assert "eu-west-1" in described or "us-east-1" in described
    assert result.errors


def test_host_outside_the_account_is_not_judged() -> None:
    result = judged(network(), instance="host-00000000000000001")
    assert {one.outcome for one in result.rule_results} == {OutcomeKind.NOT_APPLICABLE}
    assert not result.exclusions


def test_failed_sensor_of_listeners_is_reported() -> None:
    facts = HostFacts(
        agent_id=INSTANCE,
        sensors={
            "listening_ports": SensorStatus(
                sensor="listening_ports", state=SensorState.FAILED, records=0, details=("no /proc",)
            )
        },
    )
    run = RunEvaluation(run_arn=builders.run().arn, rules={PACKAGE: RULES}, context=RuleContext(), now=builders.START)
    subject = EvaluationSubject(id=INSTANCE, host=facts, network=network())
    result = evaluate(run, subject, AssetAttributes(agent_id=INSTANCE))
    assert by_port(result)["22"].rule_id == "Recognized port reachable from internet"
    assert any("no /proc" in one.preview.description for one in result.exclusions)


def test_balancer_whose_rules_were_not_read_is_an_exclusion_of_its_leg() -> None:
    around = alb({"Type": "redirect"}, port=22)
    del around[f"elbv2-describe-rules/{APPLICATION_LISTENER}"]
    result = judged(JudgedNetwork(Topology(documents(around))), instance="i-2")
    (excluded,) = (one.preview for one in result.exclusions if one.preview.kind is ExclusionKind.REACHABILITY_ALB)
    assert "elbv2 describe-rules" in excluded.description


def test_instance_whose_interfaces_were_not_read_is_excluded() -> None:
    around = without(two_vpcs(), "ec2-describe-network-interfaces")
    result = judged(JudgedNetwork(Topology(documents(around))))
    assert not result.findings
    described = " ".join(one.preview.description for one in result.exclusions)
    assert "ec2 describe-network-interfaces" in described
