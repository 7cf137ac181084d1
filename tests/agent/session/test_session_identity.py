"""The session's machine when the service asks who the host is, and when the host key is replaced."""

from dataclasses import replace

import pytest
from tests.agent.session.session_world import AGENT, NOW, World, problem

from openinspector.agent.session.action import Attest, OpenSession, RotateKey, SendChallenge, SendHeartbeat
from openinspector.agent.session.event import Answered, ClockReading, Failed
from openinspector.agent.session.reply import Failure, Refused, Throttled, Unauthorised, Unreachable
from openinspector.wire.instruction import Reattest
from openinspector.wire.message import Challenge, Enrolment, KeyRotated, Problem

CHALLENGE = Answered(reply=Challenge(nonce="n" * 24, expires_at=NOW))
ASKED = Refused(status=403, problem=problem("attestation-required"))


class RotatingWorld(World):
    rotation = True

    def reading(self) -> ClockReading:
        return replace(super().reading(), rotation=self.rotation)


@pytest.fixture
def rotating(tmp_path: object) -> RotatingWorld:
    world = RotatingWorld(tmp_path)  # type: ignore[arg-type]  # pytest's own path
    world.connect()
    world.beat()
    return world


def test_session_sends_requested_proof(world: World) -> None:
    world.expect(SendChallenge)
    world.step(CHALLENGE)
    world.expect(OpenSession)
    world.step(Failed(failure=ASKED))
    world.wait(2)
    world.expect(SendChallenge)
    world.step(CHALLENGE)
    assert world.expect(Attest).nonce == "n" * 24
    world.step(Answered(reply=Enrolment(agent_id=AGENT)))
    world.connect()
    world.expect(SendHeartbeat)


def test_repeated_demands_for_proof_back_off(world: World) -> None:
    """Session refused, proof taken, session refused, …: no circle without pauses."""
    for _ in range(8):
        world.expect(SendChallenge)
        world.step(CHALLENGE)
        world.expect(OpenSession)
        world.step(Failed(failure=ASKED))
        world.seconds = world.session.wakes_at(world.reading())
        world.expect(SendChallenge)
        world.step(CHALLENGE)
        world.expect(Attest)
        world.step(Answered(reply=Enrolment(agent_id=AGENT)))
    assert world.seconds > 60


def test_refused_proof_is_retried_later(world: World) -> None:
    world.expect(SendChallenge)
    world.step(CHALLENGE)
    world.expect(OpenSession)
    world.step(Failed(failure=ASKED))
    for failure in (Unreachable(reason="no route"), Refused(status=403, problem=problem("enrolment-refused"))):
        world.wait(200)
        world.expect(SendChallenge)
        world.step(CHALLENGE)
        world.expect(Attest)
        world.step(Failed(failure=failure))
        assert world.tick() is None


def test_proof_with_the_wrong_key_is_not_retried(world: World) -> None:
    """A session tells which key the service knows; a proof by another one never would be taken."""
    world.expect(SendChallenge)
    world.step(CHALLENGE)
    world.expect(OpenSession)
    world.step(Failed(failure=ASKED))
    world.wait(2)
    world.expect(SendChallenge)
    world.step(CHALLENGE)
    world.expect(Attest)
    world.step(Failed(failure=Unauthorised(problem=problem("revoked"))))
    world.wait(5)
    world.connect()


def test_reattest_instruction_opens_a_new_session(connected: World) -> None:
    connected.beat(Reattest())
    connected.expect(SendChallenge)


def test_a_next_key_is_offered_after_the_heartbeat(rotating: RotatingWorld) -> None:
    assert rotating.expect(RotateKey).credentials.counter == 2
    rotating.rotation = False
    rotating.step(Answered(reply=KeyRotated(key_id="0" * 64)))
    rotating.connect()
    assert rotating.tick() is None


@pytest.mark.parametrize(
    "failure",
    [Refused(status=403, problem=problem("rotation-refused")), Throttled(problem=problem("busy"), retry_after=None)],
)
def test_failed_rotation_does_not_block_heartbeats(rotating: RotatingWorld, failure: Failure) -> None:
    rotating.expect(RotateKey)
    rotating.step(Failed(failure=failure))
    assert rotating.tick() is None
    assert rotating.session.wakes_at(rotating.reading()) <= rotating.seconds + 1
    rotating.wait(60)
    rotating.expect(SendHeartbeat)


@pytest.mark.parametrize("failure", [Unauthorised(problem=problem("unknown-session")), Unreachable(reason="lost")])
def test_rotation_with_a_lost_answer_is_retried(rotating: RotatingWorld, failure: Failure) -> None:
    rotating.expect(RotateKey)
    rotating.step(Failed(failure=failure))
    rotating.wait(2)
    action = rotating.tick()
    assert isinstance(action, SendChallenge | RotateKey)


def test_a_copied_host_is_shown_in_the_health_details_until_the_agent_restarts(connected: World) -> None:
    connected.expect(SendHeartbeat)
    copied = Problem(code="copied-host", message="another living host uses this host's key: web-2")
    connected.step(Failed(failure=Unauthorised(problem=copied)))
    connected.connect()
    assert "web-2 (copied-host)" in connected.beat().health_details
    connected.restart()
    assert connected.session.health(connected.spool.view())[1] == ""
