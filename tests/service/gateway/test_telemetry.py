"""Uploads over HTTP: stored, refused, slowed down, cut off."""

import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import msgspec
import pytest
from tests.service.gateway.conftest import Listener
from tests.service.gateway.signing_client import OCTETS, Host, problem
from tests.service.gateway_world import (
    AGENT,
    OTHER_AGENT,
    OTHER_RUN,
    PACKAGE_NAMES,
    RUN,
    World,
    envelope,
    package,
    plaintext,
    stream_of,
)

from openinspector.model.errors import StoreError
from openinspector.model.inventory import Package
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.gateway.slots import Slots
from openinspector.service.ports.object_store import ObjectStore
from openinspector.wire.message import Receipt


class GatedObjects:
    """An object store that waits or fails on demand."""

    def __init__(self, inner: ObjectStore) -> None:
        self._inner = inner
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.fails = False

    def put(self, name: str, content: bytes) -> None:
        self.entered.set()
        self.gate.wait(10)
        if self.fails:
            raise StoreError("/var/lib/secret/path is full")
        self._inner.put(name, content)

    def get(self, name: str) -> bytes:
        return self._inner.get(name)

    def names(self, prefix: str) -> Iterator[str]:
        return self._inner.names(prefix)

    def delete(self, name: str) -> None:
        self._inner.delete(name)


@pytest.fixture
def gated(world: World) -> GatedObjects:
    """Ask for it before ``host``: the gateway is built over it."""
    objects = GatedObjects(world.objects)
    world.use(objects)
    return objects


def test_an_envelope_is_stored_before_its_receipt(host: Host) -> None:
    for seq, sent in enumerate(stream_of(3), 1):
        receipt = msgspec.json.decode(host.upload(sent).content, type=Receipt)
        assert (receipt.seq, receipt.watermark) == (seq, seq)
        assert len(host.world.files()) == seq
    facts = host.world.telemetry.facts_of(RUN, AGENT)
    assert [found.name for found in facts.all(Package)] == list(PACKAGE_NAMES)


def test_the_same_envelope_again_gets_the_same_receipt(host: Host) -> None:
    sent = envelope()
    assert host.upload(sent).content == host.upload(sent).content
    assert len(host.world.files()) == 1


def test_another_envelope_under_the_same_number_is_a_conflict(host: Host) -> None:
    host.upload(envelope())
    other = envelope(content=plaintext([("dpkg", package("other"))]))
    assert problem(host.upload(other)) == (409, "digest-conflict")


def test_another_agents_envelope_is_refused(host: Host) -> None:
    assert problem(host.upload(envelope(agent=OTHER_AGENT))) == (403, "other-agent")


def test_another_agents_run_is_refused(host: Host) -> None:
    host.world.runs.add(OTHER_RUN, AssessmentRunState.COLLECTING_DATA, OTHER_AGENT)
    assert problem(host.upload(envelope(run=OTHER_RUN))) == (403, "not-in-run")


def test_ended_run_is_refused(host: Host) -> None:
    host.world.runs.enter(RUN, AssessmentRunState.DATA_COLLECTED)
    assert problem(host.upload(envelope())) == (409, "run-not-collecting")


def test_a_truncated_envelope_is_refused(host: Host) -> None:
    assert problem(host.upload(envelope()[:-1])) == (422, "invalid-message")


def test_agent_has_one_upload_at_a_time(gated: GatedObjects, host: Host) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(host.upload, envelope(1))
        assert gated.entered.wait(10)
        refused = host.upload(envelope(2))
        gated.gate.set()
        assert first.result().status_code == 200
    assert problem(refused) == (429, "throttled")
    assert refused.headers["retry-after"] == "2"
    assert host.upload(envelope(2)).status_code == 200


@pytest.fixture
def narrow(gated: GatedObjects, world: World) -> GatedObjects:
    """A gateway that takes one upload at a time."""
    world.gateway = replace(world.gateway, uploads=Slots(1))
    return gated


def test_busy_service_sends_retry_after(narrow: GatedObjects, host: Host) -> None:
    other = Host(world=host.world, http=host.http, agent_id=OTHER_AGENT).enrolled().opened()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(host.upload, envelope())
        assert narrow.entered.wait(10)
        refused = other.upload(envelope(agent=OTHER_AGENT))
        beats = host.send(host.beat()).status_code
        narrow.gate.set()
        assert first.result().status_code == 200
    assert problem(refused) == (503, "busy")
    assert refused.headers["retry-after"] == "2"
    assert beats == 200
    assert other.upload(envelope(agent=OTHER_AGENT)).status_code == 200


def test_a_store_that_fails_is_not_described_to_hosts(gated: GatedObjects, host: Host) -> None:
    gated.fails = True
    gated.gate.set()
    refused = host.upload(envelope())
    assert problem(refused) == (503, "busy")
    assert "secret" not in refused.text
    gated.fails = False
    assert host.upload(envelope()).status_code == 200


def test_an_upload_that_breaks_off_leaves_nothing_and_frees_its_slot(host: Host, listener: Listener) -> None:
    sent = host.prepare("telemetry", envelope(), media_type=OCTETS)
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.headers.items())
    length = f"host: x\r\ncontent-length: {len(sent.body)}\r\n"
    with (
        socket.create_connection(("127.0.0.1", listener.port)) as plain,
        ssl.create_default_context(cafile=str(listener.ca)).wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(f"POST {sent.path} HTTP/1.1\r\n{length}{head}\r\n".encode() + sent.body[:-10])
    for _ in range(100):
        response = host.upload(envelope())
        if response.status_code != 429:  # the broken one still holds the agent's slot
            break
        host.world.clock.advance(1)
    assert response.status_code == 200
    assert len(host.world.files()) == 1


def test_cleartext_is_refused(listener: Listener) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.post(f"http://127.0.0.1:{listener.port}/agent/v1/challenge", trust_env=False)
