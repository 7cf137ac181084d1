from dataclasses import replace

from openinspector.engine.coverage import NOT_ASSESSED, Gap, PackageCoverage, Verdict, counts_of, coverage_of
from openinspector.engine.streams import Unjudged
from openinspector.model.advisory import Advisory, FixState, PackageKind
from openinspector.model.inventory import Package, PackageManager
from openinspector.testing.match_builders import advisory, fix, host, index, installed, status

CVE = "CVE-2026-0001"
OPENSSL = installed("openssl", "3.0.15-1")
OTHER = advisory("CVE-2026-0009", fix("elsewhere", "1-1"))


def covered(package: Package, *advisories: Advisory) -> PackageCoverage:
    (found,) = coverage_of(host([package]), index(*advisories, OTHER))
    return found


def test_affected_package_shows_the_statement_and_counts_its_vulnerabilities() -> None:
    found = covered(OPENSSL, advisory(CVE, fix("openssl", "3.0.16-1")), advisory("CVE-2026-2", status("openssl")))
    assert (found.verdict, found.vulnerabilities, found.reason) == (Verdict.AFFECTED, 2, "")


def test_cleared_package_shows_its_newest_fix_and_the_comparison() -> None:
    found = covered(
        OPENSSL, advisory("CVE-2026-2", fix("openssl", "3.0.14-1")), advisory(CVE, fix("openssl", "3.0.15-1"))
    )
    assert found == PackageCoverage(
        name="openssl",
        version="3.0.15-1",
        architecture=OPENSSL.architecture,
        manager=PackageManager.DPKG,
        verdict=Verdict.NOT_AFFECTED,
        advisory=CVE,
        stream="debian:12",
        statement="FIXED",
        compared="3.0.15-1",
        with_version="3.0.15-1",
    )


def test_not_affected_status_clears_the_package() -> None:
    found = covered(OPENSSL, advisory(CVE, status("openssl", FixState.NOT_AFFECTED)))
    assert (found.verdict, found.statement, found.with_version) == (Verdict.NOT_AFFECTED, "NOT_AFFECTED", "")


def test_missing_statement_clears_nothing() -> None:
    assert covered(OPENSSL).reason == Gap.NO_STATEMENT
    unknown = advisory(CVE, status("openssl", FixState.UNDER_INVESTIGATION))
    assert covered(OPENSSL, unknown).reason == Gap.UNDER_INVESTIGATION
    arm = advisory(CVE, fix("openssl", "3.0.15-1", architectures=("arm64",)))
    assert covered(OPENSSL, arm).reason == Gap.OTHER_BUILDS


def test_unjudged_packages_have_a_reason() -> None:
    known = advisory(CVE, fix("openssl", "3.0.16-1"))
    foreign = replace(OPENSSL, repository="Example/stable")
    assert covered(foreign, known).reason == Unjudged.FOREIGN_REPOSITORY
    assert covered(replace(OPENSSL, version="not a version!!"), known).reason == Unjudged.UNORDERED_VERSION


def test_host_of_another_distribution_has_no_advisories() -> None:
    (found,) = coverage_of(host([OPENSSL], distribution="fedora:43"), index(OTHER))
    assert (found.verdict, found.reason) == (Verdict.NOT_ASSESSED, Gap.NO_ADVISORIES)


def test_kernels_that_do_not_run_and_metapackages_are_not_assessed() -> None:
    source = ("linux-signed-amd64", "6.1.123+1")
    running = installed("linux-image-6.1.0-29-amd64", "6.1.123-1", source=source)
    old = installed("linux-image-6.1.0-18-amd64", "6.1.76-1", source=("linux-signed-amd64", "6.1.76+1"))
    meta = installed("linux-image-amd64", "6.1.123-1", source=source)
    facts = host([running, old, meta], kernel=("6.1.0-29-amd64", "#1 SMP Debian 6.1.123-1 (2025-01-02)"))
    found = coverage_of(facts, index(advisory(CVE, fix("linux", "6.1.128-1"))))
    assert [item.reason for item in found] == ["", Gap.NOT_RUNNING_KERNEL, Gap.METAPACKAGE]


def test_every_package_is_in_exactly_one_conclusion() -> None:
    registry = installed("requests", "2.0", manager=PackageManager.PYPI)
    owned = replace(registry, owner="python3-requests")
    packages = [OPENSSL, installed("bash", "5.2-1"), installed("curl", "8-1"), registry, owned]
    found = coverage_of(
        host(packages), index(advisory(CVE, fix("openssl", "3.0.16-1")), advisory("CVE-2026-2", fix("bash", "5.1-1")))
    )
    assert [item.name for item in found] == ["openssl", "bash", "curl", "requests", "requests"]
    assert counts_of(found) == {
        "AFFECTED": 1,
        "NOT_AFFECTED": 1,
        "NO_STATEMENT": 1,
        "REGISTRY": 1,
        "PART_OF_PACKAGE": 1,
    }


def test_every_reason_has_its_words() -> None:
    assert NOT_ASSESSED.keys() == {*Gap, *Unjudged}


def test_unlabelled_modular_build_is_not_assessed() -> None:
    package = installed("nginx", "1:1.22.1-3.module_el9+1", manager=PackageManager.RPM)
    known = advisory(CVE, fix("nginx", "1:1.22.1-5.module_el9+2", stream="almalinux:9", kind=PackageKind.BINARY))
    (found,) = coverage_of(host([package], distribution="almalinux:9.4"), index(known))
    assert found.reason == Unjudged.UNKNOWN_MODULE
