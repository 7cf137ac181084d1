"""Ids are replaced consistently and everything else stays."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from openinspector.network.aws.document import SnapshotDocument
from openinspector.network.pseudonym import pseudonymous
from openinspector.network.snapshot import ReadGap, Snapshot, snapshot_of

_OWN, _OTHER = "481516234200", "998877665544"
_ONE, _TWO = "i-0f00f00f00f00f00f", "i-0a1b2c3d"
_NOW = datetime(2026, 11, 30, tzinfo=UTC)
_RESERVATIONS = f"""{{"Reservations": [{{"OwnerId": "{_OWN}", "Instances": [
  {{"InstanceId": "{_ONE}", "PrivateIpAddress": "10.0.0.1", "Tags": [{{"Key": "Ticket", "Value": "12345678901234"}}]}},
  {{"InstanceId": "{_TWO}", "IamInstanceProfile": {{"Arn": "arn:aws:iam::{_OWN}:instance-profile/web"}}}}]}}]}}"""
_GROUPS = f"""{{"SecurityGroups": [{{"GroupId": "sg-0f00f00f00f00f00f", "OwnerId": "{_OWN}",
  "IpPermissions": [{{"UserIdGroupPairs": [{{"UserId": "{_OTHER}", "GroupId": "sg-1"}}]}}]}}]}}"""


def _document(operation: str, content: str, account: str = _OWN, subject: str = "") -> SnapshotDocument:
    return SnapshotDocument(
        account=account, region="eu-west-1", operation=operation, subject=subject, content=content.encode()
    )


def _snapshot() -> Snapshot:
    balancer = f"arn:aws:elasticloadbalancing:eu-west-1:{_OWN}:loadbalancer/app/front/1"
    return snapshot_of(
        [
            _document("ec2-describe-instances", _RESERVATIONS),
            _document("ec2-describe-security-groups", _GROUPS),
            _document(
                "elbv2-describe-listeners", f'{{"Listeners": [{{"LoadBalancerArn": "{balancer}"}}]}}', _OWN, balancer
            ),
        ],
        [
            ReadGap(
                account=_OTHER,
                reason=f"User: arn:aws:sts::{_OTHER}:assumed-role/x/y may not. "
                "Encoded authorization failure message: c2VjcmV0",
            )
        ],
        _NOW,
    )


def test_no_id_of_an_account_or_instance_is_left() -> None:
    written = pseudonymous(_snapshot())
    for old in (_OWN, _OTHER, _ONE, _TWO, "c2VjcmV0"):
        assert old not in repr(written), old


def test_one_id_has_one_replacement() -> None:
    written = pseudonymous(_snapshot())
    assert {one.account for one in written.documents} == {"000000000001"}
    assert written.gaps[0].account == "000000000002"
    by_operation = {one.operation: one for one in written.documents}
    groups = by_operation["ec2-describe-security-groups"].content
    assert b'"OwnerId": "000000000001"' in groups
    assert b'"UserId": "000000000002"' in groups
    assert ":000000000001:loadbalancer" in by_operation["elbv2-describe-listeners"].subject
    assert b"arn:aws:iam::000000000001:" in by_operation["ec2-describe-instances"].content


def test_other_ids_addresses_and_tags_stay() -> None:
    written = b"".join(one.content for one in pseudonymous(_snapshot()).documents)
    for kept in (b"sg-0f00f00f00f00f00f", b"10.0.0.1", b"12345678901234"):
        assert kept in written


def test_replacing_twice_changes_nothing_more() -> None:
    once = pseudonymous(_snapshot())
    assert pseudonymous(once) == once
    assert once.digest != _snapshot().digest


def test_ten_thousand_instances_are_replaced_in_one_pass() -> None:
    """A choice of all ids in one pattern took minutes."""
    ids = [f"i-0f{number:015x}" for number in range(10_000)]
    content = ",".join(f'{{"InstanceId": "{one}"}}' for one in ids)
    written = pseudonymous(snapshot_of([_document("ec2-describe-instances", content)], (), _NOW)).documents[0].content
    assert b"i-0f" not in written
    assert len(set(written.split(b","))) == len(ids)


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_any_bytes_are_survived(contents: list[bytes]) -> None:
    documents = [
        SnapshotDocument(account="net", region="r", operation=f"op-{number}", content=content)
        for number, content in enumerate(contents)
    ]
    written = pseudonymous(snapshot_of(documents, (), _NOW))
    assert [one.operation for one in written.documents] == [one.operation for one in documents]
