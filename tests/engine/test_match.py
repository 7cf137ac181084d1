from dataclasses import replace

import pytest

from openinspector.engine.kernel import Standing
from openinspector.engine.match import AdvisoryIndex, advisory_distributions, meets_limits
from openinspector.model.advisory import NOT_MODULAR, AffectedPackage, FixState, PackageKind, Score
from openinspector.model.errors import ModelError
from openinspector.model.inventory import Package, PackageManager
from openinspector.testing.match_builders import advisory, affected, host, index, installed

OPENSSL = installed("libssl3", "3.0.15-1~deb12u1", source=("openssl", "3.0.15-1~deb12u1"))
ALMA = "almalinux:9"


def denied(statement: AffectedPackage) -> AffectedPackage:
    return replace(statement, fix_state=FixState.NOT_AFFECTED, fixed_version="")


def binary(name: str, fixed: str, module: str = "") -> AffectedPackage:
    return replace(affected(name, fixed, distribution=ALMA, kind=PackageKind.BINARY), module=module)


def rpm(name: str, version: str, module: str = "") -> Package:
    return replace(installed(name, version, manager=PackageManager.RPM), module=module)


@pytest.mark.parametrize(
    ("host_says", "publishers_say"),
    [
        ("almalinux:9.4", ("almalinux:9.4", "almalinux:9")),
        ("debian:12", ("debian:12",)),
        ("alpine:3.19.1", ("alpine:3.19.1", "alpine:3.19", "alpine:3")),
        ("debian:", ("debian:",)),
        ("", (":",)),
    ],
)
def test_advisory_distributions(host_says: str, publishers_say: tuple[str, ...]) -> None:
    assert advisory_distributions(host_says) == publishers_say


def test_source_package_below_the_fixed_version_meets() -> None:
    (match,) = index(advisory("CVE-2026-0001", affected("openssl", "3.0.16-1"))).matches(host([OPENSSL]))
    assert (match.package, match.vulnerabilities, match.version) == (OPENSSL, ("CVE-2026-0001",), "3.0.15-1~deb12u1")


@pytest.mark.parametrize("fixed", ["3.0.15-1~deb12u1", "3.0.14-1", "0:3.0.15-1~deb12u1"])
def test_fixed_version_and_later_do_not_meet(fixed: str) -> None:
    assert index(advisory("CVE-2026-0001", affected("openssl", fixed))).matches(host([OPENSSL])) == ()


def test_binary_statement_does_not_name_a_source() -> None:
    statement = affected("openssl", "9", kind=PackageKind.BINARY)
    assert index(advisory("CVE-2026-0001", statement)).matches(host([OPENSSL])) == ()


def test_epoch_decides() -> None:
    found = index(advisory("CVE-2026-0001", affected("openssl", "1:0.1"))).matches(host([OPENSSL]))
    assert len(found) == 1


def test_no_fix_meets_every_version() -> None:
    assert len(index(advisory("CVE-2026-0001", affected("openssl"))).matches(host([OPENSSL]))) == 1


def test_before_the_introduced_version_nothing_is_affected() -> None:
    known = index(advisory("CVE-2026-0001", replace(affected("openssl", "4"), introduced_version="3.1.0-1")))
    assert known.matches(host([OPENSSL])) == ()
    assert len(known.matches(host([replace(OPENSSL, source_version="3.1.0-1")]))) == 1


def test_host_of_a_point_release_meets_advisories_of_its_family_only() -> None:
    known = index(advisory("ALSA-1", binary("bash", "5.2-1.el9")))
    for distribution, count in (("almalinux:9.4", 1), ("almalinux:9", 1), ("almalinux:8.10", 0), ("rocky:9.4", 0)):
        facts = host([rpm("bash", "5.1-1.el9")], distribution=distribution)
        assert len(known.matches(facts)) == count
        assert known.covers(distribution) == bool(count)


def test_module_streams_do_not_meet_each_other() -> None:
    statement = binary("nodejs", "1:18.20-1.module_el9", "nodejs:18")
    label = "nodejs:18:9040020240807131341:rhel9"
    assert meets_limits(statement, rpm("nodejs", "1:18.10-1.module_el9", label))
    assert not meets_limits(statement, rpm("nodejs", "1:16.20-1.module_el9", label.replace("18", "16", 1)))
    assert not meets_limits(statement, rpm("nodejs", "1:16.20-1.el9"))
    assert meets_limits(statement, rpm("nodejs", "1:18.10-1.module_el9"))  # its module is not recorded


def test_statement_about_plain_packages_does_not_meet_a_module() -> None:
    statement = binary("nodejs", "1:18.20-1.el9", NOT_MODULAR)
    assert meets_limits(statement, rpm("nodejs", "1:16.20-1.el9"))
    assert not meets_limits(statement, rpm("nodejs", "1:16.20-1.module_el9", "nodejs:16:1:2"))
    assert not meets_limits(statement, rpm("nodejs", "1:16.20-1.module_el9"))


def test_architectures_limit() -> None:
    statement = replace(binary("bash", "6-1"), architectures=("aarch64", "s390x"))
    assert not meets_limits(statement, rpm("bash", "5-1"))
    assert meets_limits(statement, replace(rpm("bash", "5-1"), architecture="aarch64"))


def test_what_the_same_publisher_denies_does_not_meet() -> None:
    claim = affected("openssl", "4")
    known = index(advisory("CVE-2026-0001", claim), advisory("CVE-2026-0001", denied(claim)))
    assert known.matches(host([OPENSSL])) == ()


def test_what_another_publisher_denies_meets() -> None:
    claim = affected("openssl", "4")
    known = index(advisory("CVE-2026-0001", claim), advisory("CVE-2026-0001", denied(claim), feed="other"))
    assert len(known.matches(host([OPENSSL]))) == 1


def test_denial_of_one_vulnerability_leaves_the_others() -> None:
    claim = affected("openssl", "4")
    both = replace(advisory("DSA-1", claim), vulnerabilities=("CVE-2026-0001", "CVE-2026-0002"))
    (match,) = index(both, advisory("CVE-2026-0001", denied(claim))).matches(host([OPENSSL]))
    assert match.vulnerabilities == ("CVE-2026-0002",)


def test_of_several_ranges_of_one_advisory_the_most_demanding_counts() -> None:
    known = index(advisory("CVE-2026-0001", affected("openssl", "3.0.16"), affected("openssl", "3.0.17")))
    assert [match.affected.fixed_version for match in known.matches(host([OPENSSL]))] == ["3.0.17"]


def test_restart_is_enough_where_a_fixed_kernel_is_on_disk() -> None:
    old = installed("linux-image-6.1.0-29-amd64", "6.1.123-1", source=("linux-signed-amd64", "6.1.123+1"))
    new = installed("linux-image-6.1.0-32-amd64", "6.1.129-1", source=("linux-signed-amd64", "6.1.129+1"))
    known = index(advisory("CVE-2026-0001", affected("linux", "6.1.128-1")))
    uname = ("6.1.0-29-amd64", "#1 SMP Debian 6.1.123-1 (2025-01-02)")
    (match,) = known.matches(host([old, new], kernel=uname))
    assert (match.package, match.standing, match.spare) == (old, Standing.RUNNING, new)
    (match,) = known.matches(host([old], kernel=uname))
    assert match.spare is None
    assert known.matches(host([old, new], kernel=("6.1.0-32-amd64", "#1 SMP Debian 6.1.129-1 (2025-03-06)"))) == ()


def test_scores_come_from_advisories_about_one_vulnerability() -> None:
    score = Score(version="3.1", base=9.8, vector="CVSS:3.1/AV:N", origin="nvd")
    alone = replace(advisory("CVE-2026-0001", feed="nvd"), scores=(score,))
    both = replace(advisory("DSA-1"), vulnerabilities=("CVE-2026-0001", "CVE-2026-0002"), scores=(score,))
    assert index(alone, both, alone).scores("CVE-2026-0001") == (score,)
    assert index(both).scores("CVE-2026-0001") == ()


def test_repeated_advisory_counts_once() -> None:
    known = advisory("CVE-2026-0001", affected("openssl", "4"))
    assert len(index(known, known).matches(host([OPENSSL]))) == 1


def test_advisories_may_come_from_an_iterator() -> None:
    known = AdvisoryIndex(iter([advisory("X-1", affected("a"))]), schemes={}, fingerprints={})
    assert known.distributions == {"debian:12"}


def test_empty_index_covers_nothing() -> None:
    assert not AdvisoryIndex.empty().covers("debian:12")
    assert AdvisoryIndex.empty().matches(host([OPENSSL])) == ()


def test_missing_version_scheme_is_said() -> None:
    known = AdvisoryIndex([advisory("X-1", affected("openssl", "4"))], schemes={}, fingerprints={})
    with pytest.raises(ModelError, match="dpkg"):
        known.matches(host([OPENSSL]))
