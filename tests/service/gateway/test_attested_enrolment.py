"""EC2 instances enrol over the real wire: what the agent's identities show, this service's attestors believe."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.service.gateway.signing_client import BEAT, Host, problem, token
from tests.service.gateway_world import World

from openinspector.agent.identities import aws_instance, aws_role
from openinspector.agent.identity import Identity, IdentityClaim
from openinspector.model.agent import AgentId
from openinspector.model.asset import Tag
from openinspector.plugins import discover
from openinspector.service.app.attestation import Attesting, Attestor, Trust
from openinspector.service.app.enrolment import Grant, create_token
from openinspector.service.ports.identity_store import Attestation
from openinspector.service.stores.caller_identity_sts import StsCallerIdentity
from openinspector.testing.fake_host import FakeHost, FakeSystem
from openinspector.testing.fake_imds import DOCUMENTS, FakeImds, role_documents
from openinspector.testing.fake_sts import ROLE, FakeSts, RoleCredentials
from openinspector.testing.instance_documents import ACCOUNT, INSTANCE, REGION, DocumentAuthority, document
from openinspector.testing.throwaway_authority import ThrowawayAuthority
from openinspector.wire.message import Enrolment, EnrolmentRequest

AWS = DocumentAuthority()
OURS = RoleCredentials()
SERVER = "inspector.example"


@pytest.fixture
def trust(tmp_path: Path) -> Iterator[Trust]:
    authority = ThrowawayAuthority(tmp_path, "sts")
    with FakeSts(authority.server_context(), OURS) as sts:
        yield Trust(
            accounts=frozenset({ACCOUNT}),
            roles=frozenset({ROLE}),
            certificates={REGION: AWS.certificate},
            server_names=frozenset({SERVER}),
            caller_identity=StsCallerIdentity(sts.url, authority.client_context()),
        )


@pytest.fixture
def world(tmp_path: Path, trust: Trust) -> World:
    world = World(folder=tmp_path)
    attestors = discover("openinspector.service.attestors", "ATTESTOR", Attestor)
    world.attesting = Attesting(attestors=attestors, trust=trust, ring=world.counters.alarm)
    world.use(world.objects)
    return world


@pytest.fixture
def imds() -> Iterator[FakeImds]:
    role = role_documents(ROLE, OURS.access_key, OURS.secret_key, OURS.token)
    with FakeImds({**DOCUMENTS, **role, aws_instance.PATH: AWS.sign(document()).encode()}) as running:
        yield running


def show(host: Host, imds: FakeImds, identity: Identity, join_token: str = "") -> httpx.Response:
    nonce = host.nonce()
    claim = IdentityClaim(
        secret="",
        nonce=nonce,
        public_key=host.public_key,
        host=FakeHost(system=FakeSystem(metadata_address=imds.address)),
        server=SERVER,
        unix_time=host.world.clock.now().timestamp(),
    )
    evidence = dict(identity.evidence(claim))
    if join_token:
        evidence["join_token"] = join_token
    asked = EnrolmentRequest(
        nonce=nonce, method=identity.name, evidence=evidence, public_key=host.public_key, host=BEAT.host
    )
    return host.send(host.prepare("enrolment", msgspec.json.encode(asked), in_session=False))


def enrolled(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=Enrolment).agent_id


METHODS = pytest.mark.parametrize("identity", [aws_instance.IDENTITY, aws_role.IDENTITY], ids=lambda i: i.name)


@METHODS
def test_an_instance_keeps_its_id(stranger: Host, imds: FakeImds, identity: Identity) -> None:
    assert enrolled(show(stranger, imds, identity)) == INSTANCE
    (agent,) = stranger.world.agents.list_agents()
    assert (agent.id, agent.public_key, agent.tags) == (INSTANCE, stranger.public_key, ())
    proof = stranger.world.identities.attestation(AgentId(INSTANCE))
    assert proof is not None
    assert (proof.method, proof.account, proof.region) == (identity.name, ACCOUNT, REGION)
    stranger.agent_id = AgentId(INSTANCE)
    stranger.opened()


@METHODS
def test_the_same_key_enrols_again(stranger: Host, imds: FakeImds, identity: Identity) -> None:
    """Also when the document is the very same one."""
    assert enrolled(show(stranger, imds, identity)) == enrolled(show(stranger, imds, identity))


@METHODS
def test_another_key_for_an_instance_is_refused_and_raises_an_alarm(
    stranger: Host, imds: FakeImds, identity: Identity
) -> None:
    """Any process of the host can read the document; the first key stays, until an administrator says otherwise."""
    world = stranger.world
    enrolled(show(stranger, imds, identity))
    thief = Host(world=world, http=stranger.http)
    refused = show(thief, imds, identity)
    assert problem(refused) == (403, "enrolment-refused")
    assert f"admin agents release {INSTANCE}" in refused.text
    assert world.counters.value("openinspector_gateway_alarms_total", kind="attestation-other-key") == 1
    assert [agent.public_key for agent in world.agents.list_agents()] == [stranger.public_key]
    assert world.identities.release(AgentId(INSTANCE))
    assert enrolled(show(thief, imds, identity)) == INSTANCE
    assert problem(show(stranger, imds, identity)) == (403, "enrolment-refused")


def test_document_of_an_earlier_launch_is_refused_and_raises_an_alarm(stranger: Host, imds: FakeImds) -> None:
    enrolled(show(stranger, imds, aws_instance.IDENTITY))
    imds.documents[aws_instance.PATH] = AWS.sign(document(pendingTime="2025-12-31T23:59:59Z")).encode()
    assert problem(show(stranger, imds, aws_instance.IDENTITY)) == (403, "enrolment-refused")
    alarms = stranger.world.counters.value("openinspector_gateway_alarms_total", kind="attestation-old-proof")
    assert alarms == 1
    imds.documents[aws_instance.PATH] = AWS.sign(document(pendingTime="2026-01-01T00:00:01Z")).encode()
    enrolled(show(stranger, imds, aws_instance.IDENTITY))


@METHODS
@pytest.mark.parametrize("accounts", [(), ("210987654321",)])
def test_accounts_that_are_not_listed_do_not_enrol(
    stranger: Host, imds: FakeImds, identity: Identity, accounts: tuple[str, ...], trust: Trust
) -> None:
    """An empty list lets nobody in."""
    world = stranger.world
    narrow = replace(world.attesting, trust=replace(trust, accounts=frozenset(accounts)))
    object.__setattr__(world.admission, "attesting", narrow)
    assert problem(show(stranger, imds, identity)) == (403, "enrolment-refused")
    assert world.agents.list_agents() == []


@METHODS
def test_disabled_method_is_refused(stranger: Host, imds: FakeImds, identity: Identity) -> None:
    world = stranger.world
    only_tokens = {"join_token": world.attesting.attestors["join_token"]}
    object.__setattr__(world.admission, "attesting", replace(world.attesting, attestors=only_tokens))
    assert problem(show(stranger, imds, identity)) == (403, "method-off")


class States:
    def __init__(self, state: str | None) -> None:
        self.given = state
        self.asked: list[tuple[str, str]] = []

    def state(self, region: str, instance: AgentId) -> str | None:
        self.asked.append((region, instance))
        return self.given


@METHODS
@pytest.mark.parametrize(
    ("state", "enrols"),
    [
        ("pending", True),
        ("running", True),
        ("stopping", False),
        ("stopped", False),
        ("terminated", False),
        (None, False),
    ],
)
def test_only_a_live_instance_enrols(
    stranger: Host, imds: FakeImds, identity: Identity, state: str | None, *, enrols: bool
) -> None:
    world, states = stranger.world, States(state)
    object.__setattr__(world.admission, "attesting", replace(world.attesting, instances=states))
    assert (show(stranger, imds, identity).status_code == 200) is enrols
    assert states.asked == [(REGION, INSTANCE)]


@METHODS
def test_additional_token_gives_tags_and_is_used_once(stranger: Host, imds: FakeImds, identity: Identity) -> None:
    world, tags = stranger.world, (Tag(key="Env", value="prod"),)
    now = world.clock.now()
    once = create_token(
        world.agents, Grant(tags=tags, uses=1, expires_at=now + timedelta(hours=1)), now, lambda size: b"u" * size
    )
    enrolled(show(stranger, imds, identity, once))
    enrolled(show(stranger, imds, identity, once))
    assert [agent.tags for agent in world.agents.list_agents()] == [tags]
    assert [one.uses_left for one in world.agents.list_tokens()] == [0]


def test_invalid_token_blocks_the_enrolment(stranger: Host, imds: FakeImds) -> None:
    refused = show(stranger, imds, aws_instance.IDENTITY, "a-token-nobody-ever-made")
    assert problem(refused) == (403, "enrolment-refused")
    assert stranger.world.identities.attestation(AgentId(INSTANCE)) is None
    enrolled(show(stranger, imds, aws_instance.IDENTITY))


def test_revoked_key_stays_revoked(stranger: Host, imds: FakeImds) -> None:
    """Neither a token nor the instance's own proof lets it in; another key does, once the instance is released."""
    world, instance = stranger.world, AgentId(INSTANCE)
    enrolled(show(stranger, imds, aws_instance.IDENTITY))
    world.agents.revoke(instance, world.clock.now())
    stranger.agent_id = instance
    asked = msgspec.json.encode({"nonce": stranger.nonce(), "agent_id": instance})
    assert problem(stranger.send(stranger.prepare("session", asked, in_session=False))) == (401, "revoked")
    assert problem(show(stranger, imds, aws_instance.IDENTITY)) == (401, "revoked")
    assert problem(stranger.send(stranger.enrolment(token(world)))) == (401, "revoked")
    anew = Host(world=world, http=stranger.http)
    assert problem(show(anew, imds, aws_instance.IDENTITY)) == (403, "enrolment-refused")
    assert world.identities.release(instance)
    assert problem(show(stranger, imds, aws_instance.IDENTITY)) == (401, "revoked")
    assert enrolled(show(anew, imds, aws_instance.IDENTITY)) == INSTANCE


@METHODS
def test_expired_attestation_is_renewed_before_a_session(stranger: Host, imds: FakeImds, identity: Identity) -> None:
    world = stranger.world
    stranger.agent_id = AgentId(enrolled(show(stranger, imds, identity)))
    stranger.opened()
    world.clock.advance(24 * 3600)
    asked = msgspec.json.encode({"nonce": stranger.nonce(), "agent_id": INSTANCE})
    refused = stranger.send(stranger.prepare("session", asked, in_session=False))
    assert problem(refused) == (403, "attestation-required")
    enrolled(show(stranger, imds, identity))
    stranger.opened()


def test_reattestation_request_takes_effect_at_once(stranger: Host, imds: FakeImds) -> None:
    world, instance = stranger.world, AgentId(INSTANCE)
    stranger.agent_id = AgentId(enrolled(show(stranger, imds, aws_instance.IDENTITY)))
    stranger.opened()
    assert world.identities.ask_reattestation(instance, world.clock.now())
    asked = msgspec.json.encode({"nonce": stranger.nonce(), "agent_id": INSTANCE})
    refused = stranger.send(stranger.prepare("session", asked, in_session=False))
    assert problem(refused) == (403, "attestation-required")
    enrolled(show(stranger, imds, aws_instance.IDENTITY))
    stranger.opened()
    assert world.identities.reattestations_asked() == []


def test_token_enrolled_agent_reattests_with_its_key(host: Host) -> None:
    assert host.world.identities.ask_reattestation(host.agent_id, host.world.clock.now())
    host.opened()
    assert host.world.identities.reattestations_asked() == []


def test_a_key_of_another_agent_does_not_become_an_instance(stranger: Host, imds: FakeImds) -> None:
    enrolled(stranger.send(stranger.enrolment(token(stranger.world))))
    refused = show(stranger, imds, aws_instance.IDENTITY)
    assert problem(refused) == (403, "enrolment-refused")
    assert "--new-key" in refused.text


def test_attestation_records_the_launch_time(stranger: Host, imds: FakeImds) -> None:
    enrolled(show(stranger, imds, aws_instance.IDENTITY))
    now = stranger.world.clock.now()
    (proof,) = stranger.world.identities.list_attestations()
    assert proof == Attestation(
        agent_id=AgentId(INSTANCE),
        method="aws_instance",
        account=ACCOUNT,
        region=REGION,
        attested_at=now,
        pending_time=now.replace(year=2026, month=1, day=1, hour=0, minute=0, second=0, microsecond=0),
    )
