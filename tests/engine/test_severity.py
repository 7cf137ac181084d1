from dataclasses import replace

import pytest

from openinspector.engine.severity import deciding_score, severity_of, severity_of_score
from openinspector.model.advisory import Advisory, Priority, Score
from openinspector.model.finding import Severity


def score(base: float, *, version: str = "3.1", origin: str = "nvd") -> Score:
    return Score(version=version, base=base, vector="", origin=origin)


def named(feed: str, priority: Priority = Priority.UNSPECIFIED) -> Advisory:
    return Advisory(id="X-1", feed=feed, vulnerabilities=("CVE-2026-0001",), priority=priority)


@pytest.mark.parametrize(
    ("base", "severity"),
    [
        (10.0, Severity.HIGH),
        (7.0, Severity.HIGH),
        (6.9, Severity.MEDIUM),
        (4.0, Severity.MEDIUM),
        (3.9, Severity.LOW),
        (0.1, Severity.LOW),
        (0.0, Severity.INFORMATIONAL),
    ],
)
def test_bands_of_f6_15(base: float, severity: Severity) -> None:
    assert severity_of_score(base) is severity


def test_publisher_score_comes_first() -> None:
    scores = [score(9.8), score(5.0, origin="debian"), score(7.5, origin="cve")]
    assert severity_of([named("debian", Priority.HIGH)], scores) is Severity.MEDIUM
    assert severity_of([named("almalinux", Priority.LOW)], scores) is Severity.HIGH


def test_the_publishers_score_for_the_package_comes_before_its_score_for_the_cve() -> None:
    general = score(9.8, origin="redhat")
    release = replace(general, base=7.5, stream="rhel:9")
    package = replace(release, base=3.1, package="openssl")
    assert deciding_score([general, release, package], {"redhat"}) == package
    assert deciding_score([general, release], {"redhat"}) == release


def test_nvd_comes_before_the_cve_record_and_others() -> None:
    scores = [score(9.0, origin="other"), score(8.0, origin="cve"), score(5.0, origin="nvd")]
    assert deciding_score(scores, ()) == scores[2]
    assert deciding_score(scores[:2], ()) == scores[1]


def test_version_3_comes_before_4_and_2() -> None:
    scores = [score(9.0, version="2.0"), score(8.0, version="4.0"), score(3.0, version="3.0")]
    assert deciding_score(scores, ()) == scores[2]
    assert deciding_score(scores[:2], ()) == scores[1]


@pytest.mark.parametrize(
    ("words", "severity"),
    [
        ([Priority.HIGH], Severity.HIGH),
        ([Priority.LOW, Priority.MEDIUM], Severity.MEDIUM),
        ([Priority.UNSPECIFIED, Priority.NEGLIGIBLE], Severity.INFORMATIONAL),
        ([Priority.UNSPECIFIED], Severity.UNDEFINED),
        ([], Severity.UNDEFINED),
    ],
)
def test_highest_priority_decides_without_a_score(words: list[Priority], severity: Severity) -> None:
    assert severity_of([named("debian", word) for word in words], ()) is severity
