"""Contract tests for every telemetry store. Subclass, and provide an empty one as the fixture ``store``."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, Final

import pytest

from openinspector.model.arn import RunArn
from openinspector.service.ports.telemetry_store import (
    Closings,
    Recorded,
    RunKey,
    StoredEnvelope,
    Stream,
    StreamLimits,
    TelemetryStore,
    Volume,
)
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.model_builders import agent_id, moment, run
from openinspector.wire.telemetry import MessageType

_PACKAGE = MessageType("InspectorPackageInfo")
_USER = MessageType("InspectorUser")


def run_key(number: int = 1, **fields: Any) -> RunKey:
    """Return the key of run ``number``."""
    return replace(RunKey(run_arn=run(number).arn, wrapped=b"\x00wrapped", created_at=moment(number)), **fields)


def envelope(seq: int = 1, of: int = 1, **fields: Any) -> StoredEnvelope:
    """Return an envelope of run ``of`` from agent 1 in the stream "collection"."""
    made = StoredEnvelope(
        run_arn=run(of).arn,
        agent_id=agent_id(),
        stream="collection",
        seq=seq,
        digest=f"{seq:064x}",
        object_name=f"telemetry/{of}/{seq}",
        size=100,
        volumes={_PACKAGE: Volume(count=2, size=100)},
        received_at=moment(seq),
    )
    return replace(made, **fields)


def stream(**fields: Any) -> Stream:
    """Return agent 1's stream "collection", closed and empty."""
    made = Stream(agent_id=agent_id(), name="collection", watermark=0, closed_at=moment(50), dropped=0)
    return replace(made, **fields)


RUN: RunArn = run(1).arn
LIMITS: Final = StreamLimits(records=1_000_000, size=1_000_000)


class RunKeySuite:
    """The laws of run keys."""

    def test_key_round_trip(self, store: TelemetryStore) -> None:
        store.add_run_key(run_key())
        assert store.run_key(RUN) == run_key()
        assert store.run_key(run(2).arn) is None

    def test_a_second_key_changes_nothing(self, store: TelemetryStore) -> None:
        """Telemetry was sealed with the first key."""
        store.add_run_key(run_key())
        store.add_run_key(run_key(wrapped=b"other"))
        assert store.run_key(RUN) == run_key()

    def test_deleted_key_cannot_return(self, store: TelemetryStore) -> None:
        """Deleting returns True if there was one; another key does not replace it."""
        store.add_run_key(run_key())
        assert [store.delete_run_key(RUN, moment(9)), store.delete_run_key(RUN, moment(9))] == [True, False]
        assert store.run_key(RUN) is None
        store.add_run_key(run_key(wrapped=b"other"))
        assert store.run_key(RUN) is None
        assert not store.delete_run_key(run(2).arn, moment(9))

    def test_old_keys_are_listed_oldest_first(self, store: TelemetryStore) -> None:
        for number in (3, 1, 4, 2):
            store.add_run_key(run_key(number))
        store.delete_run_key(run(2).arn, moment(9))
        assert list(store.run_keys_created_before(moment(4))) == [run_key(1), run_key(3)]

    def test_runs_are_found_by_the_time_of_deletion(self, store: TelemetryStore) -> None:
        for number in (1, 2, 3, 4):
            store.add_run_key(run_key(number))
        for number, at in ((3, 5), (1, 7), (2, 6)):
            store.delete_run_key(run(number).arn, moment(at))
        assert list(store.runs_deleted_after(moment(5))) == [run(2).arn, run(1).arn]

    def test_concurrent_deletions_delete_a_key_once(self, store: TelemetryStore) -> None:
        store.add_run_key(run_key())
        done = at_once([partial(store.delete_run_key, RUN, moment(9)) for _ in range(6)])
        assert sorted(map(bool, done)) == [False] * 5 + [True]


class TelemetryStoreSuite(RunKeySuite):
    """The contract of `TelemetryStore`."""

    def record(self, store: TelemetryStore, envelopes: Iterable[StoredEnvelope]) -> list[Recorded]:
        """Add the keys of runs 1 and 2, and note envelopes."""
        store.add_run_key(run_key(1))
        store.add_run_key(run_key(2))
        return [store.record(one, LIMITS) for one in envelopes]

    def test_envelope_round_trip(self, store: TelemetryStore) -> None:
        offered = [envelope(10), envelope(2), envelope(1), envelope(1, stream="again")]
        assert self.record(store, offered) == [Recorded.NEW] * len(offered)
        assert list(store.envelopes(RUN, agent_id())) == sorted(offered, key=lambda one: (one.stream, one.seq))
        assert list(store.envelopes(RUN, agent_id(2))) == []

    def test_repeated_envelope_is_accepted(self, store: TelemetryStore) -> None:
        """It is recorded once, as first received."""
        assert self.record(store, [envelope(), envelope(received_at=moment(99))]) == [Recorded.NEW, Recorded.SAME]
        assert list(store.envelopes(RUN, agent_id())) == [envelope()]

    def test_another_digest_is_a_conflict(self, store: TelemetryStore) -> None:
        other = envelope(digest="f" * 64, object_name="forged", volumes={_USER: Volume(count=1, size=1)})
        assert self.record(store, [envelope(), other]) == [Recorded.NEW, Recorded.CONFLICT]
        assert list(store.envelopes(RUN, agent_id())) == [envelope()]
        assert store.volumes(RUN) == {agent_id(): envelope().volumes}

    def test_without_a_key_envelopes_are_refused(self, store: TelemetryStore) -> None:
        assert store.record(envelope(), LIMITS) is Recorded.REFUSED
        store.add_run_key(run_key())
        store.delete_run_key(RUN, moment(9))
        assert store.record(envelope(), LIMITS) is Recorded.REFUSED
        assert list(store.streams(RUN)) == []
        assert list(store.envelopes(RUN, agent_id())) == []

    def test_closed_stream_refuses_new_envelopes(self, store: TelemetryStore) -> None:
        """Known envelopes are still recognised; other streams of the agent are open."""
        self.record(store, [envelope(1)])
        store.close_stream(RUN, stream(watermark=1))
        offered = [envelope(2), envelope(1), envelope(1, digest="f" * 64), envelope(1, stream="again")]
        assert [store.record(one, LIMITS) for one in offered] == [
            Recorded.REFUSED,
            Recorded.SAME,
            Recorded.CONFLICT,
            Recorded.NEW,
        ]

    @pytest.mark.parametrize("limits", [StreamLimits(records=5, size=10_000), StreamLimits(records=100, size=250)])
    def test_a_stream_beyond_its_limits_is_closed_and_marked(self, store: TelemetryStore, limits: StreamLimits) -> None:
        """Its envelopes stay and are still recognised; other streams have their own limits."""
        store.add_run_key(run_key())
        offered = [envelope(2), envelope(1), envelope(1), envelope(3), envelope(1), envelope(4)]
        offered += [envelope(1, stream="again"), envelope(1, agent_id=agent_id(2))]
        assert [store.record(one, limits) for one in offered] == [
            Recorded.NEW,
            Recorded.NEW,
            Recorded.SAME,
            Recorded.OVERFLOWED,
            Recorded.SAME,
            Recorded.REFUSED,
            Recorded.NEW,
            Recorded.NEW,
        ]
        overflowed = stream(watermark=2, closed_at=moment(3), overflowed=True)
        assert store.stream(RUN, agent_id(), "collection") == overflowed
        store.close_stream(RUN, stream(watermark=2))
        assert overflowed in store.streams(RUN)
        assert list(store.envelopes(RUN, agent_id())) == [envelope(1, stream="again"), envelope(1), envelope(2)]

    def test_digests_are_by_number(self, store: TelemetryStore) -> None:
        self.record(store, [envelope(3), envelope(1), envelope(2, stream="again"), envelope(4, agent_id=agent_id(2))])
        assert store.digests(RUN, agent_id(), "collection") == {1: envelope(1).digest, 3: envelope(3).digest}
        assert store.digests(run(2).arn, agent_id(), "collection") == {}

    @pytest.mark.parametrize(
        ("arrived", "watermark"),
        [([], 0), ([2], 0), ([1], 1), ([1, 3], 1), ([3, 2, 1], 3), ([2, 3, 5, 1], 3), ([1, 2, 1, 4, 3], 4)],
    )
    def test_the_watermark_ends_at_the_first_gap(
        self, store: TelemetryStore, arrived: list[int], watermark: int
    ) -> None:
        self.record(store, [envelope(seq) for seq in arrived])
        assert [one.watermark for one in store.streams(RUN)] == ([watermark] if arrived else [])

    def test_streams_are_listed_by_agent_and_name(self, store: TelemetryStore) -> None:
        offered = [envelope(1, agent_id=agent_id(2)), envelope(1), envelope(2), envelope(1, of=2)]
        self.record(store, offered)
        store.close_stream(RUN, stream(watermark=2, dropped=3))
        store.close_stream(RUN, stream(name="again"))
        assert list(store.streams(RUN)) == [
            stream(name="again"),
            stream(watermark=2, dropped=3),
            stream(agent_id=agent_id(2), watermark=1, closed_at=None),
        ]

    def test_closing_again_changes_nothing(self, store: TelemetryStore) -> None:
        """The first manifest counts."""
        self.record(store, [envelope(1)])
        store.close_stream(RUN, stream(watermark=1))
        store.close_stream(RUN, stream(watermark=1, closed_at=moment(60), dropped=7))
        assert list(store.streams(RUN)) == [stream(watermark=1)]

    def test_closings_are_found_by_the_time_they_were_noted(self, store: TelemetryStore) -> None:
        store.add_run_key(run_key())
        assert store.closings(RUN, None) == Closings()
        store.record(envelope(), LIMITS)
        assert store.closings(RUN, None) == Closings()
        store.close_stream(RUN, stream(watermark=1))
        found = store.closings(RUN, None)
        assert (len(found.agents), found.last is None) == (1, False)
        assert found.last is not None
        assert store.closings(RUN, found.last) == found
        assert store.closings(RUN, found.last + timedelta(seconds=1)) == Closings()
        assert store.closings(run(2).arn, None) == Closings()

    def test_volumes_add_up_by_agent_and_type(self, store: TelemetryStore) -> None:
        """A repeated envelope counts once; agents without messages are omitted."""
        both = {_PACKAGE: Volume(count=1, size=50), _USER: Volume(count=3, size=30)}
        self.record(
            store,
            [envelope(1), envelope(1), envelope(2, volumes=both), envelope(1, agent_id=agent_id(2)), envelope(1, of=2)],
        )
        assert store.volumes(RUN) == {
            agent_id(1): {_PACKAGE: Volume(count=3, size=150), _USER: Volume(count=3, size=30)},
            agent_id(2): {_PACKAGE: Volume(count=2, size=100)},
        }

    def test_a_forgotten_run_is_empty(self, store: TelemetryStore) -> None:
        self.record(store, [envelope(1), envelope(1, of=2)])
        store.close_stream(RUN, stream(watermark=1))
        store.forget_run(RUN)
        store.forget_run(RUN)
        assert (list(store.streams(RUN)), list(store.envelopes(RUN, agent_id())), store.volumes(RUN)) == ([], [], {})
        assert store.stream(RUN, agent_id(), "collection") is None
        assert store.run_key(RUN) == run_key()
        assert list(store.envelopes(run(2).arn, agent_id())) == [envelope(1, of=2)]

    def test_concurrent_offers_of_an_envelope_store_it_once(self, store: TelemetryStore) -> None:
        """The others get the same receipt."""
        store.add_run_key(run_key())
        done = at_once([partial(store.record, envelope(), LIMITS) for _ in range(8)])
        assert sorted(one.name for one in done if isinstance(one, Recorded)) == ["NEW"] + ["SAME"] * 7

    def test_concurrent_envelopes_advance_the_watermark_to_the_end(self, store: TelemetryStore) -> None:
        store.add_run_key(run_key())
        numbers = list(range(1, 25))
        Random(7).shuffle(numbers)

        def send(part: list[int]) -> list[Recorded]:
            return [store.record(envelope(seq), LIMITS) for seq in part]

        done = at_once([partial(send, numbers[start::6]) for start in range(6)])
        assert done == [[Recorded.NEW] * 4] * 6
        held = store.stream(RUN, agent_id(), "collection")
        assert held == stream(watermark=len(numbers), closed_at=None)
