from pathlib import Path

from openinspector.feed import Document, Source
from openinspector.feeds.updateinfo import FEED
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "updateinfo"


class TestUpdateinfoFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_publisher_is_derived_from_the_update() -> None:
    found = Golden(FEED, DATA)
    assert {advisory.id: advisory.fixes[0].target.stream for advisory in found.advisories} == {
        "ALSA-2026:0001": "almalinux:9",
        "ELSA-2026-0002": "ol:9",
        "SUSE-SLE-Module-Basesystem-15-SP5-2026-3": "sles:15.5",
    }
    assert [one.entry for one in found.unparsed] == ["NOBODY-2026-4"]


def test_older_of_two_module_contexts_is_the_fix() -> None:
    (fix,) = Golden(FEED, DATA).advisory("ALSA-2026:0001").fixes
    assert (fix.target.module, fix.version) == ("nodejs:18", "1:18.20.2-1.module_el9.3.0+90+aaaaaaaa")


def test_a_build_for_fips_is_of_that_flavour() -> None:
    assert {fix.target.flavour for fix in Golden(FEED, DATA).advisory("ELSA-2026-0002").fixes} == {"fips"}


def test_a_repository_with_mirrors_alone_leads_to_its_index() -> None:
    listed = b"https://a.example/os/\nhttps://b.example/os/\n"
    document = Document(source=Source(name="appstream/mirrors", url="https://mirrors.example/?repo=x"), content=listed)
    (index,) = FEED.follow(document)
    assert (index.name, index.url, index.mirrors) == (
        "appstream/repomd.xml",
        "https://a.example/os/repodata/repomd.xml",
        ("https://b.example/os/repodata/repomd.xml",),
    )
    assert list(FEED.parse([document])) == []
