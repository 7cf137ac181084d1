from dataclasses import replace

import pytest

from openinspector.engine.evidence import render_evidence
from openinspector.engine.finding_text import body_attributes
from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.rule import Detected, Outcome, Passed, RuleContext, Unable
from openinspector.model.advisory import (
    Advisory,
    Exploitability,
    KnownExploit,
    PackageKind,
    Priority,
    RecordState,
    Score,
    Vulnerability,
)
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Severity
from openinspector.model.inventory import ContainerRoot, PackageManager, SensorState, SensorStatus
from openinspector.rules.common_vulnerabilities.known_vulnerabilities import RULE
from openinspector.testing.detection_texts import ReadDetection, read
from openinspector.testing.match_builders import AGENT, advisory, fix, host, index, installed, status, version_schemes

CVE = "CVE-2026-0001"
OPENSSL = installed("openssl", "3.0.15-1")
LIBSSL = installed("libssl3", "3.0.15-1", source=("openssl", "3.0.15-1"))
FIX = advisory(CVE, fix("openssl", "3.0.16-1"))
OLD = installed("linux-image-6.1.0-29-amd64", "6.1.123-1", source=("linux-signed-amd64", "6.1.123+1"))
NEW = installed("linux-image-6.1.0-32-amd64", "6.1.129-1", source=("linux-signed-amd64", "6.1.129+1"))
META = installed("linux-image-amd64", "6.1.129-1", source=("linux-signed-amd64", "6.1.129+1"))
UNAME = ("6.1.0-29-amd64", "#1 SMP Debian 6.1.123-1 (2025-01-02)")
KERNEL_FIX = advisory(CVE, fix("linux", "6.1.128-1"))


def judged(facts: HostFacts, *advisories: Advisory) -> Outcome:
    return RULE.evaluate(facts, RuleContext(advisories=index(*advisories)))


def detections(facts: HostFacts, *advisories: Advisory) -> tuple[ReadDetection, ...]:
    outcome = judged(facts, *advisories)
    assert isinstance(outcome, Detected)
    return tuple(map(read, outcome.detections))


def attributes(detection: ReadDetection) -> dict[str, str]:
    """Return attributes by key; several of one key are joined by a semicolon."""
    found: dict[str, str] = {}
    for attribute in detection.attributes:
        found[attribute.key] = "; ".join(filter(None, (found.get(attribute.key), attribute.value)))
    return found


def test_one_detection_for_a_host_and_cve() -> None:
    other = advisory("DSA-1-1", fix("openssl", "3.0.16-1"), feed="dsa")
    other = replace(other, vulnerabilities=(CVE, "CVE-2026-0002"))
    found = detections(host([OPENSSL, LIBSSL]), FIX, other)
    assert [item.rule_id for item in found] == [CVE, "CVE-2026-0002"]
    assert found[0].title == f"Instance {AGENT} is vulnerable to {CVE}"
    assert found[0].subject == CVE
    assert attributes(found[0]) == {
        "CVE_ID": CVE,
        "package_name": "libssl3; openssl",
        "package_version": "3.0.15-1; 3.0.15-1",
        "fixed_version": "3.0.16-1; 3.0.16-1",
        "ADVISORY_ID": "CVE-2026-0001; DSA-1-1",
        "ADVISORY_FEED": "debian; dsa",
        "VENDOR_PRIORITY": "UNSPECIFIED",
        "EXPOSURE": "INSTALLED",
    }


def test_recommendation_names_packages_versions_and_the_command() -> None:
    (found,) = detections(host([OPENSSL, LIBSSL]), FIX)
    assert found.recommendation == (
        "Update libssl3 to version 3.0.16-1 or later, openssl to version 3.0.16-1 or later "
        "(apt-get update && apt-get install --only-upgrade libssl3 openssl)."
    )


def test_binary_with_a_different_version_is_updated_to_a_build_of_the_source() -> None:
    utils = installed("dbus-tool", "7:9.1", source=("openssl", "3.0.15-1"))
    (found,) = detections(host([utils]), FIX)
    assert found.recommendation.startswith("Update dbus-tool to a build of openssl 3.0.16-1 or later (apt-get")


def test_evidence_states_package_advisory_and_comparison() -> None:
    (found,) = detections(host([OPENSSL]), replace(FIX, references=("https://example.org/", f"https://e.org/{CVE}")))
    assert render_evidence(found.evidence).splitlines() == [
        f"Instance {AGENT} is vulnerable to {CVE}",
        "  openssl 3.0.15-1 is affected.",
        "    openssl 3.0.15-1 (amd64) is installed. [dpkg database]",
        "    CVE-2026-0001 says that openssl in debian:12 is fixed in 3.0.16-1. [https://e.org/CVE-2026-0001]",
        "    Compared as source package openssl: 3.0.15-1 is older than 3.0.16-1 in the order of dpkg.",
    ]


def test_missing_fix_is_explained_with_the_publishers_note() -> None:
    (found,) = detections(host([OPENSSL]), advisory(CVE, status("openssl", word="no-dsa (Minor issue)")))
    assert found.recommendation == (
        "No fixed version of openssl is published yet for debian:12 (CVE-2026-0001). The publisher says: "
        "no-dsa (Minor issue). Remove openssl if it is not needed, or limit access to it."
    )
    assert "fixed_version" not in attributes(found)


def test_newer_version_of_two_advisories_is_recommended() -> None:
    (found,) = detections(host([OPENSSL]), FIX, advisory(CVE, fix("openssl", "3.0.17-1"), feed="other"))
    assert "openssl to version 3.0.17-1 or later" in found.recommendation
    assert attributes(found)["fixed_version"] == "3.0.17-1"


def test_advisory_without_cve_is_found_under_its_id() -> None:
    facts = host([replace(OPENSSL, manager=PackageManager.RPM)], distribution="almalinux:9.4")
    statement = fix("openssl", "4", stream="almalinux:9", kind=PackageKind.BINARY)
    (found,) = detections(facts, replace(advisory("ALSA-2026:25341", statement), priority=Priority.HIGH))
    assert found.rule_id == "ALSA-2026:25341"
    assert found.title == f"Instance {AGENT} lacks the security update ALSA-2026:25341"
    assert found.severity is Severity.HIGH
    assert "CVE_ID" not in attributes(found)
    assert found.recommendation == "Update openssl to version 4 or later (dnf upgrade openssl)."


def test_scores_are_attributes_and_the_publishers_decides() -> None:
    scores = (
        Score(version="3.1", base=9.8, vector="CVSS:3.1/A", origin="nvd"),
        Score(version="3.1", base=5.5, vector="CVSS:3.1/B", origin="debian"),
        Score(version="2.0", base=7.5, vector="AV:N", origin="nvd"),
    )
    (found,) = detections(host([OPENSSL]), replace(FIX, scores=scores))
    assert found.severity is Severity.MEDIUM
    values = attributes(found)
    assert (values["CVSS3_SCORE"], values["CVSS3_VECTOR"], values["CVSS3_ORIGIN"]) == ("5.5", "CVSS:3.1/B", "debian")
    assert (values["CVSS3_SCORE_NVD"], values["CVSS2_SCORE"], values["CVSS2_VECTOR"]) == ("9.8", "7.5", "AV:N")


def test_attributes_are_bounded_for_many_scores() -> None:
    scores = tuple(
        Score(version=version, base=number / 10, vector="x", origin=f"origin{number}")
        for number in range(40)
        for version in ("2.0", "3.1", "4.0")
    )
    (found,) = detections(host([OPENSSL]), replace(FIX, scores=scores))
    assert len(found.attributes) < 50
    assert all(attribute.value for attribute in found.attributes)


def test_fixed_kernel_on_disk_asks_for_a_restart_only() -> None:
    (found,) = detections(host([OLD, NEW, META], kernel=UNAME), KERNEL_FIX)
    assert found.recommendation == (
        "Restart the host: linux-image-6.1.0-32-amd64 6.1.129-1 has the fix and is installed, "
        "but kernel 6.1.0-29-amd64 (build 6.1.123-1) still runs."
    )
    assert "would run after a restart" in render_evidence(found.evidence)


def test_vulnerable_kernel_is_updated_through_its_metapackage_and_restarted() -> None:
    (found,) = detections(host([OLD, META], kernel=UNAME), KERNEL_FIX)
    assert "--only-upgrade linux-image-amd64)" in found.recommendation
    assert found.recommendation.endswith("Restart the host afterwards, so that the new kernel runs.")


def test_running_kernel_without_a_package_is_reported_as_not_installed() -> None:
    (found,) = detections(host([NEW], kernel=UNAME), KERNEL_FIX)
    text = render_evidence(found.evidence)
    assert "linux-image-6.1.0-29-amd64 6.1.123-1 (amd64) is no longer installed, but runs." in text
    assert found.recommendation.startswith("Restart the host: linux-image-6.1.0-32-amd64")


def test_unused_kernel_on_disk_is_reported_as_not_running() -> None:
    (found,) = detections(host([OLD], kernel=("6.1.155+", "#1 SMP")), KERNEL_FIX)
    text = render_evidence(found.evidence)
    assert (
        "It is not the running kernel: 6.1.155+ runs, which is of no installed package. [uname 6.1.155+ #1 SMP]" in text
    )
    assert "Restart" not in found.recommendation


def test_pass_states_the_number_of_packages() -> None:
    outcome = judged(host([installed("openssl", "3.0.16-1")]), FIX)
    assert isinstance(outcome, Passed)
    assert "None of 1 installed packages" in outcome.evidence.statement


@pytest.mark.parametrize("distribution", ["slackware:15.0", "debian:11"])
def test_release_without_advisories_is_not_supported(distribution: str) -> None:
    outcome = judged(host([OPENSSL], distribution=distribution), FIX)
    assert isinstance(outcome, Unable)
    assert outcome.kind is ExclusionKind.RULES_PACKAGE_NOT_SUPPORTED_BY_OS
    assert "debian:12" in outcome.reason


def test_without_advisories_nothing_passes() -> None:
    outcome = RULE.evaluate(host([OPENSSL]), RuleContext(advisories=AdvisoryIndex.empty()))
    assert isinstance(outcome, Unable)
    assert "No advisories are loaded" in outcome.reason


def test_half_read_database_gives_its_findings_and_an_exclusion() -> None:
    half = SensorStatus(sensor="dpkg", state=SensorState.PARTIAL, records=1, details=("status.d is unreadable.",))
    outcome = judged(host([OPENSSL], statuses=[half]), FIX)
    assert isinstance(outcome, Detected)
    assert outcome.unfinished is not None
    assert "status.d is unreadable." in outcome.unfinished.reason


def test_half_read_database_without_findings_does_not_pass() -> None:
    half = SensorStatus(sensor="dpkg", state=SensorState.PARTIAL, records=0)
    outcome = judged(host([], statuses=[half]), FIX)
    assert isinstance(outcome, Unable)
    assert outcome.kind is ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE


def test_host_without_any_package_database_does_not_pass() -> None:
    absent = [SensorStatus(sensor=name, state=SensorState.NOT_APPLICABLE, records=0) for name in PackageManager]
    outcome = judged(host([], statuses=absent), FIX)
    assert isinstance(outcome, Unable)
    assert "No package database" in outcome.reason


def test_host_without_an_operating_system_is_not_judged() -> None:
    assert isinstance(judged(HostFacts(agent_id="i-1"), FIX), Unable)


REQUESTS = replace(installed("requests", "2.31.0", manager=PackageManager.PYPI), location="/opt/app/site-packages")
BROUGHT = replace(REQUESTS, name="openssl", source_name="openssl", owner="python3-openssl")


def test_registry_packages_are_counted_with_findings() -> None:
    outcome = judged(host([OPENSSL, REQUESTS, replace(REQUESTS, name="idna")]), FIX)
    assert isinstance(outcome, Detected)
    assert outcome.unfinished is not None
    assert not outcome.unfinished.kind.is_error
    assert outcome.unfinished.kind is ExclusionKind.REGISTRY_PACKAGES
    assert outcome.unfinished.reason.startswith("2 PyPI packages not installed by the distribution.")


def test_registry_packages_are_counted_with_a_pass() -> None:
    outcome = judged(host([installed("openssl", "3.0.16-1"), REQUESTS]), FIX)
    assert isinstance(outcome, Passed)
    assert "None of 1 installed packages" in outcome.evidence.statement
    assert outcome.unfinished is not None
    assert outcome.unfinished.reason.startswith("1 PyPI package ")


def test_registry_packages_do_not_match_distribution_packages_of_the_same_name() -> None:
    outcome = judged(host([replace(BROUGHT, owner="", version="1")]), FIX)
    assert isinstance(outcome, Passed)


def test_modules_from_the_distribution_are_judged_once() -> None:
    outcome = judged(host([installed("openssl", "3.0.16-1"), BROUGHT]), FIX)
    assert isinstance(outcome, Passed)
    assert outcome.unfinished is None


def test_packages_that_are_not_assessed_are_reported_if_nothing_was_assessed() -> None:
    half = SensorStatus(sensor="dpkg", state=SensorState.PARTIAL, records=0)
    for facts in (host([REQUESTS], statuses=[half]), host([REQUESTS], distribution="slackware:15.0")):
        outcome = judged(facts, FIX)
        assert isinstance(outcome, Unable)
        assert [gap.kind for gap in outcome.also] == [ExclusionKind.REGISTRY_PACKAGES]


def test_container_packages_are_counted_with_advice() -> None:
    root = ContainerRoot(process_id=4711, system="alpine:3.19.0", packages=18)
    outcome = judged(host([installed("openssl", "3.0.16-1"), REQUESTS], others=[root]), FIX)
    assert isinstance(outcome, Passed)
    assert outcome.unfinished is not None
    assert outcome.unfinished.kind is ExclusionKind.REGISTRY_PACKAGES
    (containers,) = outcome.unfinished.also
    assert containers.kind is ExclusionKind.CONTAINER_PACKAGES
    assert containers.reason == "18 packages in 1 running container: alpine:3.19.0 (process 4711)."
    assert "scan --root /proc/PROCESS/root" in containers.recommendation


def test_packages_of_another_vendor_are_counted_and_not_judged() -> None:
    nginx = replace(installed("nginx", "1.20-1.el9", manager=PackageManager.RPM), vendor="NGINX Packaging")
    known = index(advisory(CVE, fix("nginx", "1.26-1.el9", stream="almalinux:9", kind=PackageKind.BINARY)))
    outcome = RULE.evaluate(host([nginx], distribution="almalinux:9.4"), RuleContext(advisories=known))
    assert isinstance(outcome, Passed)
    assert outcome.unfinished is not None
    assert "1 built by another vendor (nginx 1.20-1.el9)" in outcome.unfinished.reason


def test_package_without_vulnerable_code_is_one_finding_for_all_its_cves() -> None:
    headers = installed("linux-libc-dev", "6.1.123-1", source=("linux", "6.1.123-1"))
    many = [advisory(f"CVE-2026-{number:04}", fix("linux", "6.1.128-1")) for number in range(1, 40)]
    found = detections(host([headers, OPENSSL]), *many, FIX)
    assert [(item.rule_id, item.severity) for item in found] == [
        (CVE, Severity.UNDEFINED),
        ("Outdated by-product linux-libc-dev", Severity.INFORMATIONAL),
    ]
    assert attributes(found[0])["package_name"] == "openssl"
    assert attributes(found[1])["CLOSED_CVES"] == "39"


def test_site_may_want_by_products_in_each_finding() -> None:
    headers = installed("linux-libc-dev", "6.1.123-1", source=("linux", "6.1.123-1"))
    context = RuleContext(advisories=index(KERNEL_FIX), single_by_products=True)
    outcome = RULE.evaluate(host([headers]), context)
    assert isinstance(outcome, Detected)
    assert [item.body.rule_id for item in outcome.detections] == [CVE]


def recorded(record: Vulnerability) -> ReadDetection:
    advisories = AdvisoryIndex([FIX], schemes=version_schemes(), fingerprints={}, vulnerabilities={CVE: record})
    outcome = RULE.evaluate(host([OPENSSL]), RuleContext(advisories=advisories))
    assert isinstance(outcome, Detected)
    return read(outcome.detections[0])


def test_cve_record_rates_and_describes_but_does_not_decide() -> None:
    found = recorded(
        Vulnerability(
            id=CVE,
            scores=(Score(version="3.1", base=5.0, vector="V", origin="nvd"),),
            cwes=("CWE-79", "CWE-120"),
            epss=Exploitability(probability=0.5, percentile=0.97, date="2026-11-30"),
            kev=KnownExploit(added="2026-01-02", due="2026-01-23", ransomware=True),
        )
    )
    assert found.severity is Severity.MEDIUM
    assert attributes(found).items() >= {
        ("CWE", "CWE-79; CWE-120"),
        ("EPSS_PROBABILITY", "0.50000"),
        ("EPSS_PERCENTILE", "0.97000"),
        ("KEV_ADDED", "2026-01-02"),
        ("KEV_DUE", "2026-01-23"),
        ("KEV_RANSOMWARE", "yes"),
        ("CVSS3_ORIGIN", "nvd"),
    }
    assert "exploited in the wild" in found.description


def test_rejected_cve_is_shown_and_statements_still_apply() -> None:
    found = recorded(Vulnerability(id=CVE, state=RecordState.REJECTED))
    assert attributes(found)["CVE_STATE"] == "REJECTED"
    assert "CVE has rejected this record" in found.description
    assert found.severity is Severity.UNDEFINED


def test_score_for_another_package_or_release_does_not_count() -> None:
    other = Score(version="3.1", base=9.8, vector="", origin="debian", package="nginx")
    assert recorded(Vulnerability(id=CVE, scores=(other,))).severity is Severity.UNDEFINED
    elsewhere = replace(other, package="", stream="debian:11")
    assert recorded(Vulnerability(id=CVE, scores=(elsewhere,))).severity is Severity.UNDEFINED
    here = replace(other, package="openssl", stream="debian:12", base=3.0)
    assert recorded(Vulnerability(id=CVE, scores=(other, here))).severity is Severity.LOW


def test_a_host_with_more_builds_than_any_installation_is_not_assessed() -> None:
    """A host chooses what it sends: each kernel ever built meets every advisory about kernels."""
    advisories = [advisory(f"CVE-2026-{number:04}", fix("linux", "7.0-1")) for number in range(500)]
    kernels = [
        installed(f"linux-image-6.1.0-{number}-amd64", f"6.1.{number}-1", source=("linux", f"6.1.{number}-1"))
        for number in range(500)
    ]
    libraries = [installed("lib", f"1.{number}", source=("linux", f"1.{number}")) for number in range(500)]
    context = RuleContext(advisories=index(*advisories))
    for hostile in (host(kernels), host(libraries)):
        outcome = RULE.evaluate(hostile, context)
        assert isinstance(outcome, Unable)
        assert outcome.reason == (
            "Vulnerabilities were not assessed: the host's packages meet more than 200,000 advisories."
        )
    assert isinstance(RULE.evaluate(host(kernels[:3]), context), Detected)


def test_values_beyond_the_fifth_are_counted_and_none_is_cut() -> None:
    packages = [installed(f"libexample{number}", "1-1", source=("example", "1-1")) for number in range(7)]
    advisories = [
        replace(advisory(f"DSA-{number}-1", fix("example", "1-2"), feed=f"feed{number}"), vulnerabilities=(CVE,))
        for number in range(8)
    ]
    advisories[0] = replace(advisories[0], cwes=tuple(f"CWE-{number}" for number in range(9)))
    (found,) = detections(host(packages), *advisories)
    values = attributes(found)
    assert values["package_name"].split("; ") == [f"libexample{number}" for number in range(5)]
    assert values["fixed_version"].split("; ") == ["1-2"] * 5
    assert {key: value for key, value in values.items() if key.endswith("_OMITTED")} == {
        "PACKAGES_OMITTED": "2",
        "ADVISORIES_OMITTED": "3",
        "FEEDS_OMITTED": "3",
        "CWES_OMITTED": "4",
    }


def test_a_finding_shows_the_age_of_the_feeds_that_it_rests_on() -> None:
    """A feed that could not be had, or a document that was refused, keeps its day (ADR 68)."""
    other = replace(advisory("DSA-1-1", fix("openssl", "3.0.16-1"), feed="debian_dsa"), vulnerabilities=(CVE,))
    known = AdvisoryIndex(
        [FIX, other],
        schemes=version_schemes(),
        fingerprints={},
        days={"debian": "2026-11-23", "debian_dsa": "2026-10-01"},
    )
    outcome = RULE.evaluate(host([OPENSSL]), RuleContext(advisories=known))
    assert isinstance(outcome, Detected)
    (found,) = outcome.detections
    dates = [one.value for one in body_attributes(found.body) if one.key == "ADVISORY_FEED_DATE"]
    assert dates == ["debian 2026-11-23", "debian_dsa 2026-10-01"]
