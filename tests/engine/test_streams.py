from dataclasses import replace

import pytest

from openinspector.engine.streams import (
    DistributionRelease,
    HostStreams,
    Unjudged,
    concerns,
    flavour_of,
    general_streams,
    unjudged,
)
from openinspector.model.advisory import PackageKind
from openinspector.model.inventory import Package, PackageManager
from openinspector.testing.match_builders import advisory, fix, host, index, installed, status


def rpm(name: str, version: str, **fields: str) -> Package:
    return replace(installed(name, version, manager=PackageManager.RPM), **fields)  # type: ignore[arg-type]


def streams_for(distribution: str, package: Package, *known: str, extensions: tuple[str, ...] = ()) -> list[str]:
    release = DistributionRelease(distribution=distribution, extensions=extensions)
    return [applicable.name for applicable in HostStreams(release, known).applicable(package)]


@pytest.mark.parametrize(
    ("distribution", "streams"),
    [
        ("almalinux:9.4", ("almalinux:9.4", "almalinux:9")),
        ("debian:12", ("debian:12",)),
        ("alpine:3.19.1", ("alpine:3.19.1", "alpine:3.19", "alpine:3")),
        ("debian:forky", ("debian:14",)),
        ("debian:sid", ("debian:sid",)),
        ("debian:", ("debian:",)),
        ("amzn:2018.03", ("amzn:1",)),
        ("amzn:2023", ("amzn:2023",)),
        ("sles_sap:15.5", ("sles:15.5",)),
        ("sles:15", ("sles:15.0",)),
        ("sle-micro-rancher:5.2", ("sle-micro:5.2", "sle-micro:5")),
        ("suse-microos:5.1", ("sle-micro:5.1", "sle-micro:5")),
        ("opensuse:42.3", ("opensuse-leap:42.3",)),
        ("opensuse:20180101", ("opensuse-tumbleweed:",)),
        ("opensuse-microos:20260101", ("opensuse-tumbleweed:",)),
        ("alpine:3.21.0_alpha20240807", ("alpine:edge",)),
        ("opensuse-tumbleweed:20260101", ("opensuse-tumbleweed:",)),
        ("arch:", ("arch:",)),
        ("", (":",)),
    ],
)
def test_general_streams(distribution: str, streams: tuple[str, ...]) -> None:
    assert general_streams(distribution) == streams


@pytest.mark.parametrize(
    ("stream", "distribution", "expected"),
    [
        ("rhel:9", "rhel:9.2", True),
        ("rhel:9.2+eus", "rhel:9.2", True),
        ("rhel:8", "rhel:9.2", False),
        ("rhel:9", "almalinux:9.4", True),
        ("rhel:9", "centos:9", True),
        ("rhel:9.2+eus", "centos:9", False),
        ("rhel:9", "fedora:9", False),
        ("epel:9", "rocky:9.4", True),
        ("epel:9", "fedora:9", False),
        ("ubuntu:22.04+esm-apps", "ubuntu:22.04", True),
    ],
)
def test_concerns(stream: str, distribution: str, *, expected: bool) -> None:
    assert concerns(stream, distribution) is expected


def test_a_build_of_a_minor_release_is_judged_by_its_extension_first() -> None:
    known = ("rhel:9", "rhel:9.2+eus", "rhel:9.4+eus")
    assert streams_for("rhel:9.2", rpm("glibc", "2.34-60.el9_2.7"), *known) == ["rhel:9.2+eus", "rhel:9"]
    assert streams_for("rhel:9.2", rpm("glibc", "2.34-60.el9"), *known) == ["rhel:9"]
    enabled = streams_for("rhel:9.2", rpm("glibc", "2.34-60.el9"), *known, extensions=("eus",))
    assert enabled == ["rhel:9.2+eus", "rhel:9"]


def test_extension_fix_clears_despite_a_newer_general_fix() -> None:
    general, extended = (
        fix("glibc", "2.34-100.el9", stream="rhel:9"),
        fix("glibc", "2.34-60.el9_2.7", stream="rhel:9.2+eus"),
    )
    known = index(advisory("CVE-2026-0001", general, extended))

    def versions(version: str) -> list[str]:
        package = replace(rpm("glibc", version), source_version=version)
        return [match.fixed_version for match in known.matches(host([package], distribution="rhel:9.2"))]

    assert versions("2.34-60.el9_2.7") == []
    assert versions("2.34-60.el9_2.3") == ["2.34-60.el9_2.7"]
    assert versions("2.34-60.el9") == ["2.34-100.el9"]


def test_a_rebuild_inherits_statuses_and_not_fixes() -> None:
    package = rpm("firefox", "115.0-1.el9")
    open_ = advisory("CVE-2026-0001", status("firefox", stream="rhel:9"))
    fixed = advisory("CVE-2026-0002", fix("firefox", "128.0-1.el9", stream="rhel:9"))
    own = advisory("ALSA-1", fix("firefox", "115.0-1.el9", stream="almalinux:9"), feed="almalinux")
    own = replace(own, vulnerabilities=("CVE-2026-0001",))

    def names(distribution: str, *advisories: object) -> list[tuple[str, bool]]:
        known = index(*advisories)  # type: ignore[arg-type]
        return [
            (match.advisory.id, match.inherited) for match in known.matches(host([package], distribution=distribution))
        ]

    assert names("rocky:9.4", open_, fixed) == [("CVE-2026-0001", True)]
    assert names("centos:9", open_, fixed) == [("CVE-2026-0001", True), ("CVE-2026-0002", True)]
    assert names("rhel:9.4", open_, fixed) == [("CVE-2026-0001", False), ("CVE-2026-0002", False)]
    assert names("almalinux:9.4", open_, own) == []


def test_pro_streams_apply_if_enabled_or_installed() -> None:
    known = ("ubuntu:22.04", "ubuntu:22.04+esm-apps", "ubuntu:22.04+fips")
    plain, extended = installed("nginx", "1.18.0-6ubuntu14.3"), installed("nginx", "1.18.0-6ubuntu14.3+esm1")
    assert streams_for("ubuntu:22.04", plain, *known) == [
        "ubuntu:22.04+fips",
        "ubuntu:22.04",
        "ubuntu:22.04+esm-apps",
    ]
    assert streams_for("ubuntu:22.04", extended, *known)[0] == "ubuntu:22.04+esm-apps"
    assert streams_for("ubuntu:22.04", plain, *known, extensions=("esm-apps",))[0] == "ubuntu:22.04+esm-apps"


def test_amazon_linux_2_extras_use_only_their_topic() -> None:
    known = ("amzn:2", "amzn:2+kernel-5.15", "amzn:2+nginx1")
    core, extra = rpm("kernel", "4.14.355-275.570.amzn2"), rpm("kernel", "5.15.160-104.158.amzn2")
    assert streams_for("amzn:2", core, *known) == ["amzn:2"]
    assert streams_for("amzn:2", extra, *known) == ["amzn:2+kernel-5.15"]
    nginx = rpm("nginx", "1:1.22.1-1.amzn2.0.1", repository="amzn2extra-nginx1")
    assert streams_for("amzn:2", nginx, *known) == ["amzn:2+nginx1"]


def test_epel_applies_to_its_packages_and_otherwise_unknown_ones() -> None:
    known = ("almalinux:9", "epel:9")
    of_epel, unknown = rpm("htop", "3.2-1.el9", vendor="Fedora Project"), rpm("htop", "3.2-1.el9")
    assert streams_for("almalinux:9.4", of_epel, *known) == ["epel:9"]
    assert streams_for("almalinux:9.4", unknown, *known) == ["almalinux:9", "epel:9"]
    theirs = advisory("FEDORA-EPEL-1", fix("nginx", "2.0-1.el9", stream="epel:9"))
    ours = advisory("ALSA-1", fix("nginx", "1.0-1.el9", stream="almalinux:9"))
    facts = host([rpm("nginx", "1.0-1.el9")], distribution="almalinux:9.4")
    assert [match.advisory.id for match in index(theirs, ours).matches(facts)] == []
    other = advisory("ALSA-2", fix("bash", "1.0-1.el9", stream="almalinux:9"))
    assert [match.advisory.id for match in index(theirs, other).matches(facts)] == ["FEDORA-EPEL-1"]


@pytest.mark.parametrize(
    ("version", "flavour"),
    [
        ("1:3.0.7-1.el9", ""),
        ("10:3.0.7-1.0.1.el9_fips", "fips"),
        ("2:2.28-151.0.1.ksplice2.el8", "ksplice"),
        ("1.1.1f-1ubuntu2.fips.19", "fips"),
        ("3.0.2-0ubuntu1.10+Fips1", "fips"),
    ],
)
def test_flavour_of(version: str, flavour: str) -> None:
    assert flavour_of(rpm("openssl", version)) == flavour


@pytest.mark.parametrize(
    ("distribution", "package", "reason"),
    [
        (
            "almalinux:9",
            rpm("nginx", "1.26-1.el9", vendor="NGINX Packaging <nginx@nginx.com>"),
            Unjudged.FOREIGN_VENDOR,
        ),
        ("almalinux:9", rpm("nginx", "1.26-1.el9", vendor="AlmaLinux"), None),
        ("almalinux:9", rpm("nginx", "1.26-1.el9"), None),
        ("almalinux:9", rpm("htop", "1-1.el9", vendor="Fedora Project"), None),
        ("amzn:2", rpm("htop", "1-1.el7", vendor="Fedora Project"), Unjudged.FOREIGN_VENDOR),
        ("almalinux:9", rpm("nodejs", "1:18-1.module_el9"), Unjudged.UNKNOWN_MODULE),
        ("ubuntu:22.04", replace(installed("x", "1"), repository="UbuntuESMApps/jammy"), None),
        ("ubuntu:22.04", replace(installed("x", "1"), repository="LP-PPA-x/jammy"), Unjudged.FOREIGN_REPOSITORY),
        ("debian:12", installed("x", "2.0-1~bpo12+1"), Unjudged.FOREIGN_REPOSITORY),
    ],
)
def test_unjudged(distribution: str, package: Package, reason: Unjudged | None) -> None:
    assert unjudged(DistributionRelease(distribution=distribution), package) is reason


@pytest.mark.parametrize(
    ("version", "fixed"),
    [
        ("7.76.1-23.el9_2.4", []),
        ("7.76.1-23.el9_2.1", ["7.76.1-23.el9_2.4", "7.76.1-26.el9_3.2"]),
        ("7.76.1-26.el9_3.2", []),
        ("7.76.1-26.el9", ["7.76.1-26.el9_3.2"]),
    ],
)
def test_fix_for_the_minor_release_of_the_build_clears(version: str, fixed: list[str]) -> None:
    second = advisory("RHSA-2", fix("curl", "7.76.1-23.el9_2.4", stream="rhel:9", kind=PackageKind.BINARY))
    third = advisory("RHSA-3", fix("curl", "7.76.1-26.el9_3.2", stream="rhel:9", kind=PackageKind.BINARY))
    known = index(*(replace(one, vulnerabilities=("CVE-2026-0001",)) for one in (second, third)))
    facts = host([rpm("curl", version)], distribution="rhel:9.3")
    assert [match.fixed_version for match in known.matches(facts)] == fixed


@pytest.mark.parametrize(
    ("version", "stream"),
    [
        ("10.0.20348", "windows:10.0.20348"),
        ("10.0.19045", "windows:10.0.19041"),
        ("10.0.22631", "windows:10.0.22621"),
        ("6.3.9600", "windows:6.3.9600"),
    ],
)
def test_a_windows_host_has_the_stream_of_its_branch(version: str, stream: str) -> None:
    assert general_streams(f"windows:{version}") == (stream,)
    assert concerns(stream, f"windows:{version}")
    assert not concerns("windows:10.0.17763", f"windows:{version}")


def test_release_known_only_through_an_extension_is_judged() -> None:
    """Ubuntu's data for a release whose support has ended is of its extended archives alone."""
    known = index(advisory("CVE-2024-0001", fix("unzip", "6.0-9ubuntu1.6", stream="ubuntu:14.04+esm-infra")))
    (match,) = known.matches(host([installed("unzip", "6.0-9ubuntu1.5")], distribution="ubuntu:14.04"))
    assert match.fixed_version == "6.0-9ubuntu1.6"
