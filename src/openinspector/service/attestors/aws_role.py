"""The role of an EC2 instance. The agent signs a request to STS, the service sends it, and STS identifies the signer.

The service builds the request from region, date, token and authorization; it never forwards a request that a client
wrote (CVE-2020-16250, CVE-2022-2385). When EC2 assumes a role for an instance, the session's name is the instance id.
Anyone else who may assume the role can choose that name, so only roles that the operator lists are trusted.
"""

import re
from datetime import timedelta
from typing import Final
from xml.etree import ElementTree as ET

from openinspector.model.agent import AgentId
from openinspector.model.errors import WireError
from openinspector.service.app.attestation import Attestor, InstanceProof, Shown, Trust, refuse
from openinspector.wire.caller_identity import CallerIdentityRequest

MAX_AGE: Final = timedelta(minutes=5)
MAX_REPLY_BYTES: Final = 16 * 1024
_EVIDENCE: Final = frozenset({"region", "date", "token", "authorization", "server"})
_XML: Final = "{https://sts.amazonaws.com/doc/2011-06-15/}"
_ARN: Final = re.compile(
    r"arn:(?:aws|aws-cn|aws-us-gov):sts::(?P<account>[0-9]{12}):assumed-role"
    r"/(?P<role>[\w+=,.@-]{1,64})/(?P<instance>i-[0-9a-f]{8,17})",
    re.ASCII,
)
_USER_ID: Final = re.compile(r"AROA[A-Z0-9]{12,28}:(?P<instance>i-[0-9a-f]{8,17})", re.ASCII)


def attest(shown: Shown, trust: Trust) -> InstanceProof:
    """Ask STS who signed the request and return the instance."""
    evidence = shown.evidence
    if frozenset(evidence) != _EVIDENCE or trust.caller_identity is None:
        refuse("the evidence of a role must be region, date, token, authorization and server", "Update the agent.")
    if evidence["server"] not in trust.server_names:
        refuse("the request was signed for another service", "Enrol at one of OPENINSPECTOR_SERVER_NAMES.")
    try:
        request = CallerIdentityRequest(
            region=evidence["region"],
            date=evidence["date"],
            token=evidence["token"],
            key_id=shown.key_id,
            nonce=shown.nonce,
            server=evidence["server"],
        )
        request.check_authorization(evidence["authorization"])
        if abs(shown.now - request.signed_at()) > MAX_AGE:
            refuse("the request to STS was not signed within five minutes of now", "Set the host's clock.")
    except WireError as error:
        refuse(str(error))
    reply = trust.caller_identity.ask(request, evidence["authorization"])
    if reply is None:
        refuse(
            "STS does not accept the signature", "Check that the credentials of the instance's role are still valid."
        )
    return _instance(reply, request.region, trust)


def _instance(reply: bytes, region: str, trust: Trust) -> InstanceProof:
    caller = read_caller(reply)
    arn, user = (form.fullmatch(caller.get(name, "")) for form, name in ((_ARN, "Arn"), (_USER_ID, "UserId")))
    if arn is None or user is None or arn["instance"] != user["instance"] or arn["account"] != caller.get("Account"):
        refuse("the signer is not the role of an EC2 instance", "Give the instance a role, or enrol with a token.")
    if arn["role"] not in trust.roles:
        refuse(f"the role {arn['role']} is not trusted by this service", "See OPENINSPECTOR_AWS_ROLES.")
    return InstanceProof(instance_id=AgentId(arn["instance"]), account=arn["account"], region=region)


def read_caller(reply: bytes) -> dict[str, str]:
    """Return the members of a GetCallerIdentity response; empty if the bytes are anything else. Raises nothing.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    # Without "<!" there is no document type, so no entity to expand. STS never sends one.
    if len(reply) > MAX_REPLY_BYTES or b"<!" in reply:
        return {}
    try:
        text = reply.decode("utf-8")
        root = ET.fromstring(text)  # noqa: S314 - bounded, and no entity can be declared
    except (ET.ParseError, ValueError):
        return {}
    results = root.findall(f"{_XML}GetCallerIdentityResult")
    if root.tag != f"{_XML}GetCallerIdentityResponse" or len(results) != 1:
        return {}
    names = [member.tag.removeprefix(_XML) for member in results[0]]
    if sorted(names) != ["Account", "Arn", "UserId"]:
        return {}
    return {name: member.text or "" for name, member in zip(names, results[0], strict=True)}


ATTESTOR: Final = Attestor(name="aws_role", title="Role of an EC2 instance, by STS", attest=attest)
