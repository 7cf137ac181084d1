"""Agents and enrolment tokens in SQL."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, delete, insert, or_, select, update

from openinspector.model.agent import Agent, AgentHealthCode, AgentId
from openinspector.model.errors import StoreError
from openinspector.service.ports.agent_store import Contact, EnrolmentToken
from openinspector.service.ports.change_store import ChangeKind
from openinspector.service.stores.change_sql import record_change
from openinspector.service.stores.columns import UtcDateTime
from openinspector.service.stores.dialect import add_new
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.query import in_batches
from openinspector.service.stores.schema import AGENT, ENROLMENT_TOKEN, REATTESTATION, REVOKED_KEY
from openinspector.wire.signature import key_id


class SqlAgentStore:
    """Stores agents and tokens."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_token(self, token: EnrolmentToken) -> None:
        """Add an enrolment token."""
        row = {
            "digest": token.digest,
            "tags": token.tags,
            "uses_left": token.uses_left,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        }
        with writing(self._engine) as connection:
            connection.execute(insert(ENROLMENT_TOKEN), row)

    def list_tokens(self) -> Sequence[EnrolmentToken]:
        """Return all tokens, oldest first."""
        query = select(ENROLMENT_TOKEN).order_by(ENROLMENT_TOKEN.c.created_at, ENROLMENT_TOKEN.c.digest)
        with reading(self._engine) as connection:
            return [_token(row) for row in connection.execute(query)]

    def delete_token(self, digest: str) -> bool:
        """Delete a token; return True if it existed."""
        with writing(self._engine) as connection:
            gone = connection.execute(delete(ENROLMENT_TOKEN).where(ENROLMENT_TOKEN.c.digest == digest))
            return gone.rowcount == 1

    def enrol(self, digest: str, agent: Agent) -> Agent | None:
        """Use a token once and add ``agent`` with the token's tags, in one transaction.

        An enrolled key returns its agent and consumes no token. None if the token is unknown,
        expired at ``agent.enrolled_at`` or used up. StoreError if another key has the agent's id.
        """
        try:
            with writing(self._engine) as connection:
                return _agent_of_key(connection, agent.public_key) or _enrol(connection, digest, agent)
        except _KeyEnrolledMeanwhile:  # the token's use was taken back with the transaction
            with reading(self._engine) as connection:
                return _agent_of_key(connection, agent.public_key)

    def agents_by_id(self, ids: Sequence[AgentId]) -> Sequence[Agent]:
        """Return the agents that exist, by id."""
        found: list[Agent] = []
        with reading(self._engine) as connection:
            for wanted in in_batches(ids):
                found.extend(agent_of(row) for row in connection.execute(select(AGENT).where(AGENT.c.id.in_(wanted))))
        return sorted(found, key=lambda agent: agent.id)

    def list_agents(self) -> Sequence[Agent]:
        """Return all agents, by id."""
        with reading(self._engine) as connection:
            return [agent_of(row) for row in connection.execute(select(AGENT).order_by(AGENT.c.id))]

    def record_contacts(self, contacts: Sequence[Contact]) -> None:
        """Store heartbeats; of two for one agent the later in time wins."""
        # By agent, so that two writers lock rows in one order; by time, so that the latest is written last.
        latest = {contact.agent_id: contact for contact in sorted(contacts, key=lambda c: (c.agent_id, c.at))}
        if not latest:
            return
        older = or_(
            AGENT.c.last_heartbeat_at.is_(None), AGENT.c.last_heartbeat_at <= bindparam("at", type_=UtcDateTime)
        )
        statement = (
            update(AGENT)
            .where(AGENT.c.id == bindparam("agent_id"), older)
            .values(
                last_heartbeat_at=bindparam("at"),
                host=bindparam("host"),
                health_code=bindparam("health_code"),
                health_details=bindparam("health_details"),
                heartbeat_interval=bindparam("heartbeat_interval"),
            )
        )
        with writing(self._engine) as connection:
            connection.execute(statement, [_changes(contact) for contact in latest.values()])

    def revoke(self, agent: AgentId, at: datetime) -> bool:
        """Delete an agent and revoke its key for good; return True if it existed."""
        with writing(self._engine) as connection:
            gone = connection.execute(delete(AGENT).where(AGENT.c.id == agent).returning(AGENT.c.public_key)).first()
            if gone is not None:
                revoked = {"key_id": key_id(gone.public_key), "agent_id": agent, "revoked_at": at}
                add_new(connection, REVOKED_KEY, ("key_id",), revoked)
                connection.execute(delete(REATTESTATION).where(REATTESTATION.c.agent_id == agent))
                record_change(connection, ChangeKind.AGENT_KEY, agent)
            return gone is not None


class _KeyEnrolledMeanwhile(Exception):  # noqa: N818 - says what happened; never leaves this module
    """Another transaction has enrolled the same key."""


def use_token(connection: Connection, digest: str, agent: Agent) -> Agent | None:
    """Consume one use of a token and return the agent with its tags; None if it is invalid."""
    usable = (
        ENROLMENT_TOKEN.c.digest == digest,
        ENROLMENT_TOKEN.c.uses_left > 0,
        ENROLMENT_TOKEN.c.expires_at > agent.enrolled_at,
    )
    used = update(ENROLMENT_TOKEN).where(*usable).values(uses_left=ENROLMENT_TOKEN.c.uses_left - 1)
    token = connection.execute(used.returning(ENROLMENT_TOKEN.c.tags)).one_or_none()
    return None if token is None else replace(agent, tags=token.tags)


def _enrol(connection: Connection, digest: str, agent: Agent) -> Agent | None:
    enrolled = use_token(connection, digest, agent)
    if enrolled is None:
        return None
    if connection.scalar(select(REVOKED_KEY.c.key_id).where(REVOKED_KEY.c.key_id == key_id(agent.public_key))):
        raise StoreError("the key was revoked", advice="Enrol the host with a new key.")
    if connection.scalar(select(AGENT.c.id).where(AGENT.c.id == agent.id)) is not None:
        raise StoreError(f"{agent.id} is enrolled with another key", advice="Revoke the agent to enrol its host again.")
    if not add_new(connection, AGENT, ("public_key",), row_of(enrolled)):
        raise _KeyEnrolledMeanwhile
    return enrolled


def _agent_of_key(connection: Connection, public_key: bytes) -> Agent | None:
    row = connection.execute(select(AGENT).where(AGENT.c.public_key == public_key)).one_or_none()
    return None if row is None else agent_of(row)


def _changes(contact: Contact) -> dict[str, object]:
    return {
        "agent_id": contact.agent_id,
        "at": contact.at,
        "host": contact.host,
        "health_code": contact.health_code,
        "health_details": contact.health_details,
        "heartbeat_interval": contact.heartbeat_interval,
    }


def row_of(agent: Agent) -> dict[str, object]:
    """Return an agent as a row."""
    return {
        "id": agent.id,
        "public_key": agent.public_key,
        "tags": agent.tags,
        "enrolled_at": agent.enrolled_at,
        "host": agent.host,
        "health_code": agent.health_code,
        "health_details": agent.health_details,
        "heartbeat_interval": agent.heartbeat_interval,
        "last_heartbeat_at": agent.last_heartbeat_at,
        "auto_scaling_group": agent.auto_scaling_group,
        "ami_id": agent.ami_id,
    }


def agent_of(row: Row[Any]) -> Agent:
    """Return a row as an agent."""
    return Agent(
        id=row.id,
        public_key=row.public_key,
        tags=row.tags,
        enrolled_at=row.enrolled_at,
        host=row.host,
        health_code=AgentHealthCode(row.health_code),
        health_details=row.health_details,
        heartbeat_interval=row.heartbeat_interval,
        last_heartbeat_at=row.last_heartbeat_at,
        auto_scaling_group=row.auto_scaling_group,
        ami_id=row.ami_id,
    )


def _token(row: Row[Any]) -> EnrolmentToken:
    return EnrolmentToken(
        digest=row.digest,
        tags=row.tags,
        uses_left=row.uses_left,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
