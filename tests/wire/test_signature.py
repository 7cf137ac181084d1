import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from openinspector.model.errors import WireError
from openinspector.wire.signature import (
    Covered,
    base_of,
    content_digest,
    is_session_id,
    key_id,
    parse_headers,
    render_headers,
    signature_base,
)

KEY = key_id(bytes(32))
SESSION = "s" * 32
IN_SESSION = Covered(
    method="POST", path="/agent/v1/heartbeat", content_digest=content_digest(b"{}"), session=SESSION, counter=41
)
OUTSIDE = Covered(method="POST", path="/agent/v1/session", content_digest=content_digest(b"{}"))
SIGNATURE = bytes(range(64))


def headers(covered: Covered = IN_SESSION) -> dict[str, str]:
    return render_headers(covered, 1_700_000_000, KEY, SIGNATURE)


def test_base_is_that_of_rfc_9421_appendix_b_2_6() -> None:
    # The signature is the RFC's own, made by somebody else's code with the key of appendix B.1.4.
    base = base_of(
        [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ],
        '("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"',
    )
    public = load_der_public_key(base64.b64decode("MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="))
    signature = base64.b64decode(
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )
    public.verify(signature, base)  # type: ignore[union-attr, call-arg]  # raises unless it is the one signed


def test_content_digest_is_that_of_rfc_9530_appendix_d() -> None:
    assert content_digest(b'{"hello": "world"}') == "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"


def test_exact_base_in_a_session() -> None:
    assert signature_base(IN_SESSION, 1_700_000_000, KEY).decode() == (
        '"@method": POST\n'
        '"@path": /agent/v1/heartbeat\n'
        f'"content-digest": {content_digest(b"{}")}\n'
        f'"openinspector-session": {SESSION}\n'
        '"openinspector-counter": 41\n'
        '"@signature-params": ("@method" "@path" "content-digest" "openinspector-session" "openinspector-counter")'
        f';created=1700000000;keyid="{KEY}";alg="ed25519"'
    )


@pytest.mark.parametrize("covered", [IN_SESSION, OUTSIDE])
def test_headers_describe_the_signed_parts(covered: Covered) -> None:
    claim = parse_headers(covered.method, covered.path, headers(covered))
    assert claim.covered == covered
    assert (claim.created, claim.key_id, claim.signature) == (1_700_000_000, KEY, SIGNATURE)
    assert claim.base == signature_base(covered, 1_700_000_000, KEY)


def test_a_real_signature_verifies_over_the_parsed_base() -> None:
    private = Ed25519PrivateKey.generate()
    key = key_id(private.public_key().public_bytes_raw())
    signature = private.sign(signature_base(IN_SESSION, 5, key))
    claim = parse_headers("POST", IN_SESSION.path, render_headers(IN_SESSION, 5, key, signature))
    private.public_key().verify(claim.signature, claim.base)


def test_a_claim_covers_one_body_only() -> None:
    claim = parse_headers("POST", IN_SESSION.path, headers())
    assert claim.covers(b"{}")
    assert not claim.covers(b"{} ")


def test_the_clock_window_is_five_minutes_to_both_sides() -> None:
    claim = parse_headers("POST", IN_SESSION.path, headers())
    assert [claim.is_fresh(1_700_000_000 + offset) for offset in (-301, -300, 0, 300, 301)] == [
        False,
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signature-input", None),
        ("signature", None),
        ("content-digest", None),
        ("openinspector-session", None),
        ("openinspector-counter", None),
        ("signature-input", "sig1=()"),
        ("signature-input", headers()["signature-input"].replace("sig1", "sig2")),
        ("signature-input", headers()["signature-input"].replace("ed25519", "hmac-sha256")),
        ("signature-input", headers()["signature-input"].replace('"@path" ', "")),
        ("signature-input", headers()["signature-input"].replace('"@method" "@path"', '"@path" "@method"')),
        ("signature-input", headers()["signature-input"].replace("1700000000", "-1")),
        ("signature-input", headers()["signature-input"].replace("1700000000", "9" * 40)),
        ("signature-input", headers()["signature-input"] + ";expires=1"),
        ("signature-input", headers()["signature-input"] + ", sig2=()"),
        ("signature-input", headers()["signature-input"] + "\n"),
        ("signature-input", "x" * 100_000),
        ("signature", "sig1=:AAAA:"),
        ("signature", headers()["signature"] + "\n"),
        ("signature", headers()["signature"] + ", sig1=:AAAA:"),
        ("content-digest", "sha-512=:AAAA:"),
        ("content-digest", headers()["content-digest"] + ", sha-256=:AAAA:"),
        ("openinspector-counter", "0"),
        ("openinspector-counter", "041"),
        ("openinspector-counter", "-1"),
        ("openinspector-counter", "٤١"),
        ("openinspector-counter", "9" * 5000),
        ("openinspector-session", "short"),
        ("openinspector-session", "s" * 20 + '"\n"@path": /x'),
    ],
)
def test_rejects_other_forms(name: str, value: str | None) -> None:
    changed = headers()
    if value is None:
        del changed[name]
    else:
        changed[name] = value
    with pytest.raises(WireError):
        parse_headers("POST", IN_SESSION.path, changed)


@pytest.mark.parametrize("path", ["", "x", "/a?b=1", "/a b", '/a\n"@method": GET', "/" + "a" * 5000, "/é"])
def test_a_path_that_could_be_read_two_ways_is_refused(path: str) -> None:
    with pytest.raises(WireError):
        parse_headers("POST", path, headers())


def test_a_session_that_is_sent_but_not_signed_is_refused() -> None:
    with pytest.raises(WireError, match="sent but not signed"):
        parse_headers("POST", OUTSIDE.path, headers(OUTSIDE) | {"openinspector-session": SESSION})


def test_session_ids_that_cannot_be_sent_are_known() -> None:
    assert is_session_id(SESSION)
    assert not is_session_id("x" * 20 + "\r\nx: y")
    assert not is_session_id("short")
