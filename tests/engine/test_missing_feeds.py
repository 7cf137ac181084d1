"""An absent feed is an exclusion, never "no vulnerabilities"."""

import pytest

from openinspector.engine.not_assessed import without_own_feed
from openinspector.engine.rule import Detected, RuleContext, Unable
from openinspector.model.advisory import Advisory, PackageKind
from openinspector.model.inventory import PackageManager
from openinspector.rules.common_vulnerabilities.known_vulnerabilities import RULE
from openinspector.testing.match_builders import advisory, fix, host, index, installed, status

BASH = installed("bash", "5.1.8-6.el9", manager=PackageManager.RPM)
NOTICE = "itself is loaded"


def stated(stream: str) -> Advisory:
    return advisory("CVE-2026-0001", fix("openssl", "3.0.7-99.el9", stream=stream, kind=PackageKind.BINARY))


def notes(distribution: str, *streams: str) -> str:
    found = without_own_feed(host([BASH], distribution=distribution), index(*map(stated, streams)))
    return found.reason if found else ""


@pytest.mark.parametrize(
    ("distribution", "streams"),
    [
        ("almalinux:9.4", ("rhel:9",)),
        ("rocky:9.4", ("rhel:9", "epel:9")),
        ("rhel:9.2", ("rhel:9.2+eus",)),
        ("amzn:2", ("amzn:2+nginx1",)),
    ],
)
def test_a_host_whose_own_feed_is_absent_is_excluded_from_what_it_would_report(
    distribution: str, streams: tuple[str, ...]
) -> None:
    assert NOTICE in notes(distribution, *streams)
    own = {"almalinux:9.4": "almalinux:9", "rocky:9.4": "rocky:9", "rhel:9.2": "rhel:9", "amzn:2": "amzn:2"}
    assert NOTICE not in notes(distribution, own[distribution], *streams)


@pytest.mark.parametrize(
    ("distribution", "stream"), [("ubuntu:14.04", "ubuntu:14.04+esm-infra"), ("centos:9", "rhel:9")]
)
def test_distributions_that_state_nothing_lack_nothing(distribution: str, stream: str) -> None:
    assert NOTICE not in notes(distribution, stream)


@pytest.mark.parametrize("loaded", [(), (stated("debian:12"),)])
def test_a_distribution_without_advisories_is_an_exclusion(loaded: tuple[Advisory, ...]) -> None:
    outcome = RULE.evaluate(host([BASH], distribution="almalinux:9.4"), RuleContext(advisories=index(*loaded)))
    assert isinstance(outcome, Unable)
    assert "No advisory speaks of almalinux:9.4" in outcome.reason


def test_red_hats_findings_stay_where_the_own_feed_is_absent() -> None:
    source = status("bash", stream="rhel:9")
    outcome = RULE.evaluate(
        host([BASH], distribution="almalinux:9.4"), RuleContext(advisories=index(advisory("CVE-2026-0002", source)))
    )
    assert isinstance(outcome, Detected)
    assert [one.subject for one in outcome.detections] == ["CVE-2026-0002"]
    assert outcome.unfinished is not None
    assert NOTICE in outcome.unfinished.reason
