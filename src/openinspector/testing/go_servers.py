"""Real servers in place of clouds, built by ``make tools`` with ``go install``: local-kms and versitygw.

Tests that need one are skipped, by its name, where it has not been built: versitygw takes ten minutes of two cores.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_START_SECONDS: Final = 30
_KMS_PORT: Final = 8080
_BEHIND_A_NAMESPACE: Final = (
    'ip link set lo up; "$1" >"$2/log" 2>&1 & exec "$3" -m openinspector.testing.relay "unix:$2/socket" "tcp:8080"'
)
"""local-kms listens on all addresses: it gets a network of its own."""


def find_server(name: str) -> Path | None:
    """Return the program of a server, from PATH or the folder of `make tools`; None if it was not built."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "openinspector-tools" / "bin"
    found = shutil.which(name, path=f"{cache}{os.pathsep}{os.environ.get('PATH', '')}")
    return None if found is None else Path(found)


@contextmanager
def local_kms(program: Path, folder: Path) -> Iterator[str]:
    """Run local-kms in a network namespace and yield its URL on loopback."""
    into = ["unshare", "--net", "--map-root-user", "--pid", "--fork", "--kill-child", "sh", "-c", _BEHIND_A_NAMESPACE]
    namespace = subprocess.Popen(  # noqa: S603 - a fixed program
        [*into, "sh", str(program), str(folder), sys.executable],
        env={**os.environ, "PORT": str(_KMS_PORT), "KMS_REGION": "us-east-1", "KMS_DATA_PATH": str(folder / "data")},
        cwd=folder,
    )
    port = free_port()
    outside = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "openinspector.testing.relay", f"tcp:{port}", f"unix:{folder / 'socket'}"]
    )
    try:
        _wait_for_answer(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        _end(outside, namespace)


@contextmanager
def versitygw(program: Path, folder: Path, port: int = 0) -> Iterator[Mapping[str, str]]:
    """Run versitygw over a folder, with the bucket ``telemetry``; yield the environment a client of S3 needs."""
    (folder / "buckets" / "telemetry").mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    credentials = {"AWS_ACCESS_KEY_ID": "openinspector", "AWS_SECRET_ACCESS_KEY": secrets.token_hex(16)}
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(  # noqa: S603 - a fixed program
            [program, "--port", f"127.0.0.1:{port}", "posix", str(folder / "buckets")],
            env={
                **os.environ,
                "ROOT_ACCESS_KEY": credentials["AWS_ACCESS_KEY_ID"],
                "ROOT_SECRET_KEY": credentials["AWS_SECRET_ACCESS_KEY"],
            },
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for_answer(port)
        yield {
            **credentials,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true",
        }
    finally:
        _end(server)


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def _wait_for_answer(port: int) -> None:
    """Wait until an HTTP server answers; TimeoutError."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                if connection.recv(1):
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"no server answers at port {port}")


def _end(*processes: "subprocess.Popen[bytes]") -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
