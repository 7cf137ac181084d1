from pathlib import Path

from openinspector.feed import Document
from openinspector.feeds.ubuntu import FEED
from openinspector.model.advisory import Fix, FixState
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "ubuntu"


class TestUbuntuFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def stated(identity: str) -> set[tuple[str, str, str]]:
    return {
        (one.target.stream, one.target.name, one.version if isinstance(one, Fix) else one.state)
        for one in Golden(FEED, DATA).advisory(identity).statements
    }


def test_each_archive_is_a_stream() -> None:
    assert stated("CVE-2026-0001") == {
        ("ubuntu:20.04+esm-infra", "widget", "1.0-1ubuntu1+esm1"),
        ("ubuntu:22.04", "widget", "2.0-1ubuntu0.1"),
        ("ubuntu:22.04+fips-updates", "widget", "2.0-1ubuntu0.1+Fips1"),
        ("ubuntu:14.04+esm-infra", "widget", FixState.OPEN),
    }


def test_builds_for_fips_are_a_flavour() -> None:
    flavours = {fix.target.stream: fix.target.flavour for fix in Golden(FEED, DATA).advisory("CVE-2026-0001").fixes}
    assert flavours["ubuntu:22.04+fips-updates"] == "fips"
    assert flavours["ubuntu:22.04"] == ""


def test_sentences_become_states() -> None:
    assert stated("VEX-CVE-2026-0001") == {
        ("ubuntu:16.04", "widget", FixState.END_OF_LIFE),
        ("ubuntu:22.04", "gadget", FixState.WONT_FIX),
        ("ubuntu:24.04", "gadget", FixState.OPEN),
        ("ubuntu:16.04+esm-infra", "widget", FixState.NOT_AFFECTED),
        ("ubuntu:24.04", "other", FixState.UNDER_INVESTIGATION),
    }


def test_unparsed_entries_are_counted() -> None:
    assert [one.reason for one in Golden(FEED, DATA).unparsed] == [
        "a statement with status 'pondered'",
        "a range of widget is not understood",
        "no package of Ubuntu: Ubuntu:Snap widget",
    ]
