"""An agent that runs in a thread, as long as a with-block lasts."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread

from openinspector.agent.host import Host
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.loop import AgentLoop
from openinspector.agent.operation.systemd import ServiceNotifier
from openinspector.agent.runtime import make_loop
from openinspector.agent.settings.settings import AgentSettings


@contextmanager
def running(
    settings: AgentSettings,
    host: Host | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    seconds: float = 30,
    notifier: ServiceNotifier | None = None,
) -> Iterator[AgentLoop]:
    """Run it; it must end within ``seconds`` of being asked to, and without a traceback in its log."""
    log = io.StringIO()
    loop = make_loop(settings, host or LocalHost(), log, notifier, now)
    thread = Thread(target=loop.run)
    thread.start()
    try:
        yield loop
    finally:
        loop.stop()
        thread.join(seconds)
        assert not thread.is_alive(), log.getvalue()
        assert "Traceback" not in log.getvalue()
