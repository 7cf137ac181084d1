from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.linux import nftables
from openinspector.agent.linux.netlink_attribute import attributes, render_attribute
from openinspector.model.configuration import FirewallSet

KINDS = (nftables.NEW_CHAIN, nftables.NEW_RULE, nftables.NEW_SET, nftables.NEW_SET_ELEMENTS)
NAMES = ("meta", "ct", "cmp", "bitwise", "payload", "lookup", "immediate", "reject", "match", "target", "limit")


def nested(depth: int) -> st.SearchStrategy[bytes]:
    value = st.binary(max_size=12) if depth == 0 else st.one_of(st.binary(max_size=12), nested(depth - 1))
    return st.lists(st.tuples(st.integers(0, 12), value), max_size=4).map(
        lambda parts: b"".join(render_attribute(kind, content) for kind, content in parts)
    )


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.one_of(st.binary(max_size=64), nested(4))), max_size=8))
def test_any_message_is_parsed(messages: list[tuple[int, bytes]]) -> None:
    described = list(nftables.parse(tuple(messages)))
    assert len(described) == sum(kind != nftables.NEW_SET_ELEMENTS for kind, _ in messages)
    for kind, payload in messages:
        nftables.elements_request(kind, payload)


@given(st.sampled_from(NAMES), nested(3))
def test_any_expression_is_rendered(name: str, content: bytes) -> None:
    expression = render_attribute(1, render_attribute(1, name.encode() + b"\0") + render_attribute(2, content))
    rule = bytes(4) + render_attribute(4, expression)
    assert list(nftables.parse(((nftables.NEW_RULE, rule),)))


@given(st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=20))))
def test_attributes_are_read_as_they_were_written(parts: list[tuple[int, bytes]]) -> None:
    assert list(attributes(b"".join(render_attribute(kind, value) for kind, value in parts))) == parts


SET_NAME = b"\x02\0\0\0" + render_attribute(1, b"t\0") + render_attribute(2, b"s\0")


def nft_set(flags: int) -> tuple[int, bytes]:
    return nftables.NEW_SET, SET_NAME + render_attribute(3, flags.to_bytes(4, "big"))


def elements(*parts: bytes) -> tuple[int, bytes]:
    listed = b"".join(render_attribute(1, part) for part in parts)
    return nftables.NEW_SET_ELEMENTS, SET_NAME + render_attribute(3, listed)


def value(kind: int, data: bytes) -> bytes:
    return render_attribute(kind, render_attribute(1, data))


def only_set(*messages: tuple[int, bytes]) -> FirewallSet:
    (found,) = nftables.parse(messages)
    assert isinstance(found, FirewallSet)
    return found


def test_the_elements_of_every_set_are_asked_for() -> None:
    for flags in (0x1, 0x10, 0x8):
        assert nftables.elements_request(*nft_set(flags)) == SET_NAME
    assert nftables.elements_request(nftables.NEW_RULE, SET_NAME) is None


def test_a_map_has_its_data() -> None:
    verdict = render_attribute(2, render_attribute(2, render_attribute(1, b"\0\0\0\1")))
    key = b"\x16\0\0\x16"
    found = only_set(nft_set(0x8), elements(value(1, key) + verdict, value(1, key) + value(2, key)))
    assert found.is_map
    assert found.elements == ("0x16000016 : accept", "0x16000016 : 0x16000016")


def test_ranges_intervals_and_other_elements() -> None:
    key, end = b"\x16\0\0\x16", b"\x17\0\0\x17"
    flag = [render_attribute(3, number.to_bytes(4, "big")) for number in (1, 2)]
    found = only_set(nft_set(0), elements(value(1, key) + value(10, end), value(1, key) + flag[0], flag[1]))
    assert found.elements == ("0x16000016 - 0x17000017", "0x16000016 end", "*")
    assert not found.is_map


def test_truncated_set_is_marked() -> None:
    many = elements(*([value(1, bytes(4))] * (nftables.MAX_ELEMENTS + 1)))
    assert nftables.element_count(many[1]) == nftables.MAX_ELEMENTS + 1
    found = only_set(nft_set(0), many)
    assert (len(found.elements), found.is_complete) == (nftables.MAX_ELEMENTS, False)
    assert only_set(nft_set(0), elements(value(1, bytes(4)))).is_complete
    assert only_set(nft_set(0)).is_complete
    assert not only_set(nft_set(0), (nftables.ELEMENTS_NOT_READ, SET_NAME)).is_complete
