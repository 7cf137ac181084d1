"""Runs the service in one process behind the TLS listener.

A graceful stop answers open requests and stores contacts. It is optional: everything acknowledged is on disk, so the
process may be killed at any time.
"""

import fcntl
import os
import resource
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Timer
from types import FrameType
from typing import IO, Final

import structlog
import uvicorn

from openinspector.model.errors import OpenInspectorError
from openinspector.service.bootstrap import Service, build_service
from openinspector.service.certificates import Certificates, write_private
from openinspector.service.listener.connections import ConnectionLimits, Connections
from openinspector.service.listener.http_protocol import TimeLimits
from openinspector.service.listener.tls_server import Door, TlsServer
from openinspector.service.settings import Settings

_GRACE_SECONDS: Final = 5
_BACKLOG: Final = 2048
_OTHER_DESCRIPTORS: Final = 512
"""Files and sockets that are not connections to the listener: databases, objects, feeds, webhooks."""
_UNPROVEN_SHARE: Final = 4
"""At most a quarter of all connections may be of peers that have not proved to be agents."""

_log = structlog.get_logger()


class StartError(OpenInspectorError):
    """The service cannot start, for example because its folder or its address is in use."""


class DrainingServer(TlsServer):
    """The listener of a node. Asked to stop, it first serves on while ``/readyz`` answers that it drains.

    Balancers then send no new connections to it. A second signal stops it at once.
    """

    def __init__(self, config: uvicorn.Config, door: Door, service: Service) -> None:
        super().__init__(config, door)
        self._service = service
        self._draining = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain, or stop (uvicorn calls this for SIGINT and SIGTERM)."""
        seconds = self._service.settings.drain_seconds
        if self._draining or not seconds:
            super().handle_exit(sig, frame)
            return
        self._draining = True
        self._service.readiness.drain()
        timer = Timer(seconds, super().handle_exit, (sig, frame))
        timer.daemon = True
        timer.start()


def serve(settings: Settings, announce: Callable[[Service, str], None]) -> None:
    """Serve until SIGTERM or SIGINT. Call ``announce`` with the URL once the listener is bound. Does not return."""
    _make_private_folder(settings.data_dir)
    lock = _lock(settings.data_dir)
    listener = _bind(settings)
    url = f"https://{_url_host(settings)}:{listener.getsockname()[1]}"
    service = build_service(replace(settings, public_url=settings.public_url or url))
    certificates = service.certificates()
    write_private(settings.data_dir / "endpoint", f"{url}\n".encode())
    service.start()
    server = _server(service, certificates)
    _stop_on_signals(server)
    announce(service, url)
    server.run(sockets=[listener])
    service.stop()
    lock.close()
    sys.stdout.flush()
    # Workflow threads wait for signals that will come in the next process.
    os._exit(0)


def _stop_on_signals(server: uvicorn.Server) -> None:
    """Make signals stop ``server``, also before it handles them itself and after it raises them again at its end.

    Otherwise the signal that uvicorn raises again would end the process before the service is stopped.
    """

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _server(service: Service, certificates: Certificates) -> TlsServer:
    config = uvicorn.Config(
        service.app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        backlog=_BACKLOG,
    )
    connections = Connections(_connection_limits(service.settings), service.counters)
    door = Door(tls=_server_tls(certificates), connections=connections, limits=TimeLimits())
    return DrainingServer(config, door, service)


def _server_tls(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(certificates.certificate, certificates.key)
    return context


def _connection_limits(settings: Settings) -> ConnectionLimits:
    """Return the limits in force: what the settings ask for, or as many as there are file descriptors for."""
    allowed = _raise_descriptor_limit(settings.max_connections + _OTHER_DESCRIPTORS)
    total = min(settings.max_connections, max(1, allowed - _OTHER_DESCRIPTORS))
    if total < settings.max_connections:
        _log.warning(
            "server connections limited by file descriptors",
            max_connections=total,
            asked=settings.max_connections,
            advice=f"Raise the limit of open files to {settings.max_connections + _OTHER_DESCRIPTORS} (LimitNOFILE=).",
        )
    unproven = max(1, total // _UNPROVEN_SHARE)
    return ConnectionLimits(
        total=total, unproven=unproven, per_address=min(settings.max_connections_per_address, unproven)
    )


def _raise_descriptor_limit(wanted: int) -> int:
    """Raise the soft limit of open files as far as needed and allowed, and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed


def _bind(settings: Settings) -> socket.socket:
    host, port = settings.address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise StartError(
            f"cannot listen on {settings.listen}: {error.strerror}",
            advice="Set OPENINSPECTOR_LISTEN to a free ADDRESS:PORT; port 0 takes any.",
        ) from error
    return listener


def _url_host(settings: Settings) -> str:
    host = settings.address[0]
    name = settings.server_names[0] if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    return f"[{name}]" if ":" in name else name


def _make_private_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"cannot make the data folder {folder}: {error.strerror}",
            advice="Set OPENINSPECTOR_DATA_DIR to a folder this user can write.",
        ) from error


def _lock(folder: Path) -> IO[str]:
    """Lock the folder: with two processes, workflows would run twice."""
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StartError(
            f"another openinspector uses {folder}", advice="Stop it, or set OPENINSPECTOR_DATA_DIR to another folder."
        ) from error
    return lock
