"""The sample account of the demo is complete, invented, and shows every kind of source."""

import json
import re

from click.testing import CliRunner

from openinspector.cli.demo import SAMPLE_ACCOUNT
from openinspector.cli.main import cli
from openinspector.network.aws.instance_listing import instances_in
from openinspector.network.aws.read_call import CALLS
from openinspector.network.topology import Topology
from openinspector.service.snapshot_folder import load_snapshot

_DOCUMENTATION = re.compile(r"\b203\.0\.113\.\d+\b")
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")


def test_every_call_without_an_id_is_there() -> None:
    snapshot = load_snapshot(SAMPLE_ACCOUNT)
    assert {call.operation for call in CALLS if call.ids is None} <= {one.operation for one in snapshot.documents}
    assert Topology(snapshot.documents).defects == []
    assert snapshot.gaps == ()


def test_nothing_in_it_exists() -> None:
    """Ids begin with 0d0000, and public addresses are those of RFC 5737."""
    text = "".join(one.content.decode() for one in load_snapshot(SAMPLE_ACCOUNT).documents)
    ids = set(re.findall(r"\b(?:vpc|subnet|sg|acl|eni|i|igw|rtb|pcx|vgw)-[0-9a-f]+\b", text))
    assert ids
    assert [one for one in ids if not one.partition("-")[2].startswith("0d0000")] == []
    public = {one for one in _ADDRESS.findall(text) if not one.startswith(("10.", "192.168.", "0.0.0.0"))}
    assert [one for one in public if not _DOCUMENTATION.fullmatch(one)] == []


def test_its_instances_are_tagged_for_the_demo() -> None:
    tags = [{tag.key: tag.value for tag in one.tags} for one in instances_in(load_snapshot(SAMPLE_ACCOUNT).documents)]
    assert sorted(str(one["Name"]) for one in tags) == ["app", "bastion", "database", "reports"]
    assert {one["Demo"] for one in tags} == {"sample account"}


def test_each_kind_of_source_reaches_something_and_an_acl_stops_the_desktop() -> None:
    folder = str(SAMPLE_ACCOUNT)
    found = CliRunner().invoke(cli, ["reach", "findings", "--snapshot", folder, "--json"])
    assert found.exit_code == 0, "every leg is known"
    findings = [json.loads(line) for line in found.stdout.splitlines()]
    ports = {(one["attributes"]["REACHABILITY_TYPE"], one["attributes"].get("PORT")) for one in findings}
    assert ports >= {("Internet", "22"), ("Internet", "80"), ("PeeredVPC", "5432"), ("PeeredVPC", "443"), ("VGW", "22")}
    assert ("Internet", "3389") not in ports
    asked = CliRunner().invoke(
        cli, ["reach", "ask", "internet", "i-0d000000000000011", "--snapshot", folder, "--port", "3389"]
    )
    assert asked.exit_code == 1
    assert "acl-0d" in asked.output
