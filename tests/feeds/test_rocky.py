from pathlib import Path

from openinspector.feed import Document
from openinspector.feeds.rocky import FEED
from openinspector.model.advisory import NOT_MODULAR, Restart
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "rocky"


class TestRockyFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_modules_come_from_modules_yaml() -> None:
    found = Golden(FEED, DATA)
    (fix,) = found.advisory("RLSA-2026:0002").fixes
    assert (fix.target.module, fix.version) == ("gadget:10.5", "3:10.5-2.module+el9.1.0+1+aaaaaaaa")
    assert [(one.entry, one.reason) for one in found.unparsed] == [
        ("RLSA-2026:0002 orphan", "a build of a module that no document names")
    ]


def test_uninstallable_packages_are_dropped_and_architectures_joined() -> None:
    fixes = Golden(FEED, DATA).advisory("RLSA-2026:0001").fixes
    assert [(fix.target.name, fix.target.architectures, fix.version) for fix in fixes] == [
        ("widget", ("i686", "x86_64"), "2.0-3.el9_2"),
        ("widget-doc", (), "1:2.0-3.el9_2"),
    ]
    assert {fix.target.module for fix in fixes} == {NOT_MODULAR}


def test_the_hint_to_reboot_is_kept() -> None:
    assert Golden(FEED, DATA).advisory("RLSA-2026:0001").restart is Restart.REBOOT


def test_bug_fix_without_a_cve_is_skipped() -> None:
    assert "RLBA-2026:0003" not in {advisory.id for advisory in Golden(FEED, DATA).advisories}
