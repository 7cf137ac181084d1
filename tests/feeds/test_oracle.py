from pathlib import Path

from openinspector.feed import Document
from openinspector.feeds.oracle import FEED
from openinspector.model.advisory import NOT_MODULAR
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "oracle"


class TestOracleFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_criteria_become_fixes_with_flavour_module_and_architecture() -> None:
    found = Golden(FEED, DATA)
    assert [
        (fix.target.name, fix.target.module, fix.target.flavour, fix.target.architectures, fix.version)
        for fix in found.advisory("ELSA-2026-0001").fixes
    ] == [
        ("widget", NOT_MODULAR, "", ("aarch64", "noarch", "x86_64"), "1:2.0-3.el8"),
        ("glibc", NOT_MODULAR, "ksplice", ("noarch", "x86_64"), "2:2.28-164.0.1.ksplice1.el8"),
        ("gadget", "gadget:3", "", (), "3.0-1.module+el8.7.0+1+aaaaaaaa"),
    ]
    assert {fix.target.stream for fix in found.advisory("ELSA-2026-0001").fixes} == {"ol:8"}


def test_scores_come_from_an_attribute() -> None:
    (vulnerability,) = Golden(FEED, DATA).vulnerabilities
    assert [(score.base, score.version, score.origin) for score in vulnerability.scores] == [(7.8, "3.1", "oracle")]
