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
def test_the_evidence_is_the_signed_document_and_nothing_beside_it(speaks: Speaks) -> None:
    with FakeImds({**DOCUMENTS, PATH: b"MIAGCSqG\nSIb3DQEH\n"}, speaks) as imds:
        assert IDENTITY.evidence(claim(imds.address)) == {"rsa2048": "MIAGCSqG\nSIb3DQEH"}
        assert imds.requests[0][0] == "PUT"


def test_an_instance_without_the_document_has_no_such_proof() -> None:
    with FakeImds() as imds, pytest.raises(IdentityError, match="no signed identity document"):
        IDENTITY.evidence(claim(imds.address))


@pytest.mark.parametrize("content", [b"x" * 20_000, "é".encode()])
def test_what_is_no_document_is_not_sent(content: bytes) -> None:
    with FakeImds({**DOCUMENTS, PATH: content}) as imds, pytest.raises((IdentityError, MetadataError)):
        IDENTITY.evidence(claim(imds.address))


def test_elsewhere_there_is_no_such_proof() -> None:
    with pytest.raises(MetadataError, match="no EC2 instance metadata service"):
        IDENTITY.evidence(claim(None))
