"""When each run's sensors run: once, or every minute until the run's duration is over.

Pure state; the spool's view lists the streams, so that a restarted agent continues where it stopped.
"""

from dataclasses import dataclass
from typing import Final

from openinspector.agent.session.action import (
    EndStream,
    FinishStream,
    Local,
    OpenStream,
    StartCollecting,
    StopCollecting,
)
from openinspector.agent.session.event import ClockReading, Collected
from openinspector.agent.session.stream import StreamOrder, StreamPhase, StreamView
from openinspector.wire.instruction import StopCollection

COLLECT_EVERY: Final = 60.0
"""Seconds between the end of one collection and the beginning of the next."""
MAX_COUNT: Final = 3500
"""Number of envelopes of a stream after which no collection starts: the gateway accepts 4096."""


@dataclass(slots=True)
class _Run:
    running: bool = False
    stopping: bool = False
    next_at: float = 0.0
    collected: bool = False
    """At least one whole collection is spooled."""
    ends_at: float | None = None
    """In monotonic seconds; None until the stream is first seen."""

    def until(self, order: StreamOrder, reading: ClockReading) -> float:
        """Return when the collection ends, in monotonic seconds.

        It is computed from the wall clock at the first call, so that later clock changes have no effect. That call is
        when the instruction arrives, from a service that has just accepted the agent's clock; after a restart it is
        when the agent starts.
        """
        if self.ends_at is None:
            self.ends_at = reading.monotonic + (order.ends_at - reading.now).total_seconds()
        return self.ends_at


class CollectionSchedule:
    """Decides what to collect, when to finish a stream and when to give one up."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def due(self, reading: ClockReading) -> list[Local]:
        """Return the actions that are due now."""
        actions: list[Local] = []
        for arn, stream in reading.spool.streams.items():
            if stream.phase is StreamPhase.OPEN:
                actions += self._due(arn, stream, reading)
        for arn in [arn for arn in self._runs if arn not in reading.spool.streams]:
            del self._runs[arn]
        return actions

    def ordered(self, order: StreamOrder, reading: ClockReading) -> None:
        """Record the end of a collection that has just been ordered."""
        self._runs[order.run_arn] = run = _Run()
        run.until(order, reading)

    def stop(self, instruction: StopCollection, reading: ClockReading) -> list[Local]:
        """Return the actions for a StopCollection."""
        arn = instruction.run_arn
        stream = reading.spool.streams.get(arn)
        if stream is None:
            # The run never started here: closing an empty stream shows the service that nothing will arrive.
            order = StreamOrder(run_arn=arn, sensors=(), ends_at=reading.now, close_when_collected=True)
            return [] if instruction.discard else [OpenStream(order=order), FinishStream(run_arn=arn)]
        run = self._runs.setdefault(arn, _Run())
        run.stopping = True
        actions: list[Local] = [StopCollecting(run_arn=arn)] if run.running else []
        if instruction.discard and stream.phase is not StreamPhase.OVER:
            return [*actions, EndStream(run_arn=arn, reason="the service asked to discard it")]
        return actions

    def collected(self, event: Collected, reading: ClockReading) -> None:
        """Record that a collection ended."""
        run = self._runs.setdefault(event.run_arn, _Run())
        run.running = False
        run.collected |= event.whole
        run.next_at = reading.monotonic + COLLECT_EVERY

    def wakes_at(self, reading: ClockReading) -> float:
        """Return when to call `due` next, in monotonic seconds."""
        times = [float("inf")]
        for arn, stream in reading.spool.streams.items():
            run = self._runs.get(arn)
            if stream.phase is StreamPhase.OPEN and run is not None and not run.stopping:
                times.append(max(reading.monotonic, run.until(stream.order, reading)))
                if not run.running and stream.count < MAX_COUNT:
                    times.append(run.next_at)
        return min(times)

    def _due(self, arn: str, stream: StreamView, reading: ClockReading) -> list[Local]:
        run = self._runs.setdefault(arn, _Run())
        collected = stream.order.close_when_collected and run.collected
        over = collected or reading.monotonic >= run.until(stream.order, reading)
        if run.running:
            if over and not run.stopping:
                run.stopping = True
                return [StopCollecting(run_arn=arn)]
            return []
        if over or run.stopping:
            return [FinishStream(run_arn=arn)]
        if reading.monotonic < run.next_at or stream.count >= MAX_COUNT:
            return []
        run.running = True
        return [StartCollecting(run_arn=arn, sensors=stream.order.sensors)]
