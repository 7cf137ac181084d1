import pytest

from openinspector.agent.identities.join_token import IDENTITY
from openinspector.agent.identity import IdentityClaim, IdentityError
from openinspector.testing.fake_host import FakeHost


def claim(secret: str) -> IdentityClaim:
    return IdentityClaim(
        secret=secret, nonce="n" * 24, public_key=bytes(32), host=FakeHost(), server="inspector.example", unix_time=0.0
    )


def test_the_evidence_is_the_token() -> None:
    assert IDENTITY.evidence(claim("  a-token-of-sixteen \n")) == {"token": "a-token-of-sixteen"}


@pytest.mark.parametrize("secret", ["", "short", "x" * 129, "é" * 20, "a token\nof two lines"])
def test_invalid_tokens_are_not_sent(secret: str) -> None:
    with pytest.raises(IdentityError, match="not a join token"):
        IDENTITY.evidence(claim(secret))
