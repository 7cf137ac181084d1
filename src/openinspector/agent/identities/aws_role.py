"""The role of an EC2 instance: a request to STS, signed with the role's credentials, that the service sends.

The credentials come from the metadata service, are used for one signature and stay on the host: the service sees the
session token, which is useless without the secret key.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Final

import msgspec

from openinspector.agent.cloud.instance_metadata import MetadataConversation
from openinspector.agent.identity import Identity, IdentityClaim, IdentityError
from openinspector.model.errors import WireError
from openinspector.wire.caller_identity import DATE_FORM, CallerIdentityRequest
from openinspector.wire.signature import key_id

CREDENTIALS: Final = "/latest/meta-data/iam/security-credentials/"
REGION: Final = "/latest/meta-data/placement/region"
ZONE: Final = "/latest/meta-data/placement/availability-zone"


class _Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The role's credentials, as the metadata service returns them."""

    AccessKeyId: str
    SecretAccessKey: str
    Token: str

    def __repr__(self) -> str:
        return f"_Credentials({self.AccessKeyId})"


_DECODER: Final = msgspec.json.Decoder(_Credentials)


def evidence(claim: IdentityClaim) -> dict[str, str]:
    """Return the parts of a signed request; MetadataError off EC2, IdentityError if the instance has no role."""
    metadata = MetadataConversation(claim.host)
    credentials = _credentials(metadata)
    try:
        request = CallerIdentityRequest(
            region=_region(metadata),
            date=datetime.fromtimestamp(claim.unix_time, UTC).strftime(DATE_FORM),
            token=credentials.Token,
            key_id=key_id(claim.public_key),
            nonce=claim.nonce,
            server=claim.server,
        )
        authorization = request.authorization(credentials.AccessKeyId, sign(request, credentials.SecretAccessKey))
        request.check_authorization(authorization)
    except WireError as error:
        raise IdentityError(f"the role's credentials cannot be used: {error}") from error
    return {
        "region": request.region,
        "date": request.date,
        "token": request.token,
        "server": request.server,
        "authorization": authorization,
    }


def sign(request: CallerIdentityRequest, secret_key: str) -> str:
    """Return the signature of a request, hexadecimal (SigV4)."""
    key = f"AWS4{secret_key}".encode()
    for part in request.scope.split("/"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return hmac.new(key, request.string_to_sign.encode(), hashlib.sha256).hexdigest()


def _credentials(metadata: MetadataConversation) -> _Credentials:
    role = metadata.text(CREDENTIALS)
    if not role or not all(c.isalnum() or c in "+=,.@_-" for c in role):
        raise IdentityError(
            "this instance has no role", advice="Give it one, or enrol it with --method aws_instance or a token."
        )
    try:
        return _DECODER.decode(metadata.text(CREDENTIALS + role) or "")
    except msgspec.MsgspecError as error:
        raise IdentityError(f"the metadata service gave no credentials of the role {role}") from error


def _region(metadata: MetadataConversation) -> str:
    # The service names the region only since 2020; a zone is its region and one letter.
    return metadata.text(REGION) or (metadata.text(ZONE) or "")[:-1]


IDENTITY: Final = Identity(name="aws_role", title="Role of an EC2 instance, by STS", evidence=evidence)
