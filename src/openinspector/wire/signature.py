"""Signatures of requests: one strict profile of RFC 9421 with the digest of RFC 9530. This module handles no keys.

Covered, in this order: ``@method``, ``@path``, ``content-digest`` and, within a session, ``openinspector-session`` and
``openinspector-counter``. Parameters, in this order: ``created`` (Unix seconds), ``keyid`` (SHA-256 of the raw public
key, hexadecimal), ``alg`` (``ed25519``). Label ``sig1``. Anything else is refused, even if RFC 9421 allows it, so that
signed bytes are unambiguous.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from openinspector.model.errors import WireError

CONTENT_DIGEST: Final = "content-digest"
SIGNATURE_INPUT: Final = "signature-input"
SIGNATURE: Final = "signature"
SESSION: Final = "openinspector-session"
COUNTER: Final = "openinspector-counter"

CLOCK_WINDOW_SECONDS: Final = 300
"""Maximum distance of ``created`` from the verifier's clock."""
SIGNATURE_BYTES: Final = 64

_COVERED: Final = '"@method" "@path" "content-digest"'
_COVERED_IN_SESSION: Final = f'{_COVERED} "{SESSION}" "{COUNTER}"'
_INPUT: Final = re.compile(
    r'sig1=\((?P<covered>[^()]{1,200})\);created=(?P<created>[1-9][0-9]{0,11});keyid="(?P<key>[0-9a-f]{64})"'
    r';alg="ed25519"'
)
_SIGNATURE: Final = re.compile(r"sig1=:(?P<bytes>[A-Za-z0-9+/]{86}==):")
_DIGEST: Final = re.compile(r"sha-256=:[A-Za-z0-9+/]{43}=:")
_SESSION: Final = re.compile(r"[A-Za-z0-9_=-]{16,128}")
_COUNTER: Final = re.compile(r"[1-9][0-9]{0,17}")
_PATH: Final = re.compile(r"/[A-Za-z0-9/_.-]{0,200}")
_METHOD: Final = re.compile(r"[A-Z]{1,16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The parts of one request that a signature covers."""

    method: str
    path: str
    """Without query; agents send none."""
    content_digest: str
    """As `content_digest` renders it."""
    session: str | None = None
    counter: int | None = None
    """Strictly increasing within the session, from 1; None if and only if ``session`` is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """The claims of a request's headers; unproven until ``signature`` is verified over ``base``."""

    covered: Covered
    created: int
    """Unix seconds."""
    key_id: str
    signature: bytes

    @property
    def base(self) -> bytes:
        """The bytes that must have been signed."""
        return signature_base(self.covered, self.created, self.key_id)

    def covers(self, body: bytes) -> bool:
        """Return True if the signature covers ``body``."""
        return hmac.compare_digest(self.covered.content_digest, content_digest(body))

    def is_fresh(self, now: int) -> bool:
        """Return True if it was made within the clock window around ``now`` (Unix seconds)."""
        return abs(now - self.created) <= CLOCK_WINDOW_SECONDS


def key_id(public_key: bytes) -> str:
    """Return the key id of a raw public key: its SHA-256, hexadecimal."""
    return hashlib.sha256(public_key).hexdigest()


def content_digest(body: bytes) -> str:
    """Return the Content-Digest of a body (RFC 9530, sha-256)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def is_session_id(text: str) -> bool:
    """Return True if ``text`` can be sent as a session's id."""
    return _SESSION.fullmatch(text) is not None


def signature_base(covered: Covered, created: int, key: str) -> bytes:
    """Return the signature base of a request (RFC 9421 section 2.5)."""
    components = [("@method", covered.method), ("@path", covered.path), (CONTENT_DIGEST, covered.content_digest)]
    if covered.session is not None:
        components += [(SESSION, covered.session), (COUNTER, str(covered.counter))]
    return base_of(components, _parameters(covered, created, key))


def base_of(components: Iterable[tuple[str, str]], parameters: str) -> bytes:
    """Return the signature base of any components, in order, and the serialised signature parameters."""
    lines = [f'"{name}": {value}' for name, value in components]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("ascii")


def rotation_statement(agent_id: str, session: str, old_key: str, new_key: str) -> bytes:
    """Return the statement that a new host key signs to replace the old one: agent, session and old key."""
    return f"openinspector-key-rotation-v1\n{agent_id}\n{session}\n{old_key}\n{new_key}".encode()


def render_headers(covered: Covered, created: int, key: str, signature: bytes) -> dict[str, str]:
    """Return the headers that carry a signature, names in lower case."""
    headers = {
        CONTENT_DIGEST: covered.content_digest,
        SIGNATURE_INPUT: f"sig1={_parameters(covered, created, key)}",
        SIGNATURE: f"sig1=:{base64.b64encode(signature).decode()}:",
    }
    if covered.session is not None:
        headers |= {SESSION: covered.session, COUNTER: str(covered.counter)}
    return headers


def parse_headers(method: str, path: str, headers: Mapping[str, str]) -> SignedRequest:
    """Return the claims of the headers (names in lower case, each at most once); WireError for any other form."""
    found = _match(_INPUT, headers.get(SIGNATURE_INPUT), SIGNATURE_INPUT)
    session, counter = _session(found["covered"], headers)
    covered = Covered(
        method=_match(_METHOD, method, "@method")[0],
        path=_match(_PATH, path, "@path")[0],
        content_digest=_match(_DIGEST, headers.get(CONTENT_DIGEST), CONTENT_DIGEST)[0],
        session=session,
        counter=counter,
    )
    encoded = _match(_SIGNATURE, headers.get(SIGNATURE), SIGNATURE)["bytes"]
    return SignedRequest(
        covered=covered, created=int(found["created"]), key_id=found["key"], signature=base64.b64decode(encoded)
    )


def _session(components: str, headers: Mapping[str, str]) -> tuple[str | None, int | None]:
    """Return session and counter if they are covered; a header that is not covered is an error."""
    if components == _COVERED_IN_SESSION:
        session = _match(_SESSION, headers.get(SESSION), SESSION)[0]
        return session, int(_match(_COUNTER, headers.get(COUNTER), COUNTER)[0])
    if components != _COVERED:
        raise WireError(
            "the signature does not cover what it must",
            advice=f'Cover {_COVERED} and, within a session, "{SESSION}" "{COUNTER}", in this order.',
        )
    if SESSION in headers or COUNTER in headers:
        raise WireError(f"{SESSION} or {COUNTER} is sent but not signed")
    return None, None


def _match(form: re.Pattern[str], text: str | None, what: str) -> re.Match[str]:
    if text is None:
        raise WireError(f"the request has no {what} header", advice="Every request after the challenge is signed.")
    found = form.fullmatch(text)
    if found is None:
        raise WireError(f"{what} is not of the one form that is taken")
    return found


def _parameters(covered: Covered, created: int, key: str) -> str:
    components = _COVERED if covered.session is None else _COVERED_IN_SESSION
    return f'({components});created={created};keyid="{key}";alg="ed25519"'
