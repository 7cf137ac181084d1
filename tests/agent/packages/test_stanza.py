import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.packages.stanza import MAX_BROKEN, has_words, stanzas
from openinspector.agent.sensor import Incomplete
from openinspector.agent.sensors import apk, dpkg

MEBIBYTE = 2**20


@given(st.text("a\n\r ", max_size=40).map(str.encode))
def test_stanzas_agree_with_splitting(data: bytes) -> None:
    found = [data[start:end].strip(b"\n") for start, end in stanzas(data) if has_words(data, start, end)]
    assert found == [part.strip(b"\n") for part in data.split(b"\n\n") if part.strip()]


def peak(parse: str, data: bytes) -> int:
    """Return the most bytes that reading ``data`` took beside ``data`` itself."""
    tracemalloc.start()
    try:
        for _ in {"dpkg": dpkg.parse, "apk": apk.parse}[parse](data):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_database_is_read_without_copies() -> None:
    for line in (b"\n", b"Source:\n", b"A:\n", b"x\n"):
        data = line * (4 * MEBIBYTE // len(line))
        for parse in ("dpkg", "apk"):
            # Threads that earlier tests left behind are measured too: one reading of three has to be small.
            assert any(peak(parse, data) < MEBIBYTE for _ in range(3)), (parse, line)


def test_rejects_other_data_early() -> None:
    data = b"x\n\n" * (MAX_BROKEN + 5)
    for parse in (dpkg.parse, apk.parse):
        reported = [item.reason for item in parse(data) if isinstance(item, Incomplete)]
        assert "was not read further" in reported[0]
        assert reported[1].endswith(f": {MAX_BROKEN + 1}.")
