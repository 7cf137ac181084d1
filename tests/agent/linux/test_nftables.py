from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.linux import nftables
from openinspector.agent.linux.netlink_attribute import attributes, render_attribute

KINDS = (nftables.NEW_CHAIN, nftables.NEW_RULE, nftables.NEW_SET, nftables.NEW_SET_ELEMENTS)
NAMES = ("meta", "ct", "cmp", "bitwise", "payload", "lookup", "immediate", "reject", "match", "target", "limit")


def nested(depth: int) -> st.SearchStrategy[bytes]:
    value = st.binary(max_size=12) if depth == 0 else st.one_of(st.binary(max_size=12), nested(depth - 1))
    return st.lists(st.tuples(st.integers(0, 12), value), max_size=4).map(
        lambda parts: b"".join(render_attribute(kind, content) for kind, content in parts)
    )


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.one_of(st.binary(max_size=64), nested(4))), max_size=8))
def test_whatever_the_kernel_tells_is_no_crash(messages: list[tuple[int, bytes]]) -> None:
    described = list(nftables.parse(tuple(messages)))
    assert len(described) == sum(kind != nftables.NEW_SET_ELEMENTS for kind, _ in messages)
    for kind, payload in messages:
        nftables.elements_request(kind, payload)


@given(st.sampled_from(NAMES), nested(3))
def test_whatever_an_expression_holds_is_no_crash(name: str, content: bytes) -> None:
    expression = render_attribute(1, render_attribute(1, name.encode() + b"\0") + render_attribute(2, content))
    rule = bytes(4) + render_attribute(4, expression)
    assert list(nftables.parse(((nftables.NEW_RULE, rule),)))


@given(st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=20))))
def test_attributes_are_read_as_they_are_written(parts: list[tuple[int, bytes]]) -> None:
    assert list(attributes(b"".join(render_attribute(kind, value) for kind, value in parts))) == parts


def test_only_of_anonymous_sets_the_elements_are_asked_for() -> None:
    head = b"\x02\0\0\0" + render_attribute(1, b"t\0") + render_attribute(2, b"s\0")
    anonymous = head + render_attribute(3, b"\0\0\0\x03")
    named = head + render_attribute(3, b"\0\0\0\x10")
    assert nftables.elements_request(nftables.NEW_SET, anonymous) == head
    assert nftables.elements_request(nftables.NEW_SET, named) is None
    assert nftables.elements_request(nftables.NEW_RULE, anonymous) is None
