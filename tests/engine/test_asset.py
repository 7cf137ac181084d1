from dataclasses import replace
from datetime import UTC, datetime

from openinspector.engine.asset import asset_of, asset_of_instance
from openinspector.model.agent import Agent, AgentId, HostDescription
from openinspector.model.asset import AssetAttributes, AssetInterface, Tag
from openinspector.model.cloud_instance import CloudInstance
from openinspector.model.inventory import InstanceMetadata, NetworkInterface
from openinspector.testing.fact_builders import host, operating_system

AGENT = Agent(
    id=AgentId("host-0123456789abcdef0"),
    public_key=bytes(32),
    tags=(Tag(key="Role", value="web"),),
    enrolled_at=datetime(2026, 11, 1, tzinfo=UTC),
    host=HostDescription(hostname="from-heartbeat", ipv4_address="10.0.0.9"),
    auto_scaling_group="asg",
    ami_id="ami-enrolled",
)


def test_telemetry_takes_precedence_over_heartbeats() -> None:
    facts = host(
        operating_system(hostname="web-1"),
        InstanceMetadata(instance_id="i-1", ami_id="ami-1", local_ipv4="10.0.0.5", public_ipv4="203.0.113.7"),
        NetworkInterface(name="lo", ipv4=("127.0.0.1",)),
        NetworkInterface(name="eth0", ipv4=("10.0.0.5", "169.254.1.1", "10.0.1.5")),
    )
    assert asset_of(facts, AGENT) == AssetAttributes(
        agent_id=AGENT.id,
        hostname="web-1",
        ipv4_addresses=("10.0.0.5", "203.0.113.7", "10.0.1.5"),
        ami_id="ami-1",
        auto_scaling_group="asg",
        tags=AGENT.tags,
        interfaces=(AssetInterface(ipv4_addresses=("10.0.0.5", "10.0.1.5"), public_ip="203.0.113.7"),),
    )


def test_interfaces_have_the_addresses_that_other_hosts_can_use() -> None:
    """Loopback, link-local and malformed addresses are omitted."""
    facts = host(
        NetworkInterface(name="lo", ipv4=("127.0.0.1",), ipv6=("::1",)),
        NetworkInterface(name="docker0", ipv6=("fe80::1", "fe80::2%docker0")),
        NetworkInterface(name="eth0", ipv4=("10.0.0.5",), ipv6=("2001:DB8::1", "fe80::3", "2001:db8::1", "x")),
        NetworkInterface(name="eth1", ipv4=("10.0.0",), ipv6=("2001:db8::2%eth1", "2001:db8::3")),
    )
    assert asset_of(facts, AGENT).interfaces == (
        AssetInterface(ipv4_addresses=("10.0.0.5",), ipv6_addresses=("2001:db8::1",)),
        AssetInterface(ipv6_addresses=("2001:db8::3",)),
    )
    many = host(*(NetworkInterface(name=f"eth{n}", ipv6=(f"2001:db8::{n:x}",)) for n in range(80)))
    assert len(asset_of(many, AGENT).interfaces) == 50


def test_without_telemetry_the_heartbeat_is_used() -> None:
    asset = asset_of(host(), AGENT)
    assert (asset.hostname, asset.ipv4_addresses, asset.ami_id) == ("from-heartbeat", ("10.0.0.9",), "ami-enrolled")


def test_at_most_fifty_addresses() -> None:
    many = NetworkInterface(name="eth0", ipv4=tuple(f"10.0.{n}.1" for n in range(80)))
    assert len(asset_of(host(many), AGENT).ipv4_addresses) == 50


def test_telemetry_is_cut_to_the_bounds_of_the_api() -> None:
    """Findings of a hostile host stay readable."""
    sent = (
        operating_system(hostname="h" * 300),
        InstanceMetadata(instance_id="i-1", ami_id="a" * 300, local_ipv4="10.0.0.256", public_ipv4="none"),
        NetworkInterface(name="eth0", ipv4=("10.0.0.5/24", "10.0.0.6", "fe80::1", "١٠.0.0.1", "10.1", "0010.0.0.7")),
    )
    asset = asset_of(host(*sent), AGENT)
    assert (asset.hostname, asset.ami_id) == ("h" * 256, "a" * 256)
    assert asset.ipv4_addresses == ("10.0.0.6",)
    boasting = replace(AGENT, host=HostDescription(hostname="h" * 300, ipv4_address="everywhere"))
    silent = asset_of(host(), boasting)
    assert (silent.hostname, silent.ipv4_addresses) == ("h" * 256, ())


INSTANCE = CloudInstance(
    id=AgentId("i-0123456789abcdef0"),
    account="123456789012",
    region="eu-west-1",
    state="running",
    hostname="ip-10-0-0-5.internal",
    ipv4_addresses=("203.0.113.7", "10.0.0.5"),
    ami_id="ami-0a1b2c3d",
    tags=(Tag(key="Role", value="db"), Tag(key="aws:autoscaling:groupName", value="blue")),
    interfaces=(AssetInterface(ipv4_addresses=("10.0.0.5",), interface_id="eni-1", vpc_id="vpc-1"),),
)


def test_the_account_describes_an_instance_better_than_its_host() -> None:
    facts = host(operating_system(hostname="web-1"), NetworkInterface(name="eth0", ipv4=("10.0.0.5",)))
    agent = replace(AGENT, tags=(Tag(key="Role", value="web"), Tag(key="Team", value="blue")))
    found = asset_of(facts, agent, INSTANCE)
    assert (found.agent_id, found.hostname) == (AGENT.id, "web-1")
    assert found.ipv4_addresses == ("10.0.0.5", "203.0.113.7")
    assert (found.ami_id, found.auto_scaling_group) == ("ami-0a1b2c3d", "blue")
    assert found.tags == (*INSTANCE.tags, Tag(key="Team", value="blue")), "EC2's value of a key stands"
    assert found.interfaces == INSTANCE.interfaces


def test_an_instance_without_an_agent_is_described_by_its_account() -> None:
    found = asset_of_instance(INSTANCE)
    assert (found.agent_id, found.hostname) == (INSTANCE.id, "ip-10-0-0-5.internal")
    assert (found.ami_id, found.auto_scaling_group, found.tags) == ("ami-0a1b2c3d", "blue", INSTANCE.tags)
