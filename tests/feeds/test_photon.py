from pathlib import Path

from openinspector.feed import Document, Source
from openinspector.feeds.photon import FEED
from openinspector.model.advisory import Advisory, FixState
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "photon"


class TestPhotonFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_statements() -> None:
    found = Golden(FEED, DATA)
    advisory = found.advisory("CVE-2026-0001")
    assert [(fix.target.stream, fix.version) for fix in advisory.fixes] == [("photon:5.0", "2.0-1.ph5")]
    assert [one.state for one in advisory.statuses] == [FixState.NOT_AFFECTED]
    assert found.advisory("BDSA-2026-0003").vulnerabilities == ()
    assert [one.entry for one in found.unparsed] == ["CVE-2026-0002 widget", "UNK-1 widget", "Re linux", "entry 7"]
    assert [(one.id, one.scores[0].base) for one in found.vulnerabilities] == [("CVE-2026-0001", 7.5)]


def test_entries_of_2025_without_a_status_and_with_ids_in_lower_case_are_fixes() -> None:
    """https://github.com/vmware/photon/issues/1612."""
    entry = b'[{"cve_id": "cve-2024-7592", "pkg": "python3-libs", "cve_score": 7.5, "res_ver": "3.11.9-4.ph5"}]'
    document = Document(source=Source(name="cve_data_photon5.0.json", url="https://feed.example/x"), content=entry)
    (advisory,) = (one for one in FEED.parse([document]) if isinstance(one, Advisory))
    assert advisory.vulnerabilities == ("CVE-2024-7592",)
    assert [fix.version for fix in advisory.fixes] == ["3.11.9-4.ph5"]
