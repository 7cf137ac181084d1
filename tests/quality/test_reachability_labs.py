"""Deployed labs and flows with known answers, probe by probe (design/reachability.md, section 9).

`closed` got through, `filtered` did not. Core flows that the model answers with "not known" are listed below with the
reason; docs/accuracy.md explains them.
"""

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from openinspector.network.answer import Action, Answer, Leg
from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.question import ask, parse_question
from openinspector.network.reach import Reach
from openinspector.network.topology import Topology, is_balancer, parse_address
from openinspector.service.snapshot_folder import read_snapshot

pytestmark = pytest.mark.shared

NETWORK_ACLS_NOT_COLLECTED = {
    "test-transit-gateway-multi-account/38-testFromAtoB",
    "test-transit-gateway-multi-account/39-testFromBtoA",
    "test-vpc-peering-multi-account/56-testFromAtoB",
    "test-vpc-peering-multi-account/57-testFromBtoA",
}
OUTSIDE_OF_THE_MODEL = {"aws-backbone", "aws-services-gateway", "internet", "on-premises"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One probe: its label, and our answer."""

    label: dict[str, Any]
    answer: Answer


def judged(archive: Path, folder: Path, kind: str) -> list[Known]:
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return [known for one in sorted((folder / "data" / kind).iterdir()) for known in _of(one)]


def _of(folder: Path) -> Iterator[Known]:
    topology = Topology(read_snapshot(folder / "snapshot"))
    assert topology.defects == []
    probes = (folder / "probes.jsonl").read_bytes().splitlines()
    answers = (folder / "answers.jsonl").read_bytes().splitlines()
    for line, label in zip(probes, answers, strict=True):
        yield Known(label=json.loads(label), answer=ask(topology, parse_question(line)))


@pytest.fixture(scope="module")
def archive(shared: Path) -> Path:
    found = shared / "data" / "reachability" / "labs-and-flows.tar.xz"
    if not found.exists():
        pytest.skip(f"{found} is not there")
    return found


@pytest.fixture(scope="module")
def labs(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Known]:
    return judged(archive, tmp_path_factory.mktemp("labs"), "labs")


@pytest.fixture(scope="module")
def flows(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Known]:
    return judged(archive, tmp_path_factory.mktemp("flows"), "flows")


def test_every_core_probe_of_the_labs_is_right(labs: list[Known]) -> None:
    core = [known for known in labs if known.label["core"]]
    wrong = [known.label["id"] for known in core if known.answer.reachable is not known.label["reachable"]]
    assert (len(core), wrong) == (342, [])


def test_no_flow_from_the_internet_is_called_unreachable(labs: list[Known]) -> None:
    came = [known for known in labs if known.label["from_internet"] and known.label["reachable"]]
    assert came
    assert [known.label["id"] for known in came if known.answer.reachable is False] == []


def test_every_core_flow_is_right_or_unknown_for_a_listed_reason(flows: list[Known]) -> None:
    core = [known for known in flows if known.label["core"]]
    wrong = {known.label["id"]: known for known in core if known.answer.reachable is not known.label["reachable"]}
    assert len(core) == 62
    assert set(wrong) == NETWORK_ACLS_NOT_COLLECTED
    for known in wrong.values():
        assert known.answer.not_known is not None
        assert "describe-network-acls was not collected in us-east-1" in known.answer.not_known.reason


def test_hop_lists_of_the_core_flows_agree(flows: list[Known]) -> None:
    compared = [known for known in flows if known.label["core"] and known.label["hops"]]
    assert len(compared) == 60
    for known in compared:
        assert _walked(known.answer) == _expected(known.label["hops"]), known.label["id"]


def test_no_answer_is_without_a_path_or_a_stop(labs: list[Known], flows: list[Known]) -> None:
    for known in (*labs, *flows):
        answer = known.answer
        assert answer.path if answer.reachable else answer.blocked_by or answer.not_known, known.label["id"]


def _walked(answer: Answer) -> list[str]:
    nodes = [hop for hop in answer.path if hop.action is not Action.ALLOW and hop.kind != "vpc-peering-connection"]
    names = ["nlb" if hop.kind == "load-balancer" else hop.resource for hop in nodes]
    return [name for name in names if name not in OUTSIDE_OF_THE_MODEL]


def _expected(hops: list[str]) -> list[str]:
    named = [hop.removesuffix(".txt").removeprefix("dxgw-") for hop in hops]
    return [hop for hop in named if hop not in OUTSIDE_OF_THE_MODEL and not hop.startswith("onprem-")]


FILTERS = {
    "ELB_LISTENERS_MISMATCH",
    "ENI_SG_RULES_MISMATCH",
    "NGW_DEST_ADDRESS_PRESERVATION",
    "PROTOCOL_RESTRICTION",
    "SUBNET_ACL_RESTRICTION",
}


def test_codes_of_blocked_core_flows_are_plausible(flows: list[Known]) -> None:
    blocked = [known for known in flows if known.label["core"] and known.answer.blocked_by]
    assert blocked
    for known in blocked:
        assert known.answer.blocked_by is not None
        denied = known.label["disposition"].startswith("DENIED")
        assert (known.answer.blocked_by.code in FILTERS) is denied, (known.label["id"], known.answer.blocked_by)


def test_every_finding_of_the_labs_gets_through_and_names_a_rule(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    found = [
        exposure
        for snapshot in sorted(tmp_path.glob("data/*/*/snapshot"))
        for exposure in JudgedNetwork(Topology(read_snapshot(snapshot))).whole().exposures
        if exposure.port is not None
    ]
    assert found
    for exposure in found:
        assert exposure.answer is not None
        assert (exposure.answer.reachable, bool(exposure.rules)) == (True, True), exposure.key


def test_flows_from_the_internet_appear_in_findings(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    missed = []
    for lab in sorted(tmp_path.glob("data/labs/*")):
        topology = Topology(read_snapshot(lab / "snapshot"))
        open_ports = {
            (found.dialled, port)
            for interface in topology.interfaces.values()
            for found in Reach(topology).of(interface)
            if found.leg is Leg.INTERNET
            for opening in found.openings
            for first, last in opening.tcp
            for port in range(first, last + 1)
        }
        names = ("probes.jsonl", "answers.jsonl")
        lines = zip(*((lab / name).read_bytes().splitlines() for name in names), strict=True)
        for probe, label in ((json.loads(one), json.loads(other)) for one, other in lines):
            address = parse_address(probe["destination"].get("address", ""))
            if label["from_internet"] and probe["protocol"] == "tcp" and label["reachable"]:
                owner, _ = topology.by_public.get(str(address), (None, ""))
                if owner is not None and not is_balancer(owner) and (address, probe["port"]) not in open_ports:
                    missed.append(probe["id"])
    assert missed == []
