"""Hostile output of a compromised service: invalid instructions, HTTP replies and certificates.

Catalogues for `SimulatedGateway`, whose signatures, sessions and TLS are correct: only the listed item is wrong.
"""

import gzip
import ssl
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import repeat
from pathlib import Path
from types import MappingProxyType
from typing import Final

from openinspector.service.certificates import ensure_certificates

_OK: Final = b"HTTP/1.1 200 OK\r\n"
_START: Final = (
    b'{"kind":"start-collection","run_arn":"arn:hostile","sensors":["os_release"],'
    b'"ends_at":"2999-01-01T00:00:00Z","close_when_collected":true}'
)


def _start(**changes: bytes) -> bytes:
    fields = {
        "kind": b'"start-collection"',
        "run_arn": b'"arn:hostile"',
        "sensors": b'["os_release"]',
        "ends_at": b'"2999-01-01T00:00:00Z"',
        "close_when_collected": b"true",
        **changes,
    }
    return b"{" + b",".join(f'"{name}":'.encode() + value for name, value in fields.items()) + b"}"


WRONG_INSTRUCTIONS: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "unknown kind": b'{"kind":"run-command","command":"touch owned"}',
        "no kind": b'{"run_arn":"arn:hostile","discard":true}',
        "kind in other letters": b'{"kind":"Re-Attest"}',
        "kind of another type": b'{"kind":["re-attest"]}',
        "kind with a NUL": b'{"kind":"re-attest\\u0000"}',
        "unknown field: path": _start(path=b'"/etc/shadow"'),
        "unknown field: URL": b'{"kind":"re-attest","url":"https://other.example/agent"}',
        "unknown field: code": b'{"kind":"set-heartbeat-interval","seconds":60,"code":"import os; os.abort()"}',
        "sensor that is a path": _start(sensors=b'["../../etc/passwd"]'),
        "sensor that is an absolute path": _start(sensors=b'["/bin/sh"]'),
        "sensor that is a URL": _start(sensors=b'["https://other.example/sensor.py"]'),
        "sensor with shell words": _start(sensors=b'["os_release; id > owned"]'),
        "sensor with an option": _start(sensors=b'["--help"]'),
        "sensor with a NUL": _start(sensors=b'["os_release\\u0000"]'),
        "sensor with a line feed": _start(sensors=b'["os_release\\n"]'),
        "sensor of another script": _start(sensors='["оs_release"]'.encode()),
        "sensors of another type": _start(sensors=b'"os_release"'),
        "no sensors": _start(sensors=b"[]"),
        "very many sensors": _start(sensors=b"[" + b",".join(repeat(b'"os_release"', 65)) + b"]"),
        "very long sensor": _start(sensors=b'["' + b"a" * 10_000 + b'"]'),
        "end beyond all runs": _START,
        "end that is past": _start(ends_at=b'"1970-01-01T00:00:00Z"'),
        "end without a zone": _start(ends_at=b'"2999-01-01T00:00:00"'),
        "last end there is": _start(ends_at=b'"9999-12-31T23:59:59.999999-23:59"'),
        "first end there is": _start(ends_at=b'"0001-01-01T00:00:00+23:59"'),
        "end that is not a date": _start(ends_at=b'"tomorrow"'),
        "end as a number": _start(ends_at=b"32503680000"),
        "run without a name": _start(run_arn=b'""'),
        "very long run": _start(run_arn=b'"' + b"a" * 301 + b'"'),
        "run of another type": _start(run_arn=b"7"),
        "run that is not UTF-8": _start(run_arn=b'"\xff\xfe"'),
        "interval that is not a number": b'{"kind":"set-heartbeat-interval","seconds":"NaN"}',
        "interval too short": b'{"kind":"set-heartbeat-interval","seconds":0}',
        "interval below nothing": b'{"kind":"set-heartbeat-interval","seconds":-1}',
        "interval too long": b'{"kind":"set-heartbeat-interval","seconds":301}',
        "interval beyond all integers": b'{"kind":"set-heartbeat-interval","seconds":' + b"9" * 4000 + b"}",
        "interval with a fraction": b'{"kind":"set-heartbeat-interval","seconds":60.5}',
        "interval that is true": b'{"kind":"set-heartbeat-interval","seconds":true}',
        "stop that is not sure": b'{"kind":"stop-collection","run_arn":"arn:hostile","discard":null}',
        "kind twice, the last unknown": b'{"kind":"re-attest","kind":"run-command"}',
        "a list": b"[]",
        "a number": b"1e400",
        "a text": b'"re-attest"',
        "nothing": b"null",
        "deep": b"[" * 300 + b"]" * 300,
        "deep in a field": _start(sensors=b'{"a":' * 300 + b"1" + b"}" * 300),
        "very many fields": b"{" + b",".join(f'"f{number}":1'.encode() for number in range(5000)) + b"}",
        "terminal control": b'{"kind":"\\u001b]0;owned\\u0007\\u001b[31m"}',
    }
)
"""JSON of invalid instructions. An agent must refuse each one, and only that one."""

WRONG_HEARTBEAT_REPLIES: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "not JSON": b"<html>a captive portal</html>",
        "empty": b"",
        "NaN": b'{"instructions":NaN}',
        "instruction that is not JSON": b'{"instructions":[{"kind":}]}',
        "unknown field": b'{"instructions":[],"run":"id"}',
        "more instructions than are taken": b'{"instructions":[' + b",".join(repeat(b"{}", 65)) + b"]}",
        "a million instructions": b'{"instructions":[' + b",".join(repeat(b"{}", 1_000_000)) + b"]}",
        "deep without end": b'{"instructions":[' + b"[" * 500_000,
        "half a surrogate": b'{"instructions":[' + _start(run_arn=b'"\\ud800"') + b"]}",
        "not UTF-8": b'{"instructions":["\xff"],"\xc3\x28":1}',
        "compressed": gzip.compress(b'{"instructions":[]}'),
        "reply to another request": b'{"nonce":"nnnnnnnnnnnnnnnnnnnnnnnn","expires_at":"2999-01-01T00:00:00Z"}',
    }
)
"""Invalid bodies of a 200 to a heartbeat. The agent must count each one and report it as refused."""


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    packed = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(64)) + packer.flush()
    return _OK + b"Content-Encoding: gzip\r\nContent-Length: " + str(len(packed)).encode() + b"\r\n\r\n" + packed


WRONG_HTTP: Final[Mapping[str, Callable[[], Iterator[bytes]]]] = MappingProxyType(
    {
        "shorter than it says": lambda: iter([_OK + b"Content-Length: 100\r\n\r\n{}"]),
        "longer than it says": lambda: iter([_OK + b'Content-Length: 2\r\n\r\n{}{"instructions":[]}']),
        "two lengths": lambda: iter([_OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"]),
        "length and chunks": lambda: iter([_OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"]),
        "length below nothing": lambda: iter([_OK + b"Content-Length: -1\r\n\r\n"]),
        "length beyond all bounds": lambda: iter([_OK + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n"]),
        "headers without end": lambda: iter(repeat(b"X-Header: x\r\n", 1_000_000)),
        "a header without end": lambda: repeat(b"x" * 65536, 10_000),
        "a body without end": lambda: iter([_OK + b"\r\n", *repeat(b"x" * 65536, 1000)]),
        "chunks without end": lambda: iter(
            [_OK + b"Transfer-Encoding: chunked\r\n\r\n", *repeat(b"1\r\nx\r\n" * 1000, 100)]
        ),
        "a chunk beyond all bounds": lambda: iter([_OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n"]),
        "trailers without end": lambda: iter(
            [_OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", *repeat(b"T: t\r\n" * 1000, 1000)]
        ),
        "interim replies without end": lambda: repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000, 100),
        "only an interim reply": lambda: iter([b"HTTP/1.1 100 Continue\r\n\r\n"]),
        "switching protocols": lambda: iter([b"HTTP/1.1 101 Switching\r\nUpgrade: shell\r\n\r\nid\n" * 20]),
        "another protocol": lambda: iter([b"SSH-2.0-OpenSSH_9.2\r\n"]),
        "an older protocol": lambda: iter([b"HTTP/1.0 200 OK\r\n\r\n{}"]),
        "early close": lambda: iter([b"HTTP/1.1 200"]),
        "a compressed bomb": lambda: iter([_bomb()]),
        "a second reply nobody asked for": lambda: iter([(_OK + b"Content-Length: 2\r\n\r\n{}") * 2]),
    }
)
"""Returns the bytes to send in place of a reply; the connection is closed afterwards."""

REDIRECTS: Final = (301, 302, 303, 307, 308)


def expired_context(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return an authority and the context of a server with an expired certificate of it."""
    return _context(folder / "expired", datetime.now(UTC) - timedelta(days=3000))


def foreign_context(folder: Path) -> ssl.SSLContext:
    """Return the context of a server whose certificate has the right name and another issuer."""
    return _context(folder / "foreign", datetime.now(UTC))[1]


def outdated_context(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return an authority and the context of a server that speaks TLS 1.1 at most."""
    authority, context = _context(folder / "outdated", datetime.now(UTC))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return authority, context


def _context(folder: Path, made_at: datetime) -> tuple[Path, ssl.SSLContext]:
    issued = ensure_certificates(folder, ("127.0.0.1",), made_at)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    return issued.ca, context
