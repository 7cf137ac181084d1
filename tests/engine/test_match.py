from dataclasses import replace

import pytest

from openinspector.engine.kernel import KernelRole
from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.reference import plain_matches
from openinspector.engine.statements import applies
from openinspector.engine.streams import Unjudged
from openinspector.model.advisory import NOT_MODULAR, Advisory, Fix, FixState, PackageKind, Score, Target
from openinspector.model.errors import ModelError
from openinspector.model.inventory import Package, PackageManager
from openinspector.testing.match_builders import advisory, fix, host, index, installed, status, target, version_schemes

OPENSSL = installed("libssl3", "3.0.15-1~deb12u1", source=("openssl", "3.0.15-1~deb12u1"))
ALMA = "almalinux:9"


DENIED = status("openssl", FixState.NOT_AFFECTED)


def binary(name: str, fixed: str, module: str = "") -> Fix:
    return fix(name, fixed, stream=ALMA, kind=PackageKind.BINARY, module=module)


def limited(module: str) -> Target:
    return target("nodejs", stream=ALMA, kind=PackageKind.BINARY, module=module)


def rpm(name: str, version: str, module: str = "") -> Package:
    return replace(installed(name, version, manager=PackageManager.RPM), module=module)


def test_source_package_below_the_fixed_version_meets() -> None:
    (match,) = index(advisory("CVE-2026-0001", fix("openssl", "3.0.16-1"))).matches(host([OPENSSL]))
    assert (match.package, match.vulnerabilities, match.version) == (OPENSSL, ("CVE-2026-0001",), "3.0.15-1~deb12u1")


@pytest.mark.parametrize("fixed", ["3.0.15-1~deb12u1", "3.0.14-1", "0:3.0.15-1~deb12u1"])
def test_fixed_version_and_later_do_not_meet(fixed: str) -> None:
    assert index(advisory("CVE-2026-0001", fix("openssl", fixed))).matches(host([OPENSSL])) == ()


def test_binary_statement_does_not_name_a_source() -> None:
    statement = fix("openssl", "9", kind=PackageKind.BINARY)
    assert index(advisory("CVE-2026-0001", statement)).matches(host([OPENSSL])) == ()


def test_epoch_decides() -> None:
    found = index(advisory("CVE-2026-0001", fix("openssl", "1:0.1"))).matches(host([OPENSSL]))
    assert len(found) == 1


def test_no_fix_meets_every_version() -> None:
    assert len(index(advisory("CVE-2026-0001", status("openssl"))).matches(host([OPENSSL]))) == 1


def test_before_the_introduced_version_nothing_is_affected() -> None:
    known = index(advisory("CVE-2026-0001", replace(fix("openssl", "4"), introduced="3.1.0-1")))
    assert known.matches(host([OPENSSL])) == ()
    assert len(known.matches(host([replace(OPENSSL, source_version="3.1.0-1")]))) == 1


def test_host_of_a_point_release_meets_advisories_of_its_family_only() -> None:
    known = index(advisory("ALSA-1", binary("bash", "5.2-1.el9")))
    for distribution, count in (("almalinux:9.4", 1), ("almalinux:9", 1), ("almalinux:8.10", 0), ("rocky:9.4", 0)):
        facts = host([rpm("bash", "5.1-1.el9")], distribution=distribution)
        assert len(known.matches(facts)) == count
        assert known.covers(distribution) == bool(count)


def test_module_streams_do_not_meet_each_other() -> None:
    statement = limited("nodejs:18")
    label = "nodejs:18:9040020240807131341:rhel9"
    assert applies(statement, rpm("nodejs", "1:18.10-1.module_el9", label))
    assert not applies(statement, rpm("nodejs", "1:16.20-1.module_el9", label.replace("18", "16", 1)))
    assert not applies(statement, rpm("nodejs", "1:16.20-1.el9"))


def test_statement_about_plain_packages_does_not_meet_a_module() -> None:
    statement = limited(NOT_MODULAR)
    assert applies(statement, rpm("nodejs", "1:16.20-1.el9"))
    assert not applies(statement, rpm("nodejs", "1:16.20-1.module_el9", "nodejs:16:1:2"))
    assert not applies(statement, rpm("nodejs", "1:16.20-1.module_el9"))


def test_architectures_limit() -> None:
    statement = replace(limited(""), architectures=("aarch64", "s390x"))
    assert not applies(statement, rpm("bash", "5-1"))
    assert applies(statement, replace(rpm("bash", "5-1"), architecture="aarch64"))


def test_flavours_do_not_meet_each_other() -> None:
    plain, fips = rpm("openssl", "1:3.0.7-1.el9"), rpm("openssl", "10:3.0.7-1.el9_fips")
    assert (applies(limited(""), plain), applies(limited(""), fips)) == (True, False)
    of_fips = replace(limited(""), flavour="fips")
    assert (applies(of_fips, plain), applies(of_fips, fips)) == (False, True)


@pytest.mark.parametrize("feed", ["debian", "other"])
def test_not_affected_status_in_the_stream_clears(feed: str) -> None:
    known = index(advisory("CVE-2026-0001", fix("openssl", "4")), advisory("CVE-2026-0001", DENIED, feed=feed))
    assert known.matches(host([OPENSSL])) == ()


def test_not_affected_status_of_one_vulnerability_leaves_the_others() -> None:
    both = replace(advisory("DSA-1", fix("openssl", "4")), vulnerabilities=("CVE-2026-0001", "CVE-2026-0002"))
    (match,) = index(both, advisory("CVE-2026-0001", DENIED)).matches(host([OPENSSL]))
    assert match.vulnerabilities == ("CVE-2026-0002",)


@pytest.mark.parametrize("state", FixState)
def test_status_matches_exactly_if_it_means_affected(state: FixState) -> None:
    found = index(advisory("CVE-2026-0001", status("openssl", state))).matches(host([OPENSSL]))
    assert bool(found) == state.is_affected


def test_reached_fix_overrides_an_open_status() -> None:
    known = index(advisory("CVE-2026-0001", fix("openssl", "3.0.15-1~deb12u1"), status("openssl")))
    assert known.matches(host([OPENSSL])) == ()
    (match,) = known.matches(host([replace(OPENSSL, source_version="3.0.14-1")]))
    assert match.fixed_version == "3.0.15-1~deb12u1"


def test_newer_fix_of_two_advisories_applies() -> None:
    known = index(advisory("CVE-2026-0001", fix("openssl", "3.0.1-1")), advisory("CVE-2026-0001", fix("openssl", "4")))
    assert [match.fixed_version for match in known.matches(host([OPENSSL]))] == ["4"]


def test_strictest_range_of_an_advisory_applies() -> None:
    known = index(advisory("CVE-2026-0001", fix("openssl", "3.0.16"), fix("openssl", "3.0.17")))
    assert [match.fixed_version for match in known.matches(host([OPENSSL]))] == ["3.0.17"]


def test_packages_that_cannot_be_judged_are_named_with_the_reason() -> None:
    strange = replace(OPENSSL, version="not a version!!")
    backport = replace(OPENSSL, name="curl", version="8.0-1~bpo12+1")
    foreign = replace(OPENSSL, name="docker-ce", repository="Docker/bookworm")
    known = index(advisory("CVE-2026-0001", fix("openssl", "4")))
    facts = host([strange, OPENSSL, backport, foreign])
    assert [(found.package.name, found.reason) for found in known.unassessed(facts)] == [
        ("libssl3", Unjudged.UNORDERED_VERSION),
        ("curl", Unjudged.FOREIGN_REPOSITORY),
        ("docker-ce", Unjudged.FOREIGN_REPOSITORY),
    ]
    assert {match.package for match in known.matches(facts)} == {OPENSSL}


def test_restart_suffices_if_a_fixed_kernel_is_on_disk() -> None:
    old = installed("linux-image-6.1.0-29-amd64", "6.1.123-1", source=("linux-signed-amd64", "6.1.123+1"))
    new = installed("linux-image-6.1.0-32-amd64", "6.1.129-1", source=("linux-signed-amd64", "6.1.129+1"))
    known = index(advisory("CVE-2026-0001", fix("linux", "6.1.128-1")))
    uname = ("6.1.0-29-amd64", "#1 SMP Debian 6.1.123-1 (2025-01-02)")
    (match,) = known.matches(host([old, new], kernel=uname))
    assert (match.package, match.role, match.installed_fix) == (old, KernelRole.RUNNING, new)
    (match,) = known.matches(host([old], kernel=uname))
    assert match.installed_fix is None
    assert known.matches(host([old, new], kernel=("6.1.0-32-amd64", "#1 SMP Debian 6.1.129-1 (2025-03-06)"))) == ()


def test_scores_come_from_advisories_about_one_vulnerability() -> None:
    score = Score(version="3.1", base=9.8, vector="CVSS:3.1/AV:N", origin="nvd")
    alone = replace(advisory("CVE-2026-0001", feed="nvd"), scores=(score,))
    both = replace(advisory("DSA-1"), vulnerabilities=("CVE-2026-0001", "CVE-2026-0002"), scores=(score,))
    assert index(alone, both, alone).scores("CVE-2026-0001") == (score,)
    assert index(both).scores("CVE-2026-0001") == ()


def test_repeated_advisory_counts_once() -> None:
    known = advisory("CVE-2026-0001", fix("openssl", "4"))
    assert len(index(known, known).matches(host([OPENSSL]))) == 1


def test_advisories_may_come_from_an_iterator() -> None:
    known = AdvisoryIndex(iter([advisory("X-1", status("a"))]), schemes={}, fingerprints={})
    assert known.streams == {"debian:12"}


def test_empty_index_covers_nothing() -> None:
    assert not AdvisoryIndex.empty().covers("debian:12")
    assert AdvisoryIndex.empty().matches(host([OPENSSL])) == ()


def test_missing_version_scheme_is_an_error() -> None:
    known = AdvisoryIndex([advisory("X-1", fix("openssl", "4"))], schemes={}, fingerprints={})
    with pytest.raises(ModelError, match="dpkg"):
        known.matches(host([OPENSSL]))


def extras() -> AdvisoryIndex:
    """Return Amazon Linux 2 with php in the core and in two topics, docker in two topics, and bash in the core."""

    def fixed(identity: str, name: str, version: str, topic: str = "") -> Advisory:
        stream = f"amzn:2+{topic}" if topic else "amzn:2"
        return advisory(identity, fix(name, version, stream=stream, kind=PackageKind.BINARY), feed="amazon")

    return index(
        fixed("CVE-2024-0001", "php", "5.4.16-46.amzn2.0.9"),
        fixed("CVE-2024-0002", "php", "8.2.20-1.amzn2", "php8.2"),
        fixed("CVE-2024-0003", "php", "8.1.29-1.amzn2", "php8.1"),
        fixed("CVE-2024-0004", "docker", "25.0.6-1.amzn2.0.1", "docker"),
        fixed("CVE-2024-0004", "docker", "25.0.6-1.amzn2.0.1", "ecs"),
        fixed("CVE-2024-0005", "bash", "4.2.46-35.amzn2"),
    )


@pytest.mark.parametrize(
    ("name", "version", "found", "reason"),
    [
        ("php", "8.2.9-1.amzn2", {"CVE-2024-0002"}, None),
        ("php", "8.2.30-1.amzn2", set(), None),
        ("php", "5.4.16-45.amzn2", {"CVE-2024-0001"}, None),
        ("php", "8.0.30-1.amzn2", set(), Unjudged.UNKNOWN_REPOSITORY),
        ("docker", "25.0.3-1.amzn2", {"CVE-2024-0004"}, None),
        ("bash", "4.2.46-34.amzn2", {"CVE-2024-0005"}, None),
    ],
)
def test_an_extra_whose_repository_is_not_recorded_is_judged_by_its_series_or_not_at_all(
    name: str, version: str, found: set[str], reason: Unjudged | None
) -> None:
    facts = host([rpm(name, version)], distribution="amzn:2")
    assert {identity for match in extras().matches(facts) for identity in match.identities} == found
    assert [one.reason for one in extras().unassessed(facts)] == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("version", "fixed", "affected"),
    [
        ("2.4.6-99.el7.centos.1", "2.4.6-99.el7_9.1", False),
        ("2.4.6-99.el7.centos", "2.4.6-99.el7_9.1", True),
        ("2.4.6-98.el7.centos.7", "2.4.6-99.el7_9.1", True),
        ("2.4.37-43.module_el8.5.0+1022+b541f3b1.3", "2.4.37-43.module+el8.5.0+13806+b30d9eec.3", False),
        ("2.4.37-43.module_el8.5.0+1022+b541f3b1.2", "2.4.37-43.module+el8.5.0+13806+b30d9eec.3", True),
        # CentOS Stream carries no mark of its own, so the build before a fix of a minor release is not mistaken for it
        ("3.0.7-16.el9", "3.0.7-16.el9_2", True),
    ],
)
def test_a_build_of_centos_is_compared_with_red_hats_without_the_rebuilders_marks(
    version: str, fixed: str, *, affected: bool
) -> None:
    release = version.partition("el")[2][0]
    module = "httpd:2.4" if ".module" in version else ""
    stream = f"rhel:{release}"
    stated = advisory(
        "CVE-2024-0001", fix("httpd", fixed, stream=stream, kind=PackageKind.BINARY, module=module), feed="redhat"
    )
    facts = host([rpm("httpd", version, module=module)], distribution=f"centos:{release}")
    assert bool(index(stated).matches(facts)) is affected
    assert bool(plain_matches(facts, [stated], version_schemes())) is affected
