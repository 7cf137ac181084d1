"""obstore against versitygw, a real S3 server, and against servers that refuse.

versitygw has no lifecycle rules (NotImplemented): those are documented and not tested here.
"""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from openinspector.model.errors import StoreError
from openinspector.service.ports.object_store import ObjectStore
from openinspector.service.stores.object_store_obstore import ObstoreObjectStore
from openinspector.testing.conformance.object_store import ObjectStoreSuite
from openinspector.testing.go_servers import find_server, free_port, versitygw

PROGRAM = find_server("versitygw")
needs_versitygw = pytest.mark.skipif(PROGRAM is None, reason="versitygw is not built: make tools")
URL = "s3://telemetry"


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    assert PROGRAM is not None
    with versitygw(PROGRAM, tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield


@needs_versitygw
class TestVersitygw(ObjectStoreSuite):
    @pytest.fixture
    def store(self, s3: None) -> ObjectStore:
        assert s3 is None
        return ObstoreObjectStore.from_url(URL)


@needs_versitygw
def test_objects_survive_a_restart_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PROGRAM is not None
    port = free_port()
    for content in (b"stored", b""):
        with versitygw(PROGRAM, tmp_path, port) as environment:
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            store = ObstoreObjectStore.from_url(URL)
            if content:
                store.put("telemetry/run/1", content)
            assert store.get("telemetry/run/1") == b"stored"


@needs_versitygw
@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_absent_is_a_store_error() -> None:
    with pytest.raises(StoreError, match="cannot be stored"):
        ObstoreObjectStore.from_url("s3://another").put("name", b"1")


class Refusing(ThreadingHTTPServer):
    """A server of S3 that refuses the first requests."""

    def __init__(self, refusals: int) -> None:
        super().__init__(("127.0.0.1", 0), _Refuser)
        self.refusals = refusals
        self.asked = 0


class _Refuser(BaseHTTPRequestHandler):
    server: Refusing

    def do_PUT(self) -> None:
        self.server.asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503 if self.server.asked <= self.server.refusals else 200)
        self.send_header("Content-Length", "0")
        self.send_header("ETag", '"1"')
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


def refusing(refusals: int, monkeypatch: pytest.MonkeyPatch) -> Refusing:
    server = Refusing(refusals)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    names = {"AWS_ENDPOINT_URL": address, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1"}
    for name, value in {**names, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(name, value)
    return server


def test_a_put_is_repeated_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    server = refusing(3, monkeypatch)
    ObstoreObjectStore.from_url(URL).put("telemetry/run/1", b"1")
    assert server.asked == 4
    server.shutdown()
    server.server_close()


def test_then_it_is_a_store_error(monkeypatch: pytest.MonkeyPatch) -> None:
    server = refusing(4, monkeypatch)
    with pytest.raises(StoreError, match="telemetry/run/1 cannot be stored"):
        ObstoreObjectStore.from_url(URL).put("telemetry/run/1", b"1")
    assert server.asked == 4
    server.shutdown()
    server.server_close()
