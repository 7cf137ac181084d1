"""Closing a stream over HTTP."""

import msgspec
from tests.service.gateway.signing_client import Host, problem
from tests.service.gateway_world import RUN, chain_of, stream_of

from openinspector.wire.message import Manifest, ManifestReply


def close(host: Host, envelopes: list[bytes], **changes: object) -> object:
    whole = Manifest(run_arn=RUN, stream="collection", count=len(envelopes), chain=chain_of(envelopes))
    sent = msgspec.json.encode(msgspec.structs.replace(whole, **changes))
    response = host.send(host.prepare("manifest", sent))
    if response.status_code != 200:
        return problem(response)
    return msgspec.json.decode(response.content, type=ManifestReply)


def test_complete_stream_is_closed(host: Host) -> None:
    first, second = stream_of(2)
    host.upload(second)
    assert close(host, [first, second]) == ManifestReply(closed=False, missing=(1,))
    host.upload(first)
    assert close(host, [first, second]) == ManifestReply(closed=True)
    assert host.world.index.streams(RUN)[0].closed_at == host.world.clock.now()


def test_another_chain_is_a_conflict(host: Host) -> None:
    sent = stream_of(1)
    host.upload(sent[0])
    assert close(host, sent, chain="0" * 64) == (409, "digest-conflict")


def test_rejects_invalid_manifests(host: Host) -> None:
    assert close(host, [], count=-1) == (422, "invalid-message")
    assert close(host, [], stream="../x") == (422, "invalid-message")
