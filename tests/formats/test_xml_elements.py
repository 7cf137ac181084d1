import contextlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.formats.xml_elements import MAX_DEPTH, Element, XmlError, elements

BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a><r>&c;&c;</r></a>'
EXTERNAL = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><r>&x;</r></a>'


def read(content: bytes) -> list[Element]:
    return list(elements(content, {"r"}))


def test_records_with_attributes_children_and_text() -> None:
    first, second = read(b'<a xmlns:n="urn:n"><r n:id="1"><c>x</c><c>y</c><d><c>z</c></d></r><r/><other/></a>')
    assert first.get("id") == "1"
    assert [child.text for child in first.all("c")] == ["x", "y"]
    assert [found.text for found in first.descendants("c")] == ["x", "y", "z"]
    assert (first.text_of("c"), first.text_of("none"), second.children) == ("x", "", [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BOMB, "document type declaration"),
        (EXTERNAL, "document type declaration"),
        (b"<a><r>", "line 1, column 6"),
        (b"<a><r></a>", "mismatched tag"),
        (b"<a><r>&nbsp;</r></a>", "undefined entity"),
        (b"<a>" * (MAX_DEPTH + 1), "nested deeper"),
        (b"", "no element found"),
        (b"\xff\xfe\x00", "line 1"),
        (b"<a><r>\xff</r></a>", "not well-formed"),
    ],
)
def test_rejects_unsafe_and_malformed_documents(content: bytes, reason: str) -> None:
    with pytest.raises(XmlError, match=reason):
        read(content)


def test_endless_text_is_refused_within_bounded_memory() -> None:
    content = b"<a><r>" + b"x" * (40 * 1024 * 1024) + b"</r></a>"
    tracemalloc.start()
    try:
        with pytest.raises(XmlError, match="characters of text"):
            read(content)
        assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    with contextlib.suppress(XmlError):
        read(b"<a>" + content)
