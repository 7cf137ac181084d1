"""Decides what to send from the spool next, and interprets the gateway's answers. Pure state."""

from typing import Final

from openinspector.agent.session.action import (
    Acknowledge,
    EndStream,
    GatewayCredentials,
    Local,
    Lose,
    Request,
    SendEnvelope,
    SendManifest,
)
from openinspector.agent.session.backoff import Backoff
from openinspector.agent.session.event import ClockReading
from openinspector.agent.session.reply import Refused, describe_failure
from openinspector.agent.session.stream import SpoolView, StreamPhase, StreamView
from openinspector.wire.message import ManifestReply, Receipt

NOT_WANTED: Final = frozenset({"run-not-collecting", "stream-closed", "not-in-run", "digest-conflict", "other-agent"})
"""Refusals after which no envelope of the stream will be accepted."""
NOT_TAKEN: Final = frozenset({"invalid-message", "body-too-large"})
"""Refusals of one envelope that would be refused again."""
NOT_YET: Final = "out-of-window"
"""Refusal of an envelope far ahead of the others by services up to 0.1; it affects only its stream."""


class Uploads:
    """Envelopes are sent in order, one at a time; a stream's manifest is sent when every envelope has a receipt."""

    def __init__(self) -> None:
        self._receipted: dict[str, int] = {}
        """Run to the highest number with a receipt since the agent started; all pending ones below have theirs."""
        self._missed: dict[str, set[int]] = {}
        """Run to the numbers that the last reply to its manifest listed and that are no longer spooled."""
        self._settled: dict[str, int] = {}
        """Run to the number up to which every missing envelope is reported as lost."""
        self._pauses: dict[str, Backoff] = {}
        """Run to the time of the next attempt for its stream."""

    def next_request(self, reading: ClockReading, credentials: GatewayCredentials) -> Request | None:
        """Return the next request to send."""
        for arn, stream in reading.spool.streams.items():
            if self._paused_until(arn) > reading.monotonic:
                continue
            seq = self._next(stream)
            if seq is not None:
                return SendEnvelope(credentials=credentials, run_arn=arn, seq=seq)
            if stream.phase is StreamPhase.FINISHED:
                return SendManifest(credentials=credentials, run_arn=arn, after=self._settled.get(arn, 0))
        return None

    def ready_at(self, spool: SpoolView) -> float:
        """Return when there is something to send, in monotonic seconds; infinity if there is nothing."""
        return min(
            (
                self._paused_until(arn)
                for arn, stream in spool.streams.items()
                if stream.phase is StreamPhase.FINISHED or self._next(stream) is not None
            ),
            default=float("inf"),
        )

    def received(self, sent: SendEnvelope, receipt: Receipt, spool: SpoolView) -> list[Local] | None:
        """Return the action that a receipt allows; None if it is not for the sent envelope."""
        if (receipt.run_arn, receipt.seq) != (sent.run_arn, sent.seq):
            return None
        self._receipted[sent.run_arn] = sent.seq
        self._pauses.pop(sent.run_arn, None)
        # Ignore a watermark beyond the receipts.
        watermark = min(receipt.watermark, sent.seq)
        stream = spool.streams.get(sent.run_arn)
        if stream is not None and watermark + 1 not in stream.pending:
            # The service waits for a lost envelope. Every spooled envelope up to this receipt has one.
            watermark = sent.seq
        return [Acknowledge(run_arn=sent.run_arn, watermark=watermark)] if watermark else []

    def answered(self, sent: SendManifest, reply: ManifestReply, reading: ClockReading) -> list[Local]:
        """Return the actions for the reply to a manifest.

        A missing envelope that is no longer spooled had a receipt. It counts as lost when the service lists it twice.
        A list may be cut: once all of it is lost, the next manifest asks for the numbers after it.
        """
        if reply.closed:
            return self._end(sent.run_arn, "closed")
        stream = reading.spool.streams.get(sent.run_arn)
        if stream is None or not reply.missing:
            return []
        self._receipted[sent.run_arn] = min(reply.missing) - 1
        gone = {seq for seq in reply.missing if seq <= stream.count and seq not in stream.pending}
        lost = tuple(sorted(gone & self._missed.get(sent.run_arn, set())))
        self._missed[sent.run_arn] = gone
        if len(lost) == len(set(reply.missing)):
            self._settled[sent.run_arn] = max(lost)
        reason = "the service misses them, and they are no longer here"
        return [Lose(run_arn=sent.run_arn, seqs=lost, reason=reason)] if lost else []

    def refused(self, sent: SendEnvelope | SendManifest, failure: Refused) -> list[Local]:
        """Return the actions for a refusal; empty if a later retry is right."""
        code = failure.problem.code
        if code in NOT_WANTED or (code in NOT_TAKEN and isinstance(sent, SendManifest)):
            return self._end(sent.run_arn, describe_failure(failure))
        if code in NOT_TAKEN and isinstance(sent, SendEnvelope):
            return [Lose(run_arn=sent.run_arn, seqs=(sent.seq,), reason=describe_failure(failure))]
        return []

    def pause(self, run_arn: str, reading: ClockReading) -> None:
        """Pause one run's stream, longer each time until a receipt arrives."""
        self._pauses.setdefault(run_arn, Backoff()).fail(reading)

    def _paused_until(self, run_arn: str) -> float:
        pause = self._pauses.get(run_arn)
        return pause.until if pause else 0.0

    def _end(self, run_arn: str, reason: str) -> list[Local]:
        self._receipted.pop(run_arn, None)
        self._missed.pop(run_arn, None)
        self._settled.pop(run_arn, None)
        self._pauses.pop(run_arn, None)
        return [EndStream(run_arn=run_arn, reason=reason)]

    def _next(self, stream: StreamView) -> int | None:
        if stream.phase is StreamPhase.OVER:
            return None
        receipted = self._receipted.get(stream.order.run_arn, 0)
        return next((seq for seq in stream.pending if seq > receipted), None)
