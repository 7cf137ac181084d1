"""A join token: its holder may enrol as many hosts as the token permits."""

from typing import Final

from openinspector.service.app.attestation import Attestor, Shown, TokenProof, Trust, refuse
from openinspector.service.app.enrolment import token_digest


def attest(shown: Shown, _trust: Trust) -> TokenProof:
    """Return the digest by which the store finds the token."""
    token = shown.evidence.get("token")
    if token is None or len(shown.evidence) != 1:
        refuse(
            "the evidence of 'join_token' must be a token alone",
            "Enrol with method join_token and one piece of evidence, token.",
        )
    return TokenProof(digest=token_digest(token))


ATTESTOR: Final = Attestor(name="join_token", title="Join token given at enrolment", attest=attest)
