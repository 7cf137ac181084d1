"""A role's proof against a real STS wire (TLS, signatures recomputed), and every way to cheat with it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.identities.aws_role import sign
from openinspector.service.app.attestation import InstanceProof, Shown, Trust
from openinspector.service.app.refusal import RefusedError
from openinspector.service.attestors.aws_role import MAX_REPLY_BYTES, attest, read_caller
from openinspector.service.ports.caller_identity import CallerIdentityError
from openinspector.service.stores.caller_identity_sts import StsCallerIdentity
from openinspector.testing.fake_sts import ROLE, FakeSts, RoleCredentials
from openinspector.testing.throwaway_authority import ThrowawayAuthority
from openinspector.wire.caller_identity import DATE_FORM, CallerIdentityRequest

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SERVER = "inspector.example"
OURS = RoleCredentials()
KEY = "ab" * 32
NONCE = "n" * 43


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> ThrowawayAuthority:
    return ThrowawayAuthority(tmp_path_factory.mktemp("sts"))


@pytest.fixture
def sts(authority: ThrowawayAuthority) -> Iterator[FakeSts]:
    with FakeSts(authority.server_context(), OURS) as running:
        yield running


@pytest.fixture
def trust(sts: FakeSts, authority: ThrowawayAuthority) -> Trust:
    return Trust(
        accounts=frozenset({OURS.account}),
        roles=frozenset({ROLE}),
        server_names=frozenset({SERVER}),
        caller_identity=StsCallerIdentity(sts.url, authority.client_context()),
    )


def proof(credentials: RoleCredentials = OURS, **changes: str) -> dict[str, str]:
    """Return an honest agent's evidence; ``changes`` are made before it signs."""
    parts = {
        "region": "eu-west-1",
        "date": NOW.strftime(DATE_FORM),
        "token": credentials.token,
        "key_id": KEY,
        "nonce": NONCE,
        "server": SERVER,
        **changes,
    }
    request = CallerIdentityRequest(**parts)
    return {
        **{name: parts[name] for name in ("region", "date", "token", "server")},
        "authorization": request.authorization(credentials.access_key, sign(request, credentials.secret_key)),
    }


def shown(evidence: Mapping[str, str], now: datetime = NOW, key: str = KEY, nonce: str = NONCE) -> Shown:
    return Shown(evidence=evidence, key_id=key, nonce=nonce, now=now)


def refusal(what: Shown, trust: Trust) -> str:
    with pytest.raises(RefusedError) as refused:
        attest(what, trust)
    return str(refused.value)


def test_a_role_proves_its_instance(trust: Trust, sts: FakeSts) -> None:
    proved = attest(shown(proof()), trust)
    assert proved == InstanceProof(instance_id=OURS.session_name, account=OURS.account, region="eu-west-1")  # type: ignore[arg-type]  # its text
    ((headers, body),) = sts.requests
    assert headers["host"] == "sts.eu-west-1.amazonaws.com"
    assert (headers["x-openinspector-server"], headers["x-openinspector-nonce"]) == (SERVER, NONCE)
    assert body == b"Action=GetCallerIdentity&Version=2011-06-15"
    assert OURS.secret_key not in str(headers)


def test_signature_is_bound_to_the_nonce(trust: Trust) -> None:
    """Recorded by another service or an earlier enrolment."""
    assert "STS does not accept" in refusal(shown(proof(), nonce="m" * 43), trust)


def test_signature_is_bound_to_the_host_key(trust: Trust) -> None:
    assert "STS does not accept" in refusal(shown(proof(), key="cd" * 32), trust)


def test_a_signature_for_another_service_is_refused(trust: Trust, sts: FakeSts) -> None:
    """Evidence that a host gave to another service is refused here, whatever name it claims."""
    elsewhere = proof(server="other.example")
    assert "another service" in refusal(shown(elsewhere), trust)
    assert sts.requests == []
    assert "STS does not accept" in refusal(shown({**elsewhere, "server": SERVER}), trust)


@pytest.mark.parametrize("age", [-301, 301, 86_400])
def test_an_old_signature_is_refused(trust: Trust, sts: FakeSts, age: int) -> None:
    assert "not signed within five minutes" in refusal(shown(proof(), now=NOW + timedelta(seconds=age)), trust)
    assert sts.requests == []


@pytest.mark.parametrize(
    ("change", "to"),
    [
        ("region", "eu-west-1.attacker.example/"),
        ("region", "eu-west-1@attacker.example"),
        ("region", "attacker"),
        ("region", "eu-west-1\n"),
        ("region", ""),
        ("date", "20260102T030405Z\r\nx-evil: 1"),
        ("date", "20269999T030405Z"),
        ("token", "t" * 5000),
        ("token", "a token with spaces"),
        ("server", "inspector.example\r\n"),
        ("authorization", ""),
        ("authorization", "AWS4-HMAC-SHA256 Credential=x"),
        ("authorization", "Bearer something"),
    ],
)
def test_client_input_never_shapes_the_request(trust: Trust, sts: FakeSts, change: str, to: str) -> None:
    """CVE-2020-16250: the client chose host, headers and body. Here anything outside our one request is refused."""
    assert refusal(shown({**proof(), change: to}), trust)
    assert sts.requests == []


def test_other_parts_are_refused(trust: Trust, sts: FakeSts) -> None:
    """No body, no URL, no header of the client's own; CVE-2022-2385 was a parameter that came twice."""
    for more in ("body", "url", "headers", "Action", "action"):
        assert "the evidence of a role" in refusal(shown({**proof(), more: "Action=GetCallerIdentity"}), trust)
    assert "the evidence of a role" in refusal(shown({"region": "eu-west-1"}), trust)
    assert sts.requests == []


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (";x-openinspector-nonce", ""),
        (";x-openinspector-server", ""),
        (";x-openinspector-key", ""),
        (";host", ""),
        ("content-type;", "content-type;x-other;"),
        ("/eu-west-1/sts/", "/us-east-1/sts/"),
        ("/sts/", "/iam/"),
        ("20260102/", "20260101/"),
        ("Credential=ASIA", "Credential=AKIA"),
    ],
)
def test_every_header_must_be_signed_for_this_region_and_day(
    trust: Trust, sts: FakeSts, written: str, instead: str
) -> None:
    evidence = proof()
    assert written in evidence["authorization"]
    evidence["authorization"] = evidence["authorization"].replace(written, instead)
    assert "not one of this very request" in refusal(shown(evidence), trust)
    assert sts.requests == []


def test_a_wrong_signature_is_refused_by_sts(trust: Trust) -> None:
    forged = proof(replace(OURS, secret_key="guessed"))
    assert "STS does not accept" in refusal(shown(forged), trust)


@pytest.mark.parametrize(
    "other",
    [
        RoleCredentials(session_name="alice"),
        RoleCredentials(session_name="i-0123456789abcdef0x"),
        RoleCredentials(session_name="i-0123456789ABCDEF0"),
        RoleCredentials(arn="arn:aws:iam::123456789012:user/i-0123456789abcdef0"),
        RoleCredentials(arn="arn:aws:sts::123456789012:federated-user/i-0123456789abcdef0"),
        RoleCredentials(arn="arn:aws:sts::210987654321:assumed-role/fleet/i-0123456789abcdef0"),
        RoleCredentials(arn="arn:aws:sts::123456789012:assumed-role/fleet/i-0123456789abcdef0/more"),
        RoleCredentials(user_id="AROAQQQQQQQQQQQQQQQQ:i-0fedcba9876543210"),
        RoleCredentials(user_id="AIDAQQQQQQQQQQQQQQQQ:i-0123456789abcdef0"),
        RoleCredentials(account="21098765432"),
    ],
    ids=str,
)
def test_rejects_callers_that_are_not_instances(trust: Trust, sts: FakeSts, other: RoleCredentials) -> None:
    sts.credentials[other.access_key] = other
    assert "not the role of an EC2 instance" in refusal(shown(proof(other)), trust)


def test_role_outside_the_allow_list_is_refused(trust: Trust, sts: FakeSts) -> None:
    """Whoever may call AssumeRole chooses the session's name: an instance's id, for one."""
    sts.credentials[OURS.access_key] = replace(OURS, role="administrators")
    assert "the role administrators is not trusted" in refusal(shown(proof()), trust)


def test_empty_allow_list_refuses_every_role(trust: Trust) -> None:
    assert "not trusted" in refusal(shown(proof()), replace(trust, roles=frozenset()))
    assert "the evidence of a role" in refusal(shown(proof()), replace(trust, caller_identity=None))


def test_a_redirect_is_not_followed(trust: Trust, sts: FakeSts) -> None:
    sts.answer = (302, {"Location": f"{sts.url}/elsewhere"}, b"")
    with pytest.raises(CallerIdentityError, match="302"):
        attest(shown(proof()), trust)
    assert len(sts.requests) == 1


def test_endless_answer_is_not_read(trust: Trust, sts: FakeSts) -> None:
    sts.answer = (200, {}, b"x" * (MAX_REPLY_BYTES + 1))
    with pytest.raises(CallerIdentityError, match="more than"):
        attest(shown(proof()), trust)


@pytest.mark.parametrize("status", [204, 429, 500, 503])
def test_sts_failure_is_not_a_refusal(trust: Trust, sts: FakeSts, status: int) -> None:
    sts.answer = (status, {}, b"")
    with pytest.raises(CallerIdentityError):
        attest(shown(proof()), trust)


def test_sts_with_an_untrusted_certificate_is_refused(trust: Trust, sts: FakeSts, tmp_path: Path) -> None:
    other = ThrowawayAuthority(tmp_path, "other")
    deceived = replace(trust, caller_identity=StsCallerIdentity(sts.url, other.client_context()))
    with pytest.raises(CallerIdentityError, match="cannot be asked"):
        attest(shown(proof()), deceived)
    assert sts.requests == []


HONEST = OURS.reply()


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"{}",
        b'{"GetCallerIdentityResponse": {"GetCallerIdentityResult": {"Arn": "arn:aws:sts::1:assumed-role/f/i-0"}}}',
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><x>&a;&a;</x>',
        b"<!-- -->" + HONEST,
        HONEST.replace(b"sts.amazonaws.com", b"sts.attacker.example"),
        HONEST.replace(b"GetCallerIdentityResponse", b"AssumeRoleResponse"),
        HONEST.replace(b"<Account>", b"<Account>1</Account><Account>"),
        HONEST.replace(b"<Arn>", b"<Arn>arn:x</Arn><Arn>"),
        HONEST.replace(b"<GetCallerIdentityResult>", b"<GetCallerIdentityResult/><GetCallerIdentityResult>"),
        HONEST + HONEST,
        HONEST[:-10],
        HONEST.decode().encode("utf-16"),
        b"<a>" * 5000,
    ],
)
def test_invalid_sts_replies_are_empty(reply: bytes) -> None:
    assert read_caller(reply) == {}


def test_an_answer_is_read() -> None:
    assert read_caller(HONEST) == {
        "Arn": "arn:aws:sts::123456789012:assumed-role/fleet/i-0123456789abcdef0",
        "UserId": "AROAQQQQQQQQQQQQQQQQ:i-0123456789abcdef0",
        "Account": "123456789012",
    }


@given(st.binary(max_size=200))
def test_any_bytes_are_an_empty_reply(reply: bytes) -> None:
    assert read_caller(reply) == {}


@given(st.integers(0, len(HONEST) - 1), st.integers(0, 255))
def test_an_answer_with_one_byte_changed_never_crashes(place: int, byte: int) -> None:
    changed = bytearray(HONEST)
    changed[place] = byte
    assert set(read_caller(bytes(changed))) in (set(), {"Arn", "UserId", "Account"})
