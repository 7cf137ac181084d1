"""Notifications to systemd, in sd_notify(3)'s protocol: datagrams to a socket. Without systemd, nothing is sent."""

import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from openinspector.model.foreign_text import printable_line

_SHOWN: Final = 200
_LOOKS: Final = 3
"""Waits are at most this part of the watchdog's period: a slow request may follow before the next notification."""
_MICROSECONDS: Final = 1_000_000


class ServiceNotifier:
    """Notifies systemd that the agent is ready, alive and stopping, with its status.

    Never raises and never blocks. ``address`` is NOTIFY_SOCKET, a path or ``@`` and an abstract name; None without a
    listener.
    """

    def __init__(
        self,
        address: str | None = None,
        watchdog_seconds: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._watchdog_seconds = watchdog_seconds
        self._monotonic = monotonic
        self._alive_at = float("-inf")
        self._status = ""

    def ready(self) -> None:
        """Report that the agent has started."""
        self._send("READY=1")

    def alive(self) -> None:
        """Report that the agent is alive if a watchdog is enabled."""
        if self._watchdog_seconds is not None:
            self._alive_at = self._monotonic()
            self._send("WATCHDOG=1")

    def moving(self) -> None:
        """Report progress of a long request; rate-limited, so it may be called for every few bytes."""
        if self._watchdog_seconds and self._monotonic() - self._alive_at >= self._watchdog_seconds / _LOOKS:
            self.alive()

    def stopping(self) -> None:
        """Report that the agent stops."""
        self._send("STOPPING=1")

    def status(self, sentence: str) -> None:
        """Show one line in `systemctl status`."""
        line = printable_line(sentence[:_SHOWN])
        if line != self._status:
            self._status = line
            self._send(f"STATUS={line}")

    def longest_wait(self, seconds: float) -> float:
        """Return ``seconds``, or less if the watchdog must be notified earlier."""
        return seconds if self._watchdog_seconds is None else min(seconds, self._watchdog_seconds / _LOOKS)

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        if sys.platform != "win32":
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.sendto(message.encode(), address)


def service_notifier(environment: Mapping[str, str]) -> ServiceNotifier:
    """Return the notifier for the variables that systemd sets."""
    period, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", str(os.getpid()))
    watched = period.isdigit() and int(period) > 0 and process == str(os.getpid())
    return ServiceNotifier(environment.get("NOTIFY_SOCKET"), int(period) / _MICROSECONDS if watched else None)


def is_journal(environment: Mapping[str, str], descriptor: int) -> bool:
    """Return True if ``descriptor`` is the journal: JOURNAL_STREAM of systemd.exec(5) is its device and inode."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"
