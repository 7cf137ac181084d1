from pathlib import Path

import pytest

from openinspector.feed import Document
from openinspector.feeds.suse import FEED, stream
from openinspector.model.advisory import Fix, FixState
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "suse"


class TestSuseFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_recommended_means_fixed_and_a_service_pack_is_one_stream() -> None:
    found = Golden(FEED, DATA)
    statements = {
        (one.target.stream, one.target.name, one.version if isinstance(one, Fix) else one.state)
        for advisory in found.advisories
        for one in advisory.statements
    }
    assert statements == {
        ("sles:15.5", "widget", "2.0+git.339.acf1-150500.3.1"),
        ("opensuse-leap:15.5", "widget", "2.0+git.339.acf1-150500.3.1"),
        ("sles:15.3", "widget", FixState.OPEN),
        ("sles:15.0", "widget", FixState.NOT_AFFECTED),
    }


@pytest.mark.parametrize(
    ("cpe", "expected"),
    [
        ("cpe:/o:suse:sles:12:sp5", "sles:12.5"),
        ("cpe:/o:suse:suse_sles_ltss:11:sp4", "sles:11.4"),
        ("cpe:/o:suse:sles_sap:15:sp3", "sles:15.3"),
        ("cpe:/o:suse:sle-module-web-scripting:15:sp4", "sles:15.4"),
        ("cpe:/o:suse:sle_hpc-espos:15:sp3", "sles:15.3"),
        ("cpe:/o:suse:sle-micro:5.5", "sle-micro:5.5"),
        ("cpe:/o:suse:sl-micro:6.0", "sl-micro:6.0"),
        ("cpe:/o:suse:sles:16.0", "sles:16.0"),
        ("cpe:/o:suse:sles:16:16.0:server", "sles:16.0"),
        ("cpe:/o:suse:sles:15", "sles:15.0"),
        ("cpe:/o:suse:sles-bcl:12:sp3", "sles:12.3"),
        ("cpe:/o:suse:sles_bcl:15:sp1", "sles:15.1"),
        ("cpe:/o:suse:sles-ltss-extended-security:12:sp5", "sles:12.5"),
        ("cpe:/o:suse:sle_rt:15:sp3", "sles:15.3"),
        ("cpe:/o:suse:suse-linux-enterprise-rt:12:sp5", "sles:12.5"),
        ("cpe:/o:suse:sle-live-patching:15:sp1", "sles:15.1"),
        ("cpe:/o:suse:packagehub:15:sp3", "sles:15.3"),
        ("cpe:/o:suse:suse-microos:5.2", "sle-micro:5.2"),
        ("cpe:/o:suse:sle-micro-rancher:5.2", "sle-micro:5.2"),
        ("cpe:/o:opensuse:leap-micro:5.2", "opensuse-leap-micro:5.2"),
        ("cpe:/o:opensuse:leap:42.3", "opensuse-leap:42.3"),
        ("cpe:/o:suse:sles:11:sp1:teradata", ""),
        ("cpe:/o:suse:sles_ltss_teradata:12:sp3", ""),
        ("cpe:/o:suse:sle" + "-module" * 1000 + "!:15", ""),
        ("cpe:/o:redhat:sles:15", ""),
        ("cpe:", ""),
        ("cpe:/o:opensuse:tumbleweed", "opensuse-tumbleweed:"),
        ("cpe:/o:suse:sles_teradata:12:sp3", ""),
        ("cpe:/o:suse:suse-manager-server:4.2", ""),
    ],
)
def test_stream(cpe: str, expected: str) -> None:
    assert stream(cpe, "") == expected
