import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.advisory import Advisory, Fix, FixState, PackageKind, Status, Target, Vulnerability
from openinspector.model.errors import StoreError
from openinspector.service.stores.advisory_blob import (
    BlobPart,
    decode_parts,
    decode_vulnerabilities,
    encode_parts,
    encode_vulnerabilities,
)

texts = st.text(max_size=4)
targets = st.builds(
    Target,
    stream=st.just("rhel:9"),
    kind=st.sampled_from(PackageKind),
    name=texts,
    module=texts,
    architectures=st.lists(texts, max_size=2).map(tuple),
    flavour=texts,
)
advisories = st.builds(
    Advisory,
    id=texts,
    feed=st.just("redhat"),
    vulnerabilities=st.lists(texts, max_size=2).map(tuple),
    fixes=st.lists(st.builds(Fix, target=targets, version=texts, introduced=texts), max_size=3).map(tuple),
    statuses=st.lists(
        st.builds(Status, target=targets, state=st.sampled_from(FixState), vulnerability=texts, word=texts), max_size=3
    ).map(tuple),
    summary=texts,
)
parts = st.lists(
    st.builds(BlobPart, document=st.integers(0, 3), place=st.integers(0, 3), advisory=advisories), max_size=5
)


@given(parts)
def test_parts_round_trip(given_parts: list[BlobPart]) -> None:
    assert list(decode_parts(encode_parts(given_parts))) == given_parts


@given(parts)
def test_parts_of_some_documents_are_left_out(given_parts: list[BlobPart]) -> None:
    kept = [part for part in given_parts if part.document not in (1, 2)]
    assert list(decode_parts(encode_parts(given_parts), without={1, 2})) == kept


def test_equal_targets_and_lists_of_fixes_are_one_object() -> None:
    def fixes() -> tuple[Fix, ...]:
        return (Fix(target=Target(stream="rhel:9", kind=PackageKind.BINARY, name="widget"), version="1"),)

    given_parts = [
        BlobPart(
            document=number,
            place=0,
            advisory=Advisory(id=f"R-{number}", feed="redhat", vulnerabilities=(), fixes=fixes()),
        )
        for number in range(2)
    ]
    first, second = decode_parts(encode_parts(given_parts))
    assert first.advisory.fixes is second.advisory.fixes


def test_vulnerabilities_round_trip() -> None:
    rows = [(1, Vulnerability(id="CVE-2026-0001", cwes=("CWE-1",)))]
    assert decode_vulnerabilities(encode_vulnerabilities(rows)) == rows


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        zstandard.compress(b"x"),
        zstandard.compress(msgspec.msgpack.encode([[], [], [], [], [[0, 0, 9, [], 0, 0]]])),
    ],
)
def test_damage_is_an_error_with_advice(content: bytes) -> None:
    with pytest.raises(StoreError, match="damaged"):
        list(decode_parts(content))
