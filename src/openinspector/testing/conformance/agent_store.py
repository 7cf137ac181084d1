"""Contract tests for every agent store. Subclass, and provide an empty one as the fixture ``store``."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from openinspector.model.agent import Agent, AgentHealthCode, HostDescription
from openinspector.model.asset import Tag
from openinspector.model.errors import StoreError
from openinspector.service.ports.agent_store import AgentStore, Contact, EnrolmentToken
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.model_builders import agent, agent_id, moment

_TAGS = (Tag(key="Environment", value="Test"), Tag(key="bare"))


def token(number: int = 1, uses: int = 1) -> EnrolmentToken:
    """Return a token that expires 100 seconds after moment 0."""
    return EnrolmentToken(
        digest=f"{number:064x}",
        tags=_TAGS,
        uses_left=uses,
        created_at=moment(number),
        expires_at=moment(100),
    )


def contact(number: int, seconds: int, kernel: str = "6.1") -> Contact:
    """Return the contact of an agent's heartbeat at a time."""
    return Contact(
        agent_id=agent_id(number),
        at=moment(seconds),
        host=HostDescription(hostname=f"host-{number}", kernel_version=kernel, distribution="debian:12"),
        health_code=AgentHealthCode.RUNNING,
        health_details="all well",
        heartbeat_interval=timedelta(seconds=15),
    )


class TokenSuite:
    """The laws of enrolment tokens."""

    def test_tokens_are_listed_oldest_first(self, store: AgentStore) -> None:
        for number in (2, 3, 1):
            store.add_token(token(number))
        assert list(store.list_tokens()) == [token(1), token(2), token(3)]

    def test_delete_returns_true_if_the_token_existed(self, store: AgentStore) -> None:
        store.add_token(token())
        assert [store.delete_token(token().digest), store.delete_token(token().digest)] == [True, False]
        assert store.enrol(token().digest, agent()) is None

    def test_enrolment_applies_the_tags_of_the_token(self, store: AgentStore) -> None:
        store.add_token(token())
        enrolled = store.enrol(token().digest, agent())
        assert enrolled == replace(agent(), tags=_TAGS)
        assert list(store.list_agents()) == [enrolled]

    def test_a_token_is_used_up(self, store: AgentStore) -> None:
        store.add_token(token(uses=2))
        enrolled = [store.enrol(token().digest, agent(number)) is not None for number in (1, 2, 3)]
        assert enrolled == [True, True, False]
        assert list(store.list_tokens()) == [token(uses=0)]

    @pytest.mark.parametrize(("seconds", "enrols"), [(99, True), (100, False), (101, False)])
    def test_a_token_expires(self, store: AgentStore, seconds: int, *, enrols: bool) -> None:
        store.add_token(token())
        assert (store.enrol(token().digest, agent(enrolled_at=moment(seconds))) is not None) is enrols
        assert store.list_tokens()[0].uses_left == int(not enrols)

    def test_unknown_token_enrols_no_agent(self, store: AgentStore) -> None:
        store.add_token(token(1))
        assert store.enrol(token(2).digest, agent()) is None
        assert list(store.list_agents()) == []

    def test_key_enrolled_again_returns_the_same_agent(self, store: AgentStore) -> None:
        store.add_token(token(uses=2))
        first = store.enrol(token().digest, agent(1))
        again = agent(2, public_key=agent(1).public_key)
        assert store.enrol(token().digest, again) == first
        assert store.enrol("unknown", again) == first
        assert list(store.list_tokens()) == [token(uses=1)]

    def test_no_other_key_takes_over_an_agent(self, store: AgentStore) -> None:
        """The id belongs to the first key until it is revoked; the refusal consumes no token."""
        store.add_token(token(uses=2))
        first = store.enrol(token().digest, agent(1))
        with pytest.raises(StoreError):
            store.enrol(token().digest, agent(1, public_key=agent(2).public_key))
        assert list(store.list_agents()) == [first]
        assert list(store.list_tokens()) == [token(uses=1)]

    def test_concurrent_enrolments_consume_a_token_once(self, store: AgentStore) -> None:
        store.add_token(token(uses=3))
        enrolled = at_once([partial(store.enrol, token().digest, agent(number)) for number in range(8)])
        winners = [one for one in enrolled if isinstance(one, Agent)]
        assert sorted(winners, key=lambda one: one.id) == list(store.list_agents())
        assert len(winners) == token(uses=3).uses_left
        assert store.list_tokens()[0].uses_left == 0

    def test_concurrent_enrolments_of_one_key_make_one_agent(self, store: AgentStore) -> None:
        store.add_token(token(uses=8))
        offers = [agent(number, public_key=agent(99).public_key) for number in range(8)]
        enrolled = at_once([partial(store.enrol, token().digest, offer) for offer in offers])
        assert enrolled == [store.list_agents()[0]] * len(offers)
        assert [one.uses_left for one in store.list_tokens()] == [len(offers) - 1]


class AgentStoreSuite(TokenSuite):
    """The contract of `AgentStore`."""

    def enrol(self, store: AgentStore, *numbers: int) -> None:
        """Enrol agents by number."""
        store.add_token(token(uses=len(numbers)))
        for number in numbers:
            assert store.enrol(token().digest, agent(number)) is not None

    def test_agent_round_trip(self, store: AgentStore) -> None:
        store.add_token(token())
        whole = agent(
            host=HostDescription(hostname="h\x00st", operating_system="Debian", ipv4_address="192.0.2.1"),
            health_code=AgentHealthCode.THROTTLED,
            health_details="asked to wait \x00",
            heartbeat_interval=timedelta(seconds=5, microseconds=1),
            last_heartbeat_at=moment(7),
            auto_scaling_group="group",
            ami_id="ami-1",
            tags=_TAGS,
        )
        store.enrol(token().digest, whole)
        assert list(store.agents_by_id([whole.id])) == [whole]

    def test_agents_are_returned_by_id(self, store: AgentStore) -> None:
        self.enrol(store, 3, 1, 2)
        assert [one.id for one in store.list_agents()] == [agent_id(1), agent_id(2), agent_id(3)]
        wanted = [agent_id(3), agent_id(9), agent_id(1), agent_id(3)]
        assert [one.id for one in store.agents_by_id(wanted)] == [agent_id(1), agent_id(3)]

    def test_many_agents_can_be_requested(self, store: AgentStore) -> None:
        self.enrol(store, 1)
        assert [one.id for one in store.agents_by_id([agent_id(n) for n in range(70_000)])] == [agent_id(1)]

    def test_contact_updates_fields_of_the_heartbeat(self, store: AgentStore) -> None:
        self.enrol(store, 1, 2)
        before, other = store.list_agents()
        latest = contact(1, 30)
        store.record_contacts([latest])
        assert list(store.list_agents()) == [
            replace(
                before,
                host=latest.host,
                health_code=latest.health_code,
                health_details=latest.health_details,
                heartbeat_interval=latest.heartbeat_interval,
                last_heartbeat_at=latest.at,
            ),
            other,
        ]

    @pytest.mark.parametrize("batches", [[[10, 20]], [[20, 10]], [[10], [20]], [[20], [10]]])
    def test_the_later_of_two_contacts_wins(self, store: AgentStore, batches: list[list[int]]) -> None:
        self.enrol(store, 1)
        for batch in batches:
            store.record_contacts([contact(1, seconds, kernel=str(seconds)) for seconds in batch])
        (now,) = store.list_agents()
        assert (now.last_heartbeat_at, now.host.kernel_version) == (moment(20), "20")

    def test_contacts_of_unknown_agents_are_ignored(self, store: AgentStore) -> None:
        self.enrol(store, 1)
        store.record_contacts([contact(9, 1), contact(1, 2)])
        store.record_contacts([])
        assert [(one.id, one.last_heartbeat_at) for one in store.list_agents()] == [(agent_id(1), moment(2))]

    def test_concurrent_batches_of_contacts_do_not_deadlock(self, store: AgentStore) -> None:
        numbers = tuple(range(1, 21))
        self.enrol(store, *numbers)
        batches = [
            [contact(number, seconds) for number in (numbers if seconds % 2 else reversed(numbers))]
            for seconds in range(1, 9)
        ]
        assert at_once([partial(store.record_contacts, batch) for batch in batches]) == [None] * len(batches)
        assert {one.last_heartbeat_at for one in store.list_agents()} == {moment(8)}

    def test_revoked_agent_is_deleted(self, store: AgentStore) -> None:
        """Revoking returns True if it existed; its key cannot enrol again and uses no token."""
        self.enrol(store, 1)
        assert [store.revoke(agent_id(1), moment(1)), store.revoke(agent_id(1), moment(2))] == [True, False]
        assert list(store.list_agents()) == []
        assert store.enrol(token().digest, agent(1)) is None
        store.add_token(token(2))
        with pytest.raises(StoreError):
            store.enrol(token(2).digest, agent(1))
        assert [one.uses_left for one in store.list_tokens()] == [0, 1]
        assert store.enrol(token(2).digest, agent(1, public_key=agent(2).public_key)) is not None
