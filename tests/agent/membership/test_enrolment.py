"""By what a host enrols: on EC2 its role, else its document; elsewhere a token."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.agent.running_agent import running

from openinspector.agent.identities import aws_instance
from openinspector.agent.identity import IdentityError, load_or_make_key
from openinspector.agent.membership.enrolment import EnrolmentError, MethodOffError, load_enrolment
from openinspector.agent.membership.rotation import load_identity
from openinspector.agent.operation.status import load_status
from openinspector.agent.runtime import EnrolmentWish, enrol_as_wished, rotate_host_key
from openinspector.agent.settings.settings import Address, AgentSettings, AgentSettingsError
from openinspector.testing.fake_host import FakeHost, FakeSystem
from openinspector.testing.fake_imds import DOCUMENTS, FakeImds, role_documents
from openinspector.testing.fake_sts import ROLE, RoleCredentials
from openinspector.testing.simulated_gateway import AWS_AGENT, TOKEN, Fault, SimulatedGateway

OURS = RoleCredentials()
DOCUMENT = {**DOCUMENTS, aws_instance.PATH: b"MIAGCSqGSIb3DQEHAqCAMIACAQEx"}
BOTH = {**DOCUMENT, **role_documents(ROLE, OURS.access_key, OURS.secret_key, OURS.token)}
BY_TOKEN = EnrolmentWish(token=TOKEN)
BY_NOTHING = EnrolmentWish()


@pytest.fixture
def settings(gateway: SimulatedGateway, tmp_path: Path) -> AgentSettings:
    return AgentSettings(
        endpoint=Address(host="127.0.0.1", port=gateway.port),
        ca_file=gateway.ca_file,
        state_directory=tmp_path / "state",
    )


def on(imds: FakeImds) -> FakeHost:
    return FakeHost(system=FakeSystem(metadata_address=imds.address))


def tried(gateway: SimulatedGateway) -> list[str]:
    return [request.method for request in gateway.enrolments]


def test_on_ec2_the_role_comes_first_then_the_document(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    gateway.methods = {"aws_instance"}
    with FakeImds(BOTH) as imds:
        record = enrol_as_wished(settings, BY_NOTHING, on(imds))
    assert (record.agent_id, record.method) == (AWS_AGENT, "aws_instance")
    assert tried(gateway) == ["aws_role", "aws_instance"]
    assert load_enrolment(settings.state_directory, load_or_make_key(settings.state_directory)) == record


def test_an_instance_without_a_role_shows_its_document(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    gateway.methods = {"aws_role", "aws_instance"}
    with FakeImds(DOCUMENT) as imds:
        assert enrol_as_wished(settings, BY_NOTHING, on(imds)).method == "aws_instance"
    assert tried(gateway) == ["aws_instance"]


def test_token_is_sent_with_the_document(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    gateway.methods = {"aws_instance"}
    with FakeImds(DOCUMENT) as imds:
        enrol_as_wished(settings, BY_TOKEN, on(imds))
    assert gateway.enrolments[-1].evidence == {"rsa2048": DOCUMENT[aws_instance.PATH].decode(), "join_token": TOKEN}


def test_instance_enrols_by_token_if_only_tokens_are_enabled(
    gateway: SimulatedGateway, settings: AgentSettings
) -> None:
    with FakeImds(BOTH) as imds:
        assert enrol_as_wished(settings, BY_TOKEN, on(imds)).method == "join_token"
    assert tried(gateway) == ["aws_role", "aws_instance", "join_token"]


def test_refused_enrolment_does_not_try_other_methods(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    """An instance that another key has taken does not become a second agent by its token."""
    gateway.faults.append(Fault(endpoint="enrolment", status=403, code="enrolment-refused"))
    with FakeImds(BOTH) as imds, pytest.raises(EnrolmentError, match="enrolment-refused") as refused:
        enrol_as_wished(settings, BY_TOKEN, on(imds))
    assert not isinstance(refused.value, MethodOffError)
    assert gateway.requests.count("enrolment") == 1


def test_token_is_required_outside_ec2(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    with pytest.raises(EnrolmentError, match="not an EC2 instance, and no token was given") as refused:
        enrol_as_wished(settings, BY_NOTHING, FakeHost())
    assert "admin tokens create" in refused.value.advice
    assert gateway.requests == []
    assert enrol_as_wished(settings, BY_TOKEN, FakeHost()).method == "join_token"
    assert tried(gateway) == ["join_token"]


def test_named_method_is_the_only_one_tried(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    gateway.methods = {"join_token", "aws_instance"}
    with FakeImds(BOTH) as imds:
        assert enrol_as_wished(settings, replace(BY_TOKEN, method="join_token"), on(imds)).method == "join_token"
    with pytest.raises(EnrolmentError, match="aws_role: no EC2 instance metadata service"):
        enrol_as_wished(settings, replace(BY_TOKEN, method="aws_role"), FakeHost())
    with pytest.raises(AgentSettingsError, match="no way to enrol is called 'kerberos'"):
        enrol_as_wished(settings, replace(BY_TOKEN, method="kerberos"), FakeHost())


def test_new_key_replaces_the_old_one(settings: AgentSettings) -> None:
    first = enrol_as_wished(settings, BY_TOKEN, FakeHost())
    second = enrol_as_wished(settings, replace(BY_TOKEN, new_key=True), FakeHost())
    assert second.agent_id != first.agent_id
    assert load_or_make_key(settings.state_directory).id == second.key_id != first.key_id
    assert not (settings.state_directory / "host.key.next").exists()


def test_refused_key_keeps_the_old_one(settings: AgentSettings) -> None:
    first = enrol_as_wished(settings, BY_TOKEN, FakeHost())
    with pytest.raises(EnrolmentError):
        enrol_as_wished(settings, EnrolmentWish(token="x" * 20, new_key=True), FakeHost())
    assert load_or_make_key(settings.state_directory).id == first.key_id


def test_reattestation_sends_fresh_evidence(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    """With the same method and key; the secret of its role is asked for anew."""
    gateway.methods = {"aws_instance"}
    with FakeImds(BOTH) as imds:
        host = on(imds)
        record = enrol_as_wished(settings, BY_NOTHING, host)
        gateway.unproved.add(record.agent_id)
        with running(settings, host):
            gateway.wait_for(lambda: gateway.heartbeats)
    assert tried(gateway) == ["aws_role", "aws_instance", "aws_instance"]
    assert gateway.enrolments[-1].public_key == gateway.agents[AWS_AGENT]


def test_a_proof_is_given_with_the_key_the_service_knows(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    """Its rotation's answer was lost, and it is asked for a proof before it has found that out."""
    gateway.methods = {"aws_instance"}
    with FakeImds(BOTH) as imds:
        host = on(imds)
        record = enrol_as_wished(settings, BY_NOTHING, host)
        gateway.faults.append(Fault(endpoint="rotation", after=True))
        with pytest.raises(EnrolmentError, match="was not replaced"):
            rotate_host_key(settings)
        gateway.unproved.add(record.agent_id)
        with running(settings, host):
            gateway.wait_for(lambda: gateway.heartbeats)
    key, _ = load_identity(settings.state_directory)
    assert gateway.enrolments[-1].public_key == gateway.agents[AWS_AGENT] == key.public_key


def test_agent_without_proof_reports_it(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    gateway.methods = {"aws_instance"}
    with FakeImds(BOTH) as imds:
        record = enrol_as_wished(settings, BY_NOTHING, on(imds))
    gateway.unproved.add(record.agent_id)
    with running(settings, FakeHost()):
        gateway.wait_for(lambda: gateway.requests.count("challenge") >= 5)
    assert gateway.heartbeats == []
    assert "no EC2 instance metadata service" in load_status(settings.state_directory).problem


def test_revoked_agent_shows_it_in_its_status(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    enrol_as_wished(settings, BY_TOKEN, FakeHost())
    gateway.revoked.update(gateway.agents)
    with running(settings, FakeHost()):
        gateway.wait_for(lambda: gateway.requests.count("session") >= 2)
    assert "(revoked)" in load_status(settings.state_directory).problem


def test_enrolment_of_an_older_agent_counts_as_by_token(settings: AgentSettings) -> None:
    record = enrol_as_wished(settings, BY_TOKEN, FakeHost())
    path = settings.state_directory / "enrolment.json"
    path.write_text(path.read_text().replace(',"method":"join_token"', ""))
    assert load_enrolment(settings.state_directory, load_or_make_key(settings.state_directory)) == record


def test_a_key_that_was_never_enrolled_is_reported(settings: AgentSettings) -> None:
    enrol_as_wished(settings, BY_TOKEN, FakeHost())
    (settings.state_directory / "host.key").unlink()
    with pytest.raises(IdentityError, match="not the one that was enrolled"):
        load_enrolment(settings.state_directory, load_or_make_key(settings.state_directory))
