"""A join token: whoever has it may enrol, as often as it says."""

from typing import Final

from openinspector.service.app.attestation import Attestor, Shown, TokenProof, Trust, refuse
from openinspector.service.app.enrolment import token_digest


def attest(shown: Shown, _trust: Trust) -> TokenProof:
    """Return the digest under which the store looks for the token."""
    token = shown.evidence.get("token")
    if token is None or len(shown.evidence) != 1:
        refuse(
            "'join_token' with this evidence proves nothing here",
            "Enrol with method join_token and one piece of evidence, token.",
        )
    return TokenProof(digest=token_digest(token))


ATTESTOR: Final = Attestor(name="join_token", title="Join token given at enrolment", attest=attest)
