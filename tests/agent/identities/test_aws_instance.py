import pytest

from openinspector.agent.cloud.instance_metadata import MetadataError
from openinspector.agent.identities.aws_instance import IDENTITY, PATH
from openinspector.agent.identity import IdentityClaim, IdentityError
from openinspector.testing.fake_host import FakeHost, FakeSystem
from openinspector.testing.fake_imds import DOCUMENTS, FakeImds, Speaks


def claim(address: str | None) -> IdentityClaim:
    host = FakeHost(system=FakeSystem(metadata_address=address))
    return IdentityClaim(
        secret="", nonce="n" * 24, public_key=bytes(32), host=host, server="inspector.example", unix_time=0.0
    )


@pytest.mark.parametrize("speaks", list(Speaks))
def test_evidence_is_only_the_signed_document(speaks: Speaks) -> None:
    with FakeImds({**DOCUMENTS, PATH: b"MIAGCSqG\nSIb3DQEH\n"}, speaks) as imds:
        assert IDENTITY.evidence(claim(imds.address)) == {"rsa2048": "MIAGCSqG\nSIb3DQEH"}
        assert imds.requests[0][0] == "PUT"


def test_instance_without_a_document_has_no_proof() -> None:
    with FakeImds() as imds, pytest.raises(IdentityError, match="no signed identity document"):
        IDENTITY.evidence(claim(imds.address))


@pytest.mark.parametrize("content", [b"x" * 20_000, "é".encode()])
def test_invalid_documents_are_not_sent(content: bytes) -> None:
    with FakeImds({**DOCUMENTS, PATH: content}) as imds, pytest.raises((IdentityError, MetadataError)):
        IDENTITY.evidence(claim(imds.address))


def test_no_proof_outside_ec2() -> None:
    with pytest.raises(MetadataError, match="no EC2 instance metadata service"):
        IDENTITY.evidence(claim(None))
