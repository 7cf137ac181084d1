"""Attestations, revoked keys and rotations in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from openinspector.model.agent import Agent, AgentId
from openinspector.model.asset import Tag
from openinspector.service.ports.change_store import ChangeKind
from openinspector.service.ports.identity_store import Attestation, Hindrance
from openinspector.service.stores.agent_sql import agent_of, row_of, use_token
from openinspector.service.stores.change_sql import record_change
from openinspector.service.stores.dialect import add_new, insert_or_keep
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.query import in_batches
from openinspector.service.stores.schema import AGENT, ATTESTATION, REATTESTATION, REVOKED_KEY
from openinspector.wire.signature import key_id

_HELD: Final = ATTESTATION.c


class SqlIdentityStore:
    """Stores identities."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def attest(self, agent: Agent, proof: Attestation, token_digest: str | None) -> Agent | Hindrance:
        """Bind the agent's key to the instance on first sight and enrol it, in one transaction."""
        try:
            with writing(self._engine) as connection:
                enrolled = _attest(connection, agent, proof, token_digest)
                _reattested(connection, agent.id)
                return enrolled
        except _HinderedError as hindered:  # whatever was written is taken back with the transaction
            return hindered.why

    def attestation(self, agent: AgentId) -> Attestation | None:
        """Return the host's last attestation; None if it enrolled with a token only."""
        with reading(self._engine) as connection:
            row = connection.execute(select(ATTESTATION).where(_HELD.agent_id == agent)).one_or_none()
        return None if row is None else _attestation(row)

    def list_attestations(self) -> Sequence[Attestation]:
        """Return the last attestation of every attested host, by id."""
        with reading(self._engine) as connection:
            return [_attestation(row) for row in connection.execute(select(ATTESTATION).order_by(_HELD.agent_id))]

    def release(self, agent: AgentId) -> bool:
        """Delete the binding of the instance's key, and its agent."""
        with writing(self._engine) as connection:
            connection.execute(delete(REATTESTATION).where(REATTESTATION.c.agent_id == agent))
            freed = connection.execute(update(ATTESTATION).where(_HELD.agent_id == agent).values(key_id=None))
            if freed.rowcount:
                connection.execute(delete(AGENT).where(AGENT.c.id == agent))
                record_change(connection, ChangeKind.AGENT_KEY, agent)
            return freed.rowcount == 1

    def rotate_key(self, agent: AgentId, old: bytes, new: bytes, at: datetime) -> bool:
        """Replace the agent's raw public key and revoke the old one, atomically."""
        try:
            with writing(self._engine) as connection:
                return _rotate(connection, agent, (old, new), at)
        except _HinderedError:
            return False

    def is_revoked(self, key_id: str) -> bool:
        """Return True if a key was revoked or replaced."""
        with reading(self._engine) as connection:
            return _is_revoked(connection, key_id)

    def keys_by_id(self, ids: Sequence[AgentId]) -> Mapping[AgentId, bytes]:
        """Return the raw public keys of the agents that exist."""
        found: dict[AgentId, bytes] = {}
        with reading(self._engine) as connection:
            for wanted in in_batches(ids):
                rows = connection.execute(select(AGENT.c.id, AGENT.c.public_key).where(AGENT.c.id.in_(wanted)))
                found.update((AgentId(row.id), row.public_key) for row in rows)
        return found

    def ask_reattestation(self, agent: AgentId, at: datetime) -> bool:
        """Record that the agent must attest again; return True if the agent exists."""
        with writing(self._engine) as connection:
            if connection.scalar(select(AGENT.c.id).where(AGENT.c.id == agent)) is None:
                return False
            add_new(connection, REATTESTATION, ("agent_id",), {"agent_id": agent, "asked_at": at})
            record_change(connection, ChangeKind.REATTESTATION, agent)
            return True

    def reattestations_asked(self) -> Sequence[AgentId]:
        """Return the agents that must attest again, by id."""
        with reading(self._engine) as connection:
            return list(connection.scalars(select(REATTESTATION.c.agent_id).order_by(REATTESTATION.c.agent_id)))

    def reattested(self, agent: AgentId) -> None:
        """Record that the agent attested again."""
        with writing(self._engine) as connection:
            _reattested(connection, agent)

    def set_tags(self, agent: AgentId, tags: tuple[Tag, ...]) -> bool:
        """Replace the agent's tags."""
        with writing(self._engine) as connection:
            return connection.execute(update(AGENT).where(AGENT.c.id == agent).values(tags=tags)).rowcount == 1


class _HinderedError(Exception):
    """Rolls a transaction back; caught in this module."""

    def __init__(self, why: Hindrance) -> None:
        super().__init__(why)
        self.why = why


def _attest(connection: Connection, agent: Agent, proof: Attestation, token_digest: str | None) -> Agent:
    own_id = key_id(agent.public_key)
    if _is_revoked(connection, own_id):
        raise _HinderedError(Hindrance.KEY_REVOKED)
    # Locks the row: of two keys that come at once, one is bound and the other sees it.
    first = {**_columns(proof), "key_id": own_id}
    held = connection.execute(insert_or_keep(connection, ATTESTATION, "key_id"), first).one()
    if held.key_id not in (None, own_id):
        raise _HinderedError(Hindrance.OTHER_KEY)
    if proof.pending_time and held.pending_time and proof.pending_time < held.pending_time:
        raise _HinderedError(Hindrance.OLD_PROOF)
    now = {**first, "pending_time": proof.pending_time or held.pending_time}
    connection.execute(update(ATTESTATION).where(_HELD.agent_id == agent.id).values(now))
    known = connection.execute(select(AGENT).where(AGENT.c.public_key == agent.public_key)).one_or_none()
    if known is not None and known.id != agent.id:
        raise _HinderedError(Hindrance.KEY_OF_ANOTHER)
    return agent_of(known) if known is not None else _add(connection, agent, token_digest)


def _reattested(connection: Connection, agent: AgentId) -> None:
    if connection.execute(delete(REATTESTATION).where(REATTESTATION.c.agent_id == agent)).rowcount:
        record_change(connection, ChangeKind.REATTESTATION, agent)


def _add(connection: Connection, agent: Agent, token_digest: str | None) -> Agent:
    added = agent
    if token_digest is not None:
        with_tags = use_token(connection, token_digest, agent)
        if with_tags is None:
            raise _HinderedError(Hindrance.BAD_TOKEN)
        added = with_tags
    if connection.scalar(select(AGENT.c.id).where(AGENT.c.id == agent.id)) is not None:
        raise _HinderedError(Hindrance.OTHER_KEY)
    if not add_new(connection, AGENT, ("public_key",), row_of(added)):
        raise _HinderedError(Hindrance.KEY_OF_ANOTHER)
    return added


def _rotate(connection: Connection, agent: AgentId, keys: tuple[bytes, bytes], at: datetime) -> bool:
    old, new = keys
    held = connection.scalar(select(AGENT.c.public_key).where(AGENT.c.id == agent).with_for_update())
    if held == new:
        return True
    taken = connection.scalar(select(AGENT.c.id).where(AGENT.c.public_key == new)) is not None
    if held != old or taken or _is_revoked(connection, key_id(new)):
        return False
    changed = update(AGENT).where(AGENT.c.id == agent, AGENT.c.public_key == old).values(public_key=new)
    if connection.execute(changed).rowcount != 1:
        raise _HinderedError(Hindrance.OTHER_KEY)
    connection.execute(update(ATTESTATION).where(_HELD.agent_id == agent).values(key_id=key_id(new)))
    connection.execute(insert(REVOKED_KEY), {"key_id": key_id(old), "agent_id": agent, "revoked_at": at})
    record_change(connection, ChangeKind.AGENT_KEY, agent)
    return True


def _is_revoked(connection: Connection, own_id: str) -> bool:
    return connection.scalar(select(REVOKED_KEY.c.key_id).where(REVOKED_KEY.c.key_id == own_id)) is not None


def _columns(proof: Attestation) -> dict[str, object]:
    return {
        "agent_id": proof.agent_id,
        "method": proof.method,
        "account": proof.account,
        "region": proof.region,
        "attested_at": proof.attested_at,
        "pending_time": proof.pending_time,
    }


def _attestation(row: Row[Any]) -> Attestation:
    return Attestation(
        agent_id=row.agent_id,
        method=row.method,
        account=row.account,
        region=row.region,
        attested_at=row.attested_at,
        pending_time=row.pending_time,
    )
