"""A join token: a secret that the operator created and gave to the host once."""

from typing import Final

from openinspector.agent.identity import Identity, IdentityClaim, IdentityError

MIN_CHARACTERS: Final = 16
MAX_CHARACTERS: Final = 128


def evidence(claim: IdentityClaim) -> dict[str, str]:
    """Return the token; IdentityError if none was given."""
    token = claim.secret.strip()
    if not MIN_CHARACTERS <= len(token) <= MAX_CHARACTERS or not token.isascii() or not token.isprintable():
        raise IdentityError(
            "this is not a join token", advice="Make one where the service runs: openinspector admin tokens create."
        )
    return {"token": token}


IDENTITY: Final = Identity(name="join_token", title="Join token given at enrolment", evidence=evidence)
