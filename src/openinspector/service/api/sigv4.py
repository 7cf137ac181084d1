"""Verification of Signature Version 4: the signer and the integrity of a ``POST /`` (F2.1).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

1. `read_claim` reads only the headers: key, scope and time of the claim, and that every relevant header is signed.
2. `Claim.check` takes the secret of the claimed key and the body, and compares signatures in constant time.

The canonical request is always that of ``POST /`` without a query: the API has no other. The digest is always computed
from the body, regardless of ``x-amz-content-sha256``, so an unsigned payload is never accepted. Errors and their
messages are those of AWS, with HTTP 400 as in its JSON services.
For replayed requests see `openinspector.service.api.replay`.
"""

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final

from openinspector.service.api.errors import ApiError

SERVICE: Final = "inspector"
"""Service of the credential scope (F2.2)."""
WINDOW: Final = timedelta(minutes=15)
"""Largest difference between a request's date and our clock, in either direction."""

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_TERMINATOR: Final = "aws4_request"
_PARAMETERS: Final = frozenset({"Credential", "SignedHeaders", "Signature"})
_SCOPE_PARTS: Final = 5
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_STAMPED: Final = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_TOKEN: Final = b"x-amz-security-token"
_MAX_SHOWN: Final = 100
_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method."
)

Headers = Iterable[tuple[bytes, bytes]]
"""Names in lower case and values, as in ASGI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The signature and its parameters as a request claims them; unverified until `check`."""

    key_id: str
    stamp: str
    """When it was signed, as ``YYYYMMDDTHHMMSSZ``."""
    region: str
    canonical_head: bytes
    """The canonical request up to the body's digest."""
    signature: bytes
    token: str | None = None
    """Session token of temporary credentials."""

    def check(self, secret: str, body: bytes) -> None:
        """Raise InvalidSignatureException unless ``secret`` signed these headers and this body."""
        date = self.stamp[:8]
        canonical = self.canonical_head + sha256(body).hexdigest().encode()
        scope = f"{date}/{self.region}/{SERVICE}/{_TERMINATOR}"
        text = f"{_ALGORITHM}\n{self.stamp}\n{scope}\n{sha256(canonical).hexdigest()}"
        expected = hmac.digest(signing_key(secret, date, self.region), text.encode(), "sha256").hex()
        if not hmac.compare_digest(expected.encode(), self.signature):
            raise _invalid(_MISMATCH)


def read_claim(headers: Headers, region: str, now: datetime) -> Claim:
    """Return the claim of a request's headers, for ``region`` and within `WINDOW` of ``now``.

    Raises ApiError: MissingAuthenticationTokenException, IncompleteSignatureException, InvalidSignatureException.
    """
    given, repeated = _by_name(headers)
    if b"authorization" not in given:
        raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
    if b"authorization" in repeated:
        raise _incomplete("The request has more than one Authorization header.")
    parameters = _parameters(given[b"authorization"])
    key_id, *scope = _split_credential(parameters["Credential"])
    stamp = _stamp(given)
    _check_scope(scope, stamp, region)
    _check_fresh(stamp, now)
    return Claim(
        key_id=key_id,
        stamp=stamp,
        region=region,
        canonical_head=_canonical_head(parameters["SignedHeaders"].encode(), given, repeated),
        signature=parameters["Signature"].encode(),
        token=given[_TOKEN].decode("latin-1") if _TOKEN in given else None,
    )


@lru_cache(maxsize=1024)
def signing_key(secret: str, date: str, region: str) -> bytes:
    """Return the key derived from a secret for one day (``YYYYMMDD``) and region."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, SERVICE, _TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def unrecognized_client() -> ApiError:
    """Return the answer to an unknown key."""
    return ApiError("UnrecognizedClientException", "The security token included in the request is invalid.")


def _by_name(headers: Headers) -> tuple[dict[bytes, bytes], set[bytes]]:
    given: dict[bytes, bytes] = {}
    repeated: set[bytes] = set()
    for name, value in headers:
        if name in given:
            repeated.add(name)
        given[name] = value
    return given, repeated


def _parameters(authorization: bytes) -> dict[str, str]:
    """Return the three parameters of the Authorization header."""
    if not authorization.isascii():
        raise _incomplete("The Authorization header must be ASCII.")
    algorithm, _, rest = authorization.decode("ascii").strip().partition(" ")
    if algorithm != _ALGORITHM:
        raise _incomplete(f"The Authorization header must begin with {_ALGORITHM}, not {algorithm[:_MAX_SHOWN]!r}.")
    pairs = [pair.strip().partition("=") for pair in rest.split(",")]
    found = {name: value for name, _, value in pairs if value}
    if found.keys() != _PARAMETERS or len(pairs) != len(_PARAMETERS):
        missing = sorted(_PARAMETERS - found.keys())
        message = "".join(f"Authorization header requires {name!r} parameter. " for name in missing)
        raise _incomplete(message or "Authorization header has more than Credential, SignedHeaders and Signature.")
    return found


def _split_credential(credential: str) -> list[str]:
    parts = credential.split("/")
    if len(parts) != _SCOPE_PARTS:
        raise _incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got {credential[:_MAX_SHOWN]!r}."
        )
    return parts


def _stamp(given: Mapping[bytes, bytes]) -> str:
    """Return when the request was signed: ``x-amz-date``, or else ``date`` in either format."""
    raw = given.get(b"x-amz-date", given.get(b"date"))
    if raw is None:
        raise _incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    text = raw.decode("ascii", "replace").strip()
    if _STAMPED.fullmatch(text) is not None:
        return text
    if b"x-amz-date" not in given:
        try:
            return parsedate_to_datetime(text).astimezone(UTC).strftime(_STAMP)
        except (ValueError, OverflowError):
            pass
    raise _incomplete(f"Date must be in ISO-8601 'basic format'. Got {text[:_MAX_SHOWN]!r}.")


def _check_scope(scope: list[str], stamp: str, region: str) -> None:
    if scope == [stamp[:8], region, SERVICE, _TERMINATOR]:
        return
    date, claimed_region, service, terminator = (part[:_MAX_SHOWN] for part in scope)
    if claimed_region != region:
        raise _invalid(f"Credential should be scoped to a valid region, not {claimed_region!r}: this is {region!r}.")
    if service != SERVICE:
        raise _invalid(f"Credential should be scoped to correct service: {SERVICE!r}, not {service!r}.")
    if terminator != _TERMINATOR:
        raise _invalid(f"Credential should be scoped with a valid terminator: {_TERMINATOR!r}, not {terminator!r}.")
    raise _invalid(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        f"{date!r} != {stamp[:8]!r}, from {stamp!r}."
    )


def _check_fresh(stamp: str, now: datetime) -> None:
    try:
        signed_at = datetime.fromisoformat(stamp)
    except ValueError as error:
        raise _incomplete(f"There is no such time: {stamp!r}.") from error
    minutes = WINDOW.seconds // 60
    if signed_at < now - WINDOW:
        edge = f"{(now - WINDOW).strftime(_STAMP)} ({now.strftime(_STAMP)} - {minutes} min.)"
        raise _invalid(f"Signature expired: {stamp} is now earlier than {edge}")
    if signed_at > now + WINDOW:
        edge = f"{(now + WINDOW).strftime(_STAMP)} ({now.strftime(_STAMP)} + {minutes} min.)"
        raise _invalid(f"Signature not yet current: {stamp} is still later than {edge}")


def _canonical_head(signed: bytes, given: Mapping[bytes, bytes], repeated: set[bytes]) -> bytes:
    """Return the canonical request without the body's digest. Every header with an effect must be signed."""
    names = signed.split(b";")
    listed = set(names)
    if names != sorted(listed):
        raise _invalid("SignedHeaders must name each header once, in lower case and in order.")
    _check_signed(given, listed)
    if not repeated.isdisjoint(listed):
        raise _invalid(f"The request has more than one header {_shown(min(repeated & listed))}.")
    absent = listed - given.keys()
    if absent:
        raise _invalid(f"The signed header {_shown(min(absent))} is not in the request.")
    lines = [name + b":" + b" ".join(given[name].split()) for name in names]
    return b"\n".join((b"POST\n/\n", *lines, b"", signed, b""))


def _check_signed(given: Mapping[bytes, bytes], listed: set[bytes]) -> None:
    """Require that the host, the date and every ``x-amz-`` header are signed.

    The content type decides nothing here, and the vendor's SDK for JavaScript, version 2, leaves it unsigned.
    """
    if b"host" not in listed:
        raise _unsigned(b"Host")
    if b"x-amz-date" not in given and b"date" not in listed:
        raise _unsigned(b"Date")
    for name in given.keys() - listed:
        if name.startswith(b"x-amz-"):
            raise _unsigned(name)


def _shown(header: bytes) -> str:
    return repr(header[:_MAX_SHOWN].decode("latin-1"))


def _unsigned(header: bytes) -> ApiError:
    return _invalid(f"{_shown(header)} must be a 'SignedHeader' in the AWS Authorization.")


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidSignatureException", message)


def _incomplete(message: str) -> ApiError:
    return ApiError("IncompleteSignatureException", message)
