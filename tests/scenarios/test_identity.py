"""A real agent and a real service: its key is replaced while it runs, it is asked who it is, and it is revoked."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from openinspector.agent.identities import aws_instance
from openinspector.agent.identity import load_key
from openinspector.agent.membership.enrolment import EnrolmentError
from openinspector.agent.membership.rotation import prepare_rotation
from openinspector.agent.operation.status import load_status
from openinspector.agent.runtime import EnrolmentWish, enrol_as_wished
from openinspector.agent.settings.settings import AgentSettings, parse_endpoint
from openinspector.model.agent import AgentId
from openinspector.service.system_clock import SystemClock
from openinspector.testing.fake_host import FakeHost, FakeSystem
from openinspector.testing.fake_imds import DOCUMENTS, FakeImds
from openinspector.testing.instance_documents import ACCOUNT, INSTANCE, REGION, DocumentAuthority, document
from openinspector.testing.whole_system import WholeSystem

TIMEOUT_SECONDS = 90


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not what():
        assert time.monotonic() < deadline, "the expected state was not reached"
        time.sleep(0.1)


def test_an_instance_enrols_by_its_document(tmp_path: Path) -> None:
    """The service as an operator sets it up: methods, accounts, a folder of certificates."""
    aws = DocumentAuthority()
    certificates = tmp_path / "aws"
    certificates.mkdir()
    (certificates / f"{REGION}.pem").write_bytes(aws.pem)
    settings = {
        "OPENINSPECTOR_ENROLMENT_METHODS": "aws_role,aws_instance",
        "OPENINSPECTOR_AWS_ACCOUNTS": ACCOUNT,
        "OPENINSPECTOR_AWS_ROLES": "fleet",
        "OPENINSPECTOR_AWS_CERTIFICATES": str(certificates),
    }
    (tmp_path / "system").mkdir()
    system = WholeSystem(tmp_path / "system", settings)
    try:
        agent = AgentSettings(
            endpoint=parse_endpoint(system.url),
            ca_file=system.processes.ca_file,
            state_directory=tmp_path / "state",
        )
        documents = {**DOCUMENTS, aws_instance.PATH: aws.sign(document()).encode()}
        with FakeImds(documents) as imds:
            host = FakeHost(system=FakeSystem(metadata_address=imds.address))
            record = enrol_as_wished(agent, EnrolmentWish(), host)
        assert (record.agent_id, record.method) == (INSTANCE, "aws_instance")
        with pytest.raises(EnrolmentError, match="not an EC2 instance"):
            enrol_as_wished(agent, EnrolmentWish(), FakeHost())
        with pytest.raises(EnrolmentError, match="cannot enrol by 'join_token' here"):
            enrol_as_wished(agent, EnrolmentWish(token=system.processes.join_token()), FakeHost())
    finally:
        system.processes.stop()


def test_the_life_of_an_identity(system: WholeSystem, tmp_path: Path) -> None:
    agent_id = AgentId(system.start_agent())
    stores = system.processes.stores()
    (state,) = {path.parent for path in tmp_path.rglob("enrolment.json")}

    def heard_again() -> bool:
        (agent,) = stores.agents.agents_by_id([agent_id])
        return agent.last_heartbeat_at is not None and agent.last_heartbeat_at > since

    # 1. the key is replaced while the agent runs; it stays the same agent, and the old key is out
    old, new = load_key(state), prepare_rotation(state)
    assert old is not None
    until(lambda: stores.identities.keys_by_id([agent_id])[agent_id] == new.public_key)
    since = SystemClock().now()
    until(heard_again)
    assert json.loads((state / "enrolment.json").read_text())["key_id"] == new.id
    assert stores.identities.is_revoked(old.id)

    # 2. it is asked to prove itself again, and does
    assert stores.identities.ask_reattestation(agent_id, SystemClock().now())
    until(lambda: not stores.identities.reattestations_asked())

    # 3. it is revoked, and says so
    assert stores.agents.revoke(agent_id, SystemClock().now())
    until(lambda: "(revoked)" in load_status(state).problem)
    assert list(stores.agents.list_agents()) == []
