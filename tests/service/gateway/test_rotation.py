"""A host key is replaced only by who holds both keys, in a session of the old one."""

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.service.gateway.signing_client import Host, problem, token
from tests.service.gateway_world import OTHER_AGENT

from openinspector.service.gateway.upkeep import follow_agents
from openinspector.service.ports.change_store import Change, ChangeKind
from openinspector.wire.message import KeyRotated, KeyRotation
from openinspector.wire.signature import key_id, rotation_statement


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def rotation(host: Host, new: Ed25519PrivateKey, **changes: str) -> KeyRotation:
    message = {"agent": host.agent_id, "session": host.session or "", "old": key_id(host.public_key), **changes}
    statement = rotation_statement(message["agent"], message["session"], message["old"], key_id(public(new)))
    return KeyRotation(public_key=public(new), proof=new.sign(statement))


def rotate(host: Host, asked: KeyRotation) -> httpx.Response:
    return host.send(host.prepare("rotation", msgspec.json.encode(asked)))


def test_the_key_is_replaced_and_every_session_ends(host: Host) -> None:
    new = Ed25519PrivateKey.generate()
    done = rotate(host, rotation(host, new))
    assert msgspec.json.decode(done.content, type=KeyRotated).key_id == key_id(public(new))
    (agent,) = host.world.agents.list_agents()
    assert (agent.id, agent.public_key) == (host.agent_id, public(new))
    assert problem(host.send(host.beat())) == (401, "unknown-session")
    assert problem(host.send(host.enrolment(token(host.world)))) == (401, "revoked")
    host.key = new
    assert host.opened().send(host.beat()).status_code == 200


def test_the_same_rotation_is_accepted_again(host: Host) -> None:
    """Its answer was lost: the new key, which is in force, asks for itself."""
    new = Ed25519PrivateKey.generate()
    assert rotate(host, rotation(host, new)).status_code == 200
    host.key = new
    host.opened()
    assert rotate(host, rotation(host, new)).status_code == 200
    assert host.world.agents.list_agents()[0].public_key == public(new)


@pytest.mark.parametrize(
    "change",
    [{"agent": OTHER_AGENT}, {"session": "s" * 32}, {"old": "0" * 64}],
    ids=str,
)
def test_the_new_key_signs_for_this_agent_in_this_session(host: Host, change: dict[str, str]) -> None:
    new = Ed25519PrivateKey.generate()
    assert problem(rotate(host, rotation(host, new, **change))) == (403, "rotation-refused")
    assert host.world.agents.list_agents()[0].public_key == host.public_key


def test_key_without_proof_of_possession_is_refused(host: Host) -> None:
    theirs = Ed25519PrivateKey.generate()
    asked = rotation(host, Ed25519PrivateKey.generate())
    stolen = msgspec.structs.replace(asked, public_key=public(theirs))
    assert problem(rotate(host, stolen)) == (403, "rotation-refused")


def test_the_old_key_must_ask(host: Host) -> None:
    new = Ed25519PrivateKey.generate()
    body = msgspec.json.encode(rotation(host, new))
    assert problem(host.send(host.prepare("rotation", body, key=new))) == (401, "bad-signature")


def test_key_of_another_agent_is_refused(host: Host) -> None:
    other = Ed25519PrivateKey.generate()
    host.world.add_agent(other, OTHER_AGENT)
    assert problem(rotate(host, rotation(host, other))) == (403, "rotation-refused")


def test_replaced_key_cannot_return(host: Host) -> None:
    old, new = host.key, Ed25519PrivateKey.generate()
    assert rotate(host, rotation(host, new)).status_code == 200
    host.key = new
    host.opened()
    assert problem(rotate(host, rotation(host, old))) == (403, "rotation-refused")


def test_another_process_ends_the_old_keys_sessions_too(host: Host) -> None:
    """Two services over one database: what one replaced, the other notices."""
    world = host.world
    new = public(Ed25519PrivateKey.generate())
    assert world.identities.rotate_key(host.agent_id, host.public_key, new, world.clock.now())
    follow_agents(world.gateway, [Change(seq=1, kind=ChangeKind.AGENT_KEY, subject=host.agent_id)])
    assert problem(host.send(host.beat())) == (401, "unknown-session")
