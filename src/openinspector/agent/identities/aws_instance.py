"""The EC2 instance identity document, signed with RSA-2048, from the metadata service.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-rsa2048.html
"""

from typing import Final

from openinspector.agent.cloud.instance_metadata import MetadataConversation
from openinspector.agent.identity import Identity, IdentityClaim, IdentityError

PATH: Final = "/latest/dynamic/instance-identity/rsa2048"
MAX_CHARACTERS: Final = 11_000


def evidence(claim: IdentityClaim) -> dict[str, str]:
    """Return the signed document. Raises MetadataError off EC2, and IdentityError if the document is absent."""
    text = MetadataConversation(claim.host).text(PATH)
    if not text or len(text) > MAX_CHARACTERS:
        raise IdentityError("the metadata service has no signed identity document of this instance")
    return {"rsa2048": text}


IDENTITY: Final = Identity(name="aws_instance", title="EC2 instance identity document", evidence=evidence)
