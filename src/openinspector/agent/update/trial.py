"""The trial of a new version, in its own process: self-test, run as the agent, a heartbeat acknowledged, promotion.

The caller starts the stable version after the trial, unless it was stopped on purpose (exit status 3). After a
promotion the stable version is this one. The next pass settles a trial that died.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.operation.status import AgentStatus, StatusError, load_status
from openinspector.agent.operation.update_outcome import UpdateCode, UpdateError, UpdateOutcome, save_outcome
from openinspector.agent.runtime import run_agent
from openinspector.agent.update.installation import EXPERIMENT, STABLE
from openinspector.agent.update.record import load_record, save_record
from openinspector.agent.update.running import is_collecting, is_running, update_lock
from openinspector.agent.update.self_test import self_test
from openinspector.agent.update.update_pass import UpdateHost, deliver, finish_promotion, keep_failure
from openinspector.model.errors import OpenInspectorError

STOPPED_ON_PURPOSE: Final = 3
"""Exit status of a trial that SIGTERM or SIGINT ended: the stable version must not be started."""
SELF_TEST_SECONDS: Final = 300
HEARTBEAT_SECONDS: Final = 240.0
"""Time limit for an acknowledged heartbeat."""
LINGER_SECONDS: Final = 3600.0
"""Time limit after the promotion while the agent takes part in a run."""
UNLOCK_SECONDS: Final = 60.0
"""Time limit for the stable version to stop."""
_LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEnd:
    """How a trial ended."""

    outcome: UpdateOutcome
    stopped_on_purpose: bool = False
    """Stopped on purpose, possibly after the promotion: no agent should run."""


@dataclass(slots=True)
class _Watch:
    """The state of the watching thread."""

    promoted: UpdateOutcome | None = None
    failure: str = ""
    late: bool = False
    ended_it: bool = False
    """True if the watcher ended the agent; False if somebody else did."""
    done: threading.Event = field(default_factory=threading.Event)


class _StoppedError(Exception):
    """Somebody stopped the trial before its agent ran."""


def run_trial(host: UpdateHost, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> TrialEnd:
    """Run the trial of this version and return its outcome; under the lock of updates.

    UpdateError if it is not on trial.
    """
    version = host.installation.own.version
    with update_lock(host.state):
        if host.installation.slot(EXPERIMENT) != version:
            raise UpdateError(UpdateCode.PACKAGE_INSTALLATION_ERROR, f"{version} is not the version on trial")
        # Recorded first: a trial that ends with a power failure counts.
        save_record(host.state, load_record(host.state).begun(version))
        end = _tried(host, heartbeat_seconds)
        # The next pass finishes an interrupted promotion, which it recognises by both links leading to one version.
        if host.installation.slot(STABLE) != version:
            host.installation.clear_experiment()
        deliver(host)
        return end


def _tried(host: UpdateHost, heartbeat_seconds: float) -> TrialEnd:
    version = host.installation.own.version
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)
        with _seconds(SELF_TEST_SECONDS):
            self_test(host.settings, LocalHost())
        _wait_until(lambda: not is_running(host.state), UNLOCK_SECONDS)
        return _live(host, heartbeat_seconds)
    except _StoppedError:
        return _stopped(host)
    except UpdateError as error:
        return TrialEnd(outcome=keep_failure(host, error.code, version, str(error)))
    except (OpenInspectorError, OSError) as error:
        return TrialEnd(outcome=keep_failure(host, UpdateCode.SELF_TEST_FAILED, version, str(error)))


def _live(host: UpdateHost, heartbeat_seconds: float) -> TrialEnd:
    """Run as the agent until promoted, stopped or too late."""
    watch, began = _Watch(), host.now()

    def acknowledged(status: AgentStatus) -> bool:
        contact = status.last_contact_at
        return status.written_at >= began and contact is not None and contact >= began

    watcher = threading.Thread(target=_watch, args=(host, watch, acknowledged, heartbeat_seconds), daemon=True)
    watcher.start()
    try:
        run_agent(host.settings)
    finally:
        watch.done.set()
        watcher.join()
    if watch.promoted is not None:
        return TrialEnd(outcome=watch.promoted, stopped_on_purpose=not watch.ended_it)
    if watch.failure:
        raise UpdateError(UpdateCode.PACKAGE_INSTALLATION_ERROR, watch.failure)
    if watch.late:
        raise UpdateError(UpdateCode.HEARTBEAT_MISSED, _why_late(host))
    return _stopped(host)


def _stopped(host: UpdateHost) -> TrialEnd:
    version = host.installation.own.version
    save_record(host.state, load_record(host.state).stopped(version))
    outcome = UpdateOutcome(
        at=host.now(),
        result=UpdateCode.STOPPED,
        from_version=host.installation.slot(STABLE) or version,
        to_version=version,
        details="stopped on purpose",
    )
    save_outcome(host.state, outcome)
    return TrialEnd(outcome=outcome, stopped_on_purpose=True)


def _stop(_number: int, _frame: object) -> None:
    raise _StoppedError


def _watch(host: UpdateHost, watch: _Watch, acknowledged: Callable[[AgentStatus], bool], seconds: float) -> None:
    """Promote once a heartbeat is acknowledged, then end the agent; or end it if that takes too long."""
    until = time.monotonic() + seconds
    while not watch.done.wait(_LOOK_SECONDS):
        if _is_seen(host, acknowledged):
            _promote(host, watch)
            _linger(host, watch)
            break
        if time.monotonic() > until:
            watch.late = True
            break
    if not watch.done.is_set():
        watch.ended_it = True
        # Like any stop: the agent sends a last heartbeat and keeps its spool.
        os.kill(os.getpid(), signal.SIGTERM)


def _is_seen(host: UpdateHost, acknowledged: Callable[[AgentStatus], bool]) -> bool:
    try:
        return acknowledged(load_status(host.state))
    except StatusError:
        return False


def _linger(host: UpdateHost, watch: _Watch) -> None:
    """Wait until no run is in progress: an agent is not restarted during a run."""
    until = time.monotonic() + LINGER_SECONDS
    while is_collecting(host.state) and time.monotonic() < until and not watch.done.wait(_LOOK_SECONDS):
        continue


def _promote(host: UpdateHost, watch: _Watch) -> None:
    version = host.installation.own.version
    try:
        host.installation.point(STABLE, version)
        watch.promoted = finish_promotion(host, version, "")
    except (UpdateError, OSError) as error:
        watch.failure = f"the new version could not be made the stable one: {error}"


def _why_late(host: UpdateHost) -> str:
    try:
        problem = load_status(host.state).problem
    except StatusError:
        problem = ""
    return f"no heartbeat was acknowledged in time. {problem}".strip()


def _wait_until(what: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not what() and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)


@contextmanager
def _seconds(limit: int) -> Iterator[None]:
    """Raise after ``limit`` seconds."""

    def expired(_number: int, _frame: object) -> None:
        raise UpdateError(UpdateCode.SELF_TEST_FAILED, f"the self-test took more than {limit} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(limit)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
