from pathlib import Path

from openinspector.feed import Document
from openinspector.feeds.azurelinux import FEED
from openinspector.model.advisory import PackageKind
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "azurelinux"


class TestAzureLinuxFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_a_definition_is_about_a_source_of_the_documents_release() -> None:
    (advisory,) = Golden(FEED, DATA).advisories
    assert advisory.vulnerabilities == ("CVE-2026-0001",)
    (fix,) = advisory.fixes
    assert (fix.target.stream, fix.target.kind, fix.version) == ("azurelinux:3.0", PackageKind.SOURCE, "2.0-3.azl3")
