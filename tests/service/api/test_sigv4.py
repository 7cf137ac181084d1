"""Our verifier against botocore's signer: what it signs is accepted, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.api.signing import Headers, Signer, as_received, call_headers

from openinspector.service.api.errors import ApiError
from openinspector.service.api.sigv4 import WINDOW, read_claim, unrecognized_client

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SIGNER = Signer()
BODY = b'{"maxResults":10}'
CALL = call_headers("ListFindings")

VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40)
NAMES = st.from_regex(r"x-amz-meta-[a-z0-9-]{1,20}", fullmatch=True)


def verify(headers: Headers, body: bytes = BODY, now: datetime = NOW, signer: Signer = SIGNER) -> str:
    claim = read_claim(headers, "us-east-1", now)
    if claim.key_id != signer.key_id:
        raise unrecognized_client()
    claim.check(signer.secret, body)
    return claim.key_id


def signed(signer: Signer = SIGNER, body: bytes = BODY, **extra: str) -> Headers:
    return as_received(signer.headers(body, NOW, {**CALL, **extra}))


def refusal(headers: Headers, body: bytes = BODY, now: datetime = NOW) -> tuple[str, str]:
    with pytest.raises(ApiError) as refused:
        verify(headers, body, now)
    assert refused.value.status == 400
    return refused.value.exception, str(refused.value)


def changed(name: str, change: Callable[[bytes], bytes]) -> Headers:
    headers = dict(signed())
    headers[name.encode()] = change(headers[name.encode()])
    return list(headers.items())


def edited(old: str, new: str) -> Headers:
    """A request whose Authorization header was edited."""
    headers = changed("authorization", lambda value: value.replace(old.encode(), new.encode()))
    assert headers != signed()
    return headers


@given(
    body=st.binary(max_size=2000),
    extra=st.dictionaries(NAMES, VALUES, max_size=5),
    secret=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60),
    shift=st.integers(-900, 900),
)
def test_requests_signed_by_botocore_are_accepted(body: bytes, extra: dict[str, str], secret: str, shift: int) -> None:
    signer = Signer(secret=secret)
    headers = as_received(signer.headers(body, NOW + timedelta(seconds=shift), {**CALL, **extra}))
    assert verify(headers, body, signer=signer) == signer.key_id


def test_the_order_of_headers_and_unsigned_ones_do_not_matter() -> None:
    verify([(b"accept", b"a"), (b"accept", b"b"), *reversed(signed()), (b"user-agent", b"Boto3")])


def test_a_session_token_is_signed_and_read() -> None:
    headers = signed(Signer(token="a/session+token=="))
    verify(headers)
    assert read_claim(headers, "us-east-1", NOW).token == "a/session+token=="
    assert read_claim(signed(), "us-east-1", NOW).token is None


def test_date_header_replaces_a_missing_x_amz_date() -> None:
    headers = signed(Date="Thu, 01 Jan 1970 00:00:00 GMT")
    assert b"x-amz-date" not in dict(headers)
    verify(headers)


@given(data=st.data())
def test_an_altered_header_is_refused(data: st.DataObject) -> None:
    headers = signed()
    at = data.draw(st.integers(0, len(headers) - 1))
    name, value = headers[at]
    position = data.draw(st.integers(0, len(value) - 1))
    byte = data.draw(st.integers(0x21, 0xFF).filter(lambda byte: byte != value[position]))
    headers[at] = (name, value[:position] + bytes([byte]) + value[position + 1 :])
    assert refusal(headers)[0].endswith("Exception")


@given(body=st.binary(max_size=100).filter(lambda body: body != BODY))
def test_another_body_is_refused(body: bytes) -> None:
    assert refusal(signed(), body)[0] == "InvalidSignatureException"


@given(junk=st.binary(max_size=200))
def test_any_invalid_authorization_header_is_explained(junk: bytes) -> None:
    assert refusal(changed("authorization", lambda _: junk))[0] == "IncompleteSignatureException"
    assert refusal(changed("authorization", lambda value: value + junk + b"!"))[0].endswith("Exception")


@given(junk=st.binary(max_size=40))
def test_any_invalid_date_is_explained(junk: bytes) -> None:
    assert refusal(changed("x-amz-date", lambda _: junk))[0] in {
        "IncompleteSignatureException",
        "InvalidSignatureException",
    }


@pytest.mark.parametrize("name", ["host", "x-amz-date", "x-amz-target", "content-type"])
def test_a_signed_header_that_is_missing_or_doubled_is_refused(name: str) -> None:
    key = name.encode()
    assert refusal([(n, v) for n, v in signed() if n != key])[0] in {
        "InvalidSignatureException",
        "IncompleteSignatureException",
    }
    assert refusal([*signed(), (key, dict(signed())[key])])[0] == "InvalidSignatureException"


@pytest.mark.parametrize("name", ["x-amz-target", "x-amz-security-token", "x-amz-anything"])
def test_a_header_of_aws_that_is_not_signed_is_refused(name: str) -> None:
    bare = as_received(SIGNER.headers(BODY, NOW, {"Content-Type": "application/x-amz-json-1.1"}))
    verify(bare)
    assert refusal([*bare, (name.encode(), b"x")]) == (
        "InvalidSignatureException",
        f"'{name}' must be a 'SignedHeader' in the AWS Authorization.",
    )


def test_the_content_type_may_be_unsigned_as_version_2_of_the_javascript_sdk_leaves_it() -> None:
    bare = as_received(SIGNER.headers(BODY, NOW, {"X-Amz-Target": "InspectorService.ListFindings"}))
    verify([*bare, (b"content-type", b"application/x-amz-json-1.1")])


def test_an_unsigned_host_is_refused() -> None:
    assert refusal(edited("content-type;host;", "content-type;"))[1].startswith("'Host' must be")


def test_two_authorizations_are_refused() -> None:
    assert refusal([*signed(), (b"authorization", b"x")])[0] == "IncompleteSignatureException"


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "0" * 64])
def test_a_body_that_is_not_covered_is_refused(payload: str) -> None:
    headers = SIGNER.headers(BODY, NOW, {**CALL, "X-Amz-Content-SHA256": payload})
    assert refusal(as_received(headers))[0] == "InvalidSignatureException"


def test_no_authorization() -> None:
    headers = [(name, value) for name, value in signed() if name != b"authorization"]
    assert refusal(headers) == ("MissingAuthenticationTokenException", "Missing Authentication Token")


@pytest.mark.parametrize(
    ("old", "new", "exception", "words"),
    [
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "IncompleteSignature", "must begin with AWS4-HMAC-SHA256"),
        ("AWS4-HMAC-SHA256", "Bearer", "IncompleteSignature", "not 'Bearer'"),
        ("Credential=", "Credentials=", "IncompleteSignature", "requires 'Credential' parameter"),
        ("Signature=", "Signature=,x=", "IncompleteSignature", "requires 'Signature' parameter"),
        (", Signature=", ", Signature=0, Signature=", "IncompleteSignature", "more than"),
        ("/aws4_request", "", "IncompleteSignature", "exactly 5 slash-delimited elements"),
        ("/us-east-1/", "/eu-west-1/", "InvalidSignature", "valid region, not 'eu-west-1'"),
        ("/inspector/", "/inspector2/", "InvalidSignature", "correct service: 'inspector'"),
        ("/aws4_request", "/aws3_request", "InvalidSignature", "valid terminator: 'aws4_request'"),
        ("/20261123/", "/20261122/", "InvalidSignature", "'20261122' != '20261123', from '20261123T120000Z'"),
        ("content-type;host", "host;content-type", "InvalidSignature", "in order"),
        ("content-type;host", "content-type;content-type;host", "InvalidSignature", "once"),
        ("content-type;host", "content-type;expect;host", "InvalidSignature", "'expect' is not in the request"),
        ("SignedHeaders=content-type;", "SignedHeaders=", "InvalidSignature", "does not match"),
    ],
)
def test_errors_use_aws_messages(old: str, new: str, exception: str, words: str) -> None:
    found, message = refusal(edited(old, new))
    assert found == f"{exception}Exception"
    assert words in message


def test_another_secret_is_refused() -> None:
    other = Signer(secret="another")
    exception, words = refusal(signed(other))
    assert exception == "InvalidSignatureException"
    assert words.startswith("The request signature we calculated does not match the signature you provided.")


def test_request_is_valid_within_fifteen_minutes() -> None:
    second = timedelta(seconds=1)
    verify(signed(), now=NOW + WINDOW)
    verify(signed(), now=NOW - WINDOW)
    assert refusal(signed(), now=NOW + WINDOW + second) == (
        "InvalidSignatureException",
        "Signature expired: 20261123T120000Z is now earlier than 20261123T120001Z (20261123T121501Z - 15 min.)",
    )
    assert refusal(signed(), now=NOW - WINDOW - second) == (
        "InvalidSignatureException",
        "Signature not yet current: 20261123T120000Z is still later than 20261123T115959Z (20261123T114459Z + 15 min.)",
    )


@pytest.mark.parametrize("stamp", ["20261323T120000Z", "20261123T120060Z", "00000000T000000Z"])
def test_a_time_that_does_not_exist(stamp: str) -> None:
    headers = dict(changed("x-amz-date", lambda _: stamp.encode()))
    headers[b"authorization"] = headers[b"authorization"].replace(b"/20261123/", f"/{stamp[:8]}/".encode())
    assert refusal(list(headers.items()))[0] == "IncompleteSignatureException"
