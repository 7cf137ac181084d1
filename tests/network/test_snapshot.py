"""A snapshot's digest depends on its documents alone, and packing loses nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.errors import ModelError
from openinspector.network.aws.document import SnapshotDocument
from openinspector.network.snapshot import ReadGap, Snapshot, pack_snapshot, snapshot_of, unpack_snapshot

_NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
_LATER = datetime(2026, 11, 30, 13, tzinfo=UTC)
_GAP = ReadGap(
    account="123456789012", region="eu-west-1", operation="ec2-describe-vpcs", reason="UnauthorizedOperation"
)
_words = st.text(max_size=5)
_documents = st.lists(
    st.builds(
        SnapshotDocument, account=_words, region=_words, operation=_words, subject=_words, content=st.binary(max_size=5)
    ),
    max_size=5,
    unique_by=lambda one: (one.account, one.region, one.operation, one.subject),
)


@given(_documents, st.randoms(use_true_random=False))
def test_order_of_documents_and_time_do_not_change_the_digest(
    documents: list[SnapshotDocument], random: object
) -> None:
    shuffled = list(documents)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = snapshot_of(documents, (), _NOW), snapshot_of(shuffled, (_GAP,), _LATER)
    assert one.digest == other.digest
    assert one.documents == other.documents


@given(_documents, _documents)
def test_other_documents_have_another_digest(left: list[SnapshotDocument], right: list[SnapshotDocument]) -> None:
    one, other = snapshot_of(left, (), _NOW), snapshot_of(right, (), _NOW)
    assert (one.digest == other.digest) == (one.documents == other.documents)


@given(_documents)
def test_archive_round_trip(documents: list[SnapshotDocument]) -> None:
    snapshot = snapshot_of(documents, (_GAP,), _NOW)
    assert unpack_snapshot(pack_snapshot(snapshot)) == snapshot


@given(st.binary(max_size=200))
def test_unpacking_other_bytes_is_a_model_error(packed: bytes) -> None:
    try:
        assert isinstance(unpack_snapshot(packed), Snapshot)
    except ModelError as error:
        assert "snapshot" in str(error)  # noqa: PT017 - other bytes may be a snapshot


def test_another_format_is_named() -> None:
    packed = pack_snapshot(snapshot_of((), (), _NOW)).replace(b"\xa6format\x01", b"\xa6format\x02")
    with pytest.raises(ModelError, match="format 2"):
        unpack_snapshot(packed)
