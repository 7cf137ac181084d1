"""Release offers and reports over HTTP; both are signed, in a session."""

import msgspec
import pytest
from tests.service.gateway.signing_client import Host, problem
from tests.service.gateway_world import AGENT

from openinspector.service.ports.rollout_store import ReportCounts
from openinspector.testing.conformance.rollout_store import ring
from openinspector.testing.simulated_releases import PLATFORM
from openinspector.wire.release import ReleaseReply, ReleaseReport, ReleaseRequest, ReportReceipt, target_name

REQUEST = msgspec.json.encode(ReleaseRequest(version="1.0", release=1, platform=PLATFORM))
REPORT = ReleaseReport(from_version="1.0", to_version="2.0", succeeded=False, result="HASH_MISMATCH", diagnostics="x")


def test_agent_is_offered_the_version_of_its_ring(host: Host) -> None:
    host.world.rollouts.put_ring(ring())
    reply = msgspec.json.decode(host.send(host.prepare("release", REQUEST)).content, type=ReleaseReply)
    assert reply.target == target_name("2.0", PLATFORM)


def test_a_report_is_kept_under_the_agent_that_signed_it(host: Host) -> None:
    host.world.rollouts.put_ring(ring())
    assert host.send(host.prepare("release-report", msgspec.json.encode(REPORT))).status_code == 200
    assert host.world.rollouts.count_reports("early", "2.0") == ReportCounts(failed=1)
    (kept,) = host.world.rollouts.list_failures("early", "2.0", 10)
    assert (kept.agent_id, kept.result, kept.diagnostics) == (AGENT, "HASH_MISMATCH", "x")


def test_host_cannot_fill_the_store_with_invented_versions(host: Host) -> None:
    host.world.rollouts.put_ring(ring())
    for number in range(3, 9):
        made_up = msgspec.structs.replace(REPORT, to_version=f"{number}.0")
        reply = host.send(host.prepare("release-report", msgspec.json.encode(made_up)))
        assert msgspec.json.decode(reply.content, type=ReportReceipt) == ReportReceipt(recorded=False)
    assert host.world.rollouts._reports == {}


@pytest.mark.parametrize("name", ["release", "release-report"])
def test_releases_need_a_session(host: Host, name: str) -> None:
    assert problem(host.send(host.prepare(name, REQUEST, in_session=False))) == (401, "unsigned")


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"from_version":"1.0","to_version":"../2","succeeded":true,"result":"UPDATED"}',
        b'{"from_version":"1.0","to_version":"2.0","succeeded":true,"result":"UPDATED","packages":[]}',
        b'{"from_version":"1.0","to_version":"2.0","succeeded":1,"result":"UPDATED"}',
        msgspec.json.encode(msgspec.structs.replace(REPORT, diagnostics="x" * 2001)),
    ],
)
def test_rejects_invalid_reports(host: Host, body: bytes) -> None:
    assert problem(host.send(host.prepare("release-report", body)))[1] == "invalid-message"
