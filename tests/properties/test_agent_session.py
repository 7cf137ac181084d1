"""Laws of the agent's session: whatever a gateway answers and wherever the clock jumps, it neither fails nor spins.

The numbers of its requests never repeat.
"""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.session.action import Local, Request, SendChallenge, SendEnvelope, SendHeartbeat, SendManifest
from openinspector.agent.session.event import Answered, ClockReading, Collected, Event, Failed, Stopping, Tick, Trouble
from openinspector.agent.session.reply import Refused, Throttled, Unauthorised, Unreachable
from openinspector.agent.session.session import AgentSession
from openinspector.agent.session.stream import SpoolView, StreamOrder, StreamPhase, StreamView
from openinspector.wire.instruction import Reattest, SetHeartbeatInterval, StartCollection, StopCollection
from openinspector.wire.message import Challenge, Heartbeat, HeartbeatReply, ManifestReply, Problem, Receipt, Session

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RUNS = st.sampled_from(["run-1", "run-2"])
PROBLEMS = st.builds(
    Problem,
    code=st.sampled_from(["stream-closed", "invalid-message", "internal", "unknown-session", "?"]),
    message=st.just("no"),
)
TIMES = st.integers(-(10**6), 10**6).map(lambda seconds: NOW + timedelta(seconds=seconds))
INSTRUCTIONS = st.one_of(
    st.builds(
        StartCollection,
        run_arn=RUNS,
        sensors=st.just(("dpkg", "unknown")),
        ends_at=TIMES,
        close_when_collected=st.booleans(),
    ),
    st.builds(StopCollection, run_arn=RUNS, discard=st.booleans()),
    st.builds(SetHeartbeatInterval, seconds=st.integers(-10, 1000)),
    st.builds(Reattest),
    st.just({"kind": "run-command"}),
).map(msgspec.json.encode)
REPLIES = st.one_of(
    st.just(Challenge(nonce="n" * 16, expires_at=NOW)),
    st.builds(Session, session_id=st.just("s" * 16), expires_at=TIMES, heartbeat_seconds=st.integers(-10, 10**6)),
    st.builds(HeartbeatReply, instructions=st.lists(INSTRUCTIONS.map(msgspec.Raw), max_size=3).map(tuple)),
    st.builds(
        Receipt,
        run_arn=RUNS,
        stream=st.just("collection"),
        seq=st.integers(1, 9),
        digest=st.just("0" * 64),
        watermark=st.integers(0, 99),
    ),
    st.builds(ManifestReply, closed=st.booleans(), missing=st.lists(st.integers(1, 9), max_size=3).map(tuple)),
)
FAILURES = st.one_of(
    st.builds(Unauthorised, problem=PROBLEMS),
    st.builds(Throttled, problem=PROBLEMS, retry_after=st.one_of(st.none(), st.floats(0, 600))),
    st.builds(Refused, status=st.just(400), problem=PROBLEMS),
    st.builds(Unreachable, reason=st.just("x"), stale=st.booleans()),
)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.just(Tick()),
    st.builds(Answered, reply=REPLIES),
    st.builds(Failed, failure=FAILURES),
    st.builds(Collected, run_arn=RUNS, whole=st.booleans()),
    st.just(Trouble(sentence="disk full")),
    st.just(Stopping()),
)
STREAMS = st.builds(
    StreamView,
    order=st.builds(
        StreamOrder, run_arn=RUNS, sensors=st.just(("dpkg",)), ends_at=TIMES, close_when_collected=st.booleans()
    ),
    phase=st.sampled_from(StreamPhase),
    count=st.just(9),
    pending=st.lists(st.integers(1, 9), unique=True).map(lambda seqs: tuple(sorted(seqs))),
)
SPOOLS = st.lists(STREAMS, max_size=2).map(
    lambda streams: SpoolView(streams={stream.order.run_arn: stream for stream in streams})
)
JUMPS = st.one_of(st.just(0), st.integers(-(10**9), 10**9))
"""Seconds the wall clock is off."""
STEPS = st.lists(st.tuples(EVENTS, st.integers(0, 100), JUMPS, SPOOLS), max_size=40)


@given(STEPS, st.floats(0, 1, exclude_max=True))
def test_no_gateway_breaks_the_session(steps: list[tuple[Event, int, int, SpoolView]], random: float) -> None:
    session = AgentSession("host-" + "0" * 17, {"dpkg"})
    seconds = 0.0
    numbers: dict[str, list[int]] = {"": []}
    for event, passed, jump, spool in steps:
        seconds += passed
        reading = ClockReading(
            now=NOW + timedelta(seconds=seconds + jump), monotonic=seconds, random=random, spool=spool
        )
        actions = session.step(event, reading)
        requests = [action for action in actions if isinstance(action, Request)]
        assert len(requests) <= 1
        assert not requests or len(actions) == 1
        assert isinstance(event, Tick) or not requests
        assert session.wakes_at(reading) >= seconds
        for request in requests:
            check(request, numbers)
        if not actions and isinstance(event, Tick):
            # At rest there is a time to wake at, or the loop would spin or sleep for ever.
            assert seconds <= session.wakes_at(reading) < seconds + 100_000
        assert all(isinstance(action, Local | Request) for action in actions)


def check(request: Request, numbers: dict[str, list[int]]) -> None:
    if isinstance(request, SendChallenge):
        numbers[""] = []
    elif isinstance(request, SendHeartbeat | SendEnvelope | SendManifest):
        assert request.credentials.counter > max(numbers[""], default=0)
        numbers[""].append(request.credentials.counter)
    if isinstance(request, SendHeartbeat):
        msgspec.json.decode(msgspec.json.encode(request.heartbeat), type=Heartbeat)
