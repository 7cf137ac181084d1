from datetime import UTC, datetime

import pytest

from openinspector.plugins import discover
from openinspector.service.app.attestation import Attestor, Shown, TokenProof, Trust
from openinspector.service.app.enrolment import token_digest
from openinspector.service.app.refusal import RefusedError
from openinspector.service.attestors.join_token import attest

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def shown(**evidence: str) -> Shown:
    return Shown(evidence=evidence, key_id="0" * 64, nonce="n" * 43, now=NOW)


def test_the_store_looks_for_the_tokens_digest() -> None:
    assert attest(shown(token="secret"), Trust()) == TokenProof(digest=token_digest("secret"))


@pytest.mark.parametrize("evidence", [{}, {"rsa2048": "x"}, {"token": "t", "instance_id": "i-1"}])
def test_rejects_other_evidence(evidence: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match="a token alone"):
        attest(shown(**evidence), Trust())


def test_methods_are_plugins() -> None:
    assert set(discover("openinspector.service.attestors", "ATTESTOR", Attestor)) >= {
        "aws_instance",
        "aws_role",
        "join_token",
    }
