"""Contract tests for every identity store. Subclass, and provide the fixture ``stores``."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from openinspector.model.agent import Agent, AgentId
from openinspector.model.asset import Tag
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.identity_store import Attestation, Hindrance, IdentityStore
from openinspector.testing.conformance.agent_store import token
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.model_builders import agent, agent_id, moment
from openinspector.wire.signature import key_id

Stores = tuple[AgentStore, IdentityStore]
INSTANCE = AgentId("i-0123456789abcdef0")


def instance(number: int = 1, **changes: object) -> Agent:
    """Return the agent of the one instance, with the key of agent ``number``."""
    made = agent(number, public_key=agent(number).public_key)
    return replace(made, id=INSTANCE, **changes)  # type: ignore[arg-type]  # fields of Agent


def proof(seconds: int = 0, launched: int | None = 0) -> Attestation:
    """Return a proof of the instance given at a time, of a launch at a time."""
    return Attestation(
        agent_id=INSTANCE,
        method="aws_instance",
        account="123456789012",
        region="eu-west-1",
        attested_at=moment(seconds),
        pending_time=None if launched is None else moment(launched),
    )


class AttestationSuite:
    """The contract of attestations."""

    def test_the_first_key_that_proves_an_instance_is_bound_to_it(self, stores: Stores) -> None:
        agents, identities = stores
        assert identities.attest(instance(), proof(), None) == instance()
        assert list(agents.list_agents()) == [instance()]
        assert identities.attestation(INSTANCE) == proof()
        assert list(identities.list_attestations()) == [proof()]
        assert identities.attestation(agent_id(9)) is None

    def test_another_key_is_refused_and_changes_nothing(self, stores: Stores) -> None:
        agents, identities = stores
        identities.attest(instance(1), proof(), None)
        assert identities.attest(instance(2), proof(5), None) is Hindrance.OTHER_KEY
        assert identities.attestation(INSTANCE) == proof()
        agents.revoke(INSTANCE, moment(6))
        assert identities.attest(instance(2), proof(7), None) is Hindrance.OTHER_KEY
        assert list(agents.list_agents()) == []

    def test_the_same_key_renews_its_proof(self, stores: Stores) -> None:
        """The agent keeps its id, whatever the new proof says about the host."""
        _, identities = stores
        identities.attest(instance(), proof(), None)
        assert identities.attest(instance(enrolled_at=moment(9)), proof(9), None) == instance()
        assert identities.attestation(INSTANCE) == proof(9)

    def test_earlier_launch_is_refused(self, stores: Stores) -> None:
        _, identities = stores
        identities.attest(instance(), proof(1, launched=5), None)
        assert identities.attest(instance(), proof(2, launched=4), None) is Hindrance.OLD_PROOF
        identities.attest(instance(), proof(3, launched=None), None)
        assert identities.attestation(INSTANCE) == proof(3, launched=5)
        identities.release(INSTANCE)
        assert identities.attest(instance(2), proof(4, launched=4), None) is Hindrance.OLD_PROOF
        assert identities.attest(instance(2), proof(4, launched=6), None) == instance(2)

    def test_release_admits_one_new_key(self, stores: Stores) -> None:
        """Releasing returns True if there was an instance; its agent is deleted until it enrols again."""
        agents, identities = stores
        assert not identities.release(INSTANCE)
        identities.attest(instance(1), proof(), None)
        assert identities.release(INSTANCE)
        assert list(agents.list_agents()) == []
        assert identities.attest(instance(2), proof(1), None) == instance(2)
        assert identities.attest(instance(1), proof(2), None) is Hindrance.OTHER_KEY

    def test_revoked_key_stays_refused(self, stores: Stores) -> None:
        """A release does not change that."""
        agents, identities = stores
        identities.attest(instance(), proof(), None)
        assert not identities.is_revoked(key_id(instance().public_key))
        agents.revoke(INSTANCE, moment(1))
        identities.release(INSTANCE)
        assert identities.is_revoked(key_id(instance().public_key))
        assert identities.attest(instance(), proof(2), None) is Hindrance.KEY_REVOKED

    def test_key_belongs_to_one_agent(self, stores: Stores) -> None:
        """A host that enrolled by token does not become an instance with the same key."""
        agents, identities = stores
        agents.add_token(token())
        agents.enrol(token().digest, agent(1))
        assert identities.attest(instance(1), proof(), None) is Hindrance.KEY_OF_ANOTHER
        assert identities.attestation(INSTANCE) is None

    def test_a_token_gives_tags_once(self, stores: Stores) -> None:
        """An invalid token refuses the agent and binds nothing."""
        agents, identities = stores
        assert identities.attest(instance(), proof(), token().digest) is Hindrance.BAD_TOKEN
        assert identities.attestation(INSTANCE) is None
        agents.add_token(token())
        for seconds in (1, 2):
            enrolled = identities.attest(instance(), proof(seconds), token().digest)
            assert isinstance(enrolled, Agent)
            assert enrolled.tags == token().tags
        assert [one.uses_left for one in agents.list_tokens()] == [0]

    def test_one_of_many_concurrent_keys_is_bound(self, stores: Stores) -> None:
        """The others are refused."""
        agents, identities = stores
        outcomes = at_once([partial(identities.attest, instance(n), proof(), None) for n in range(1, 9)])
        winners = [one for one in outcomes if isinstance(one, Agent)]
        assert winners == list(agents.list_agents())
        assert outcomes.count(Hindrance.OTHER_KEY) == len(outcomes) - 1


class IdentityStoreSuite(AttestationSuite):
    """The contract of `IdentityStore`."""

    @pytest.fixture
    def enrolled(self, stores: Stores) -> Agent:
        """Return an attested agent."""
        made = stores[1].attest(instance(1), proof(), None)
        assert isinstance(made, Agent)
        return made

    def test_a_key_is_replaced_in_one_step(self, stores: Stores, enrolled: Agent) -> None:
        """The old key is revoked, the instance is bound to the new one, and a repeated call succeeds."""
        agents, identities = stores
        new = agent(2).public_key
        assert identities.rotate_key(INSTANCE, enrolled.public_key, new, moment(1))
        assert list(agents.list_agents()) == [replace(enrolled, public_key=new)]
        assert dict(identities.keys_by_id([INSTANCE, agent_id(9)])) == {INSTANCE: new}
        assert identities.is_revoked(key_id(enrolled.public_key))
        assert identities.rotate_key(INSTANCE, enrolled.public_key, new, moment(2))
        assert identities.attest(instance(2), proof(3), None) == replace(enrolled, public_key=new)
        assert identities.attest(instance(3), proof(4), None) is Hindrance.OTHER_KEY

    def test_unavailable_key_is_refused(self, stores: Stores, enrolled: Agent) -> None:
        """The key belongs to another agent or is revoked, or the agent has another key or does not exist."""
        agents, identities = stores
        agents.add_token(token(uses=2))
        for number in (2, 3):
            agents.enrol(token().digest, agent(number))
        agents.revoke(agent_id(3), moment(1))
        own = enrolled.public_key
        assert not identities.rotate_key(INSTANCE, own, agent(2).public_key, moment(2))
        assert not identities.rotate_key(INSTANCE, own, agent(3).public_key, moment(2))
        assert not identities.rotate_key(INSTANCE, agent(8).public_key, agent(9).public_key, moment(2))
        assert not identities.rotate_key(agent_id(9), own, agent(9).public_key, moment(2))
        assert identities.keys_by_id([INSTANCE]) == {INSTANCE: own}
        assert not identities.is_revoked(key_id(own))

    def test_one_of_many_concurrent_rotations_succeeds(self, stores: Stores, enrolled: Agent) -> None:
        _, identities = stores
        keys = [agent(number).public_key for number in range(2, 10)]
        done = at_once([partial(identities.rotate_key, INSTANCE, enrolled.public_key, key, moment(1)) for key in keys])
        assert done.count(True) == 1
        assert identities.keys_by_id([INSTANCE]) == {INSTANCE: keys[done.index(True)]}

    def test_reattestation_requests_are_listed_until_done(self, stores: Stores, enrolled: Agent) -> None:
        agents, identities = stores
        assert not identities.ask_reattestation(agent_id(9), moment(1))
        assert [identities.ask_reattestation(enrolled.id, moment(n)) for n in (1, 2)] == [True, True]
        assert list(identities.reattestations_asked()) == [enrolled.id]
        identities.attest(enrolled, proof(3), None)
        assert list(identities.reattestations_asked()) == []
        identities.ask_reattestation(enrolled.id, moment(4))
        identities.reattested(enrolled.id)
        assert list(identities.reattestations_asked()) == []
        identities.ask_reattestation(enrolled.id, moment(5))
        agents.revoke(enrolled.id, moment(6))
        assert list(identities.reattestations_asked()) == []

    def test_tags_are_replaced(self, stores: Stores, enrolled: Agent) -> None:
        agents, identities = stores
        tags = (Tag(key="Env", value="prod"), Tag(key="bare"))
        assert identities.set_tags(enrolled.id, tags)
        assert list(agents.list_agents()) == [replace(enrolled, tags=tags)]
        assert identities.set_tags(enrolled.id, ())
        assert list(agents.list_agents()) == [replace(enrolled, tags=())]
        assert not identities.set_tags(agent_id(9), tags)

    def test_heartbeats_continue_after_a_rotation(self, stores: Stores, enrolled: Agent) -> None:
        """The rest of the agent stays as it is."""
        agents, identities = stores
        before = replace(enrolled, heartbeat_interval=timedelta(seconds=60))
        identities.rotate_key(INSTANCE, enrolled.public_key, agent(2).public_key, moment(1))
        assert list(agents.list_agents()) == [replace(before, public_key=agent(2).public_key)]
