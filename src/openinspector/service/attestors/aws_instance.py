"""The EC2 instance identity document, as the metadata service returns it under ``rsa2048``.

Only the signed content is read: a copy beside it let any instance impersonate another in SPIRE 1.14.6. The signer must
be the certificate that the operator pinned for the document's region. AWS signs the document once, at launch, and any
process on the host can read it, so the store binds the first key that presents it.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-rsa2048.html
"""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Final

import msgspec

from openinspector.model.agent import AgentId
from openinspector.service.app.attestation import Attestor, InstanceProof, Shown, Trust, refuse
from openinspector.service.pkcs7 import MAX_BYTES, Pkcs7Error, parse_signed_document

_MAX_TEXT: Final = MAX_BYTES * 4 // 3 + 256
_ADVICE: Final = "Check that the metadata service returns /latest/dynamic/instance-identity/rsa2048."


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a document that are used; the vendor adds others."""

    accountId: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{12}\Z")]  # noqa: N815 - the document's name
    instanceId: Annotated[str, msgspec.Meta(pattern=r"\Ai-[0-9a-f]{8,17}\Z")]  # noqa: N815
    region: Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9-]{1,32}\Z")]
    pendingTime: Annotated[datetime, msgspec.Meta(tz=True)]  # noqa: N815
    imageId: Annotated[str, msgspec.Meta(max_length=64)] | None = None  # noqa: N815


_DECODER: Final = msgspec.json.Decoder(_Document)


def attest(shown: Shown, trust: Trust) -> InstanceProof:
    """Verify a signed document and return the instance it identifies."""
    text = shown.evidence.get("rsa2048")
    if text is None or len(shown.evidence) != 1:
        refuse("the evidence must be the signed document alone (rsa2048)", _ADVICE)
    try:
        signed = parse_signed_document(_decoded(text))
        document = _DECODER.decode(signed.content)
        certificate = trust.certificates.get(document.region)
        if certificate is None:
            refuse(f"no certificate is pinned for the region {document.region}", "See OPENINSPECTOR_AWS_CERTIFICATES.")
        signed.verify(certificate)
    except Pkcs7Error as error:
        refuse(str(error), _ADVICE)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        refuse("the signed content is not an instance identity document", _ADVICE)
    return InstanceProof(
        instance_id=AgentId(document.instanceId),
        account=document.accountId,
        region=document.region,
        pending_time=document.pendingTime,
        ami_id=document.imageId,
    )


def _decoded(text: str) -> bytes:
    if len(text) > _MAX_TEXT:
        raise Pkcs7Error(f"the document is larger than {MAX_BYTES} bytes")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Pkcs7Error("the document is not in base64") from error


ATTESTOR: Final = Attestor(name="aws_instance", title="EC2 instance identity document", attest=attest)
