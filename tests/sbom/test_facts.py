import json
from collections.abc import Mapping

import pytest

from openinspector.model.inventory import OperatingSystem, Package, PackageManager, SensorState
from openinspector.sbom.document import Component, Sbom, read_sbom
from openinspector.sbom.facts import NotAssessedReason, SbomFacts, facts_of_sbom

DEBIAN = Component(name="debian", version="12.5", is_operating_system=True)


def component(purl: str, properties: Mapping[str, str] | None = None, version: str = "") -> Component:
    return Component(name="x", version=version, purl=purl, properties=properties or {})


def read(*components: Component) -> SbomFacts:
    return facts_of_sbom(Sbom(format="CycloneDX 1.6", subject="web", components=components), "host-1")


def only_package(*components: Component) -> Package:
    found = read(*components)
    assert found.not_assessed == ()
    (package,) = found.facts.all(Package)
    return package


def test_a_debian_package_with_epoch_and_source() -> None:
    package = only_package(
        DEBIAN, component("pkg:deb/debian/libssl3@1:3.0.11-1~deb12u2?arch=amd64&upstream=openssl%403.0.11-1~deb12u2")
    )
    assert package == Package(
        manager=PackageManager.DPKG,
        name="libssl3",
        version="1:3.0.11-1~deb12u2",
        architecture="amd64",
        source_name="openssl",
        source_version="3.0.11-1~deb12u2",
    )


def test_trivys_epoch_qualifier_and_source_properties() -> None:
    properties = {
        "aquasecurity:trivy:SrcName": "vim",
        "aquasecurity:trivy:SrcVersion": "9.0.1378",
        "aquasecurity:trivy:SrcRelease": "2",
        "aquasecurity:trivy:SrcEpoch": "2",
    }
    package = only_package(DEBIAN, component("pkg:deb/debian/xxd@9.0.1378-2?epoch=2", properties))
    assert (package.version, package.source_name, package.source_version) == ("2:9.0.1378-2", "vim", "2:9.0.1378-2")


def test_an_rpm_with_epoch_module_and_source() -> None:
    package = only_package(
        component(
            "pkg:rpm/redhat/nodejs@16.20.2-3.el9?arch=x86_64&epoch=1&distro=rhel-9.4"
            "&upstream=nodejs-16.20.2-3.el9.src.rpm&rpmmod=nodejs:18"
        )
    )
    assert (package.version, package.source_name, package.source_version, package.module) == (
        "1:16.20.2-3.el9",
        "nodejs",
        "1:16.20.2-3.el9",
        "nodejs:18",
    )


def test_subpackage_keeps_the_version_of_its_source() -> None:
    package = only_package(
        component("pkg:rpm/redhat/perl-libs@5.32.1-481.el9?epoch=4&distro=rhel-9&upstream=perl-5.30-1.el9.src.rpm")
    )
    assert package.source_version == "5.30-1.el9"


def test_a_missing_epoch_is_counted() -> None:
    found = read(component("pkg:rpm/redhat/bash@5.1.8-9.el9?distro=rhel-9"))
    assert found.epochs_assumed == 1


def test_an_apk_with_its_origin() -> None:
    package = only_package(component("pkg:apk/alpine/libcrypto3@3.1.4-r5?upstream=openssl&distro=alpine-3.19.1"))
    assert (package.source_name, package.source_version) == ("openssl", "3.1.4-r5")


def test_scoped_npm_packages_keep_their_scope_and_owner() -> None:
    package = only_package(component("pkg:npm/%40angular/core@16.0.0", {"openinspector:owner": "node-angular"}))
    assert (package.name, package.owner) == ("@angular/core", "node-angular")


def test_the_distribution_is_the_one_that_most_purls_name() -> None:
    found = read(
        component("pkg:deb/debian/a@1?distro=debian-12"),
        component("pkg:deb/debian/b@1?distro=debian-12"),
        component("pkg:deb/debian/c@1?distro=debian-11"),
    )
    assert found.facts.distribution == "debian:12"
    assert [missed.reason for missed in found.not_assessed] == [NotAssessedReason.OTHER_DISTRIBUTION]


def test_a_point_release_is_the_same_distribution() -> None:
    assert read(DEBIAN, component("pkg:deb/debian/a@1?distro=debian-12")).not_assessed == ()


@pytest.mark.parametrize(
    ("missed", "reason"),
    [
        (component(""), NotAssessedReason.NO_PURL),
        (component("not a purl"), NotAssessedReason.NO_PURL),
        (component("pkg:golang/github.com/a/b@v1"), NotAssessedReason.UNSUPPORTED_TYPE),
        (component("pkg:deb/debian/a"), NotAssessedReason.NO_VERSION),
        (component("pkg:deb/debian/a@1"), NotAssessedReason.NO_DISTRIBUTION),
    ],
)
def test_unassessed_components_are_listed_with_a_reason(missed: Component, reason: NotAssessedReason) -> None:
    found = read(missed)
    assert [(each.component, each.reason) for each in found.not_assessed] == [(missed, reason)]
    assert found.facts.all(Package) == ()


def test_missing_distribution_is_recorded() -> None:
    facts = read(component("pkg:deb/debian/a@1")).facts
    assert facts.only(OperatingSystem) is None
    assert facts.sensors["os_release"].state is SensorState.PARTIAL


def test_only_managers_with_packages_count_as_read() -> None:
    facts = read(DEBIAN, component("pkg:deb/debian/a@1")).facts
    assert sorted(facts.sensors) == ["dpkg", "os_release"]
    assert facts.sensors["dpkg"].records == 1


def vendored(vendors: list[object], key: str) -> list[tuple[str, str]]:
    components = [
        {"name": f"p{place}", "purl": f"pkg:rpm/almalinux/p{place}@1-1.el9?distro=almalinux-9.4", key: vendor}
        for place, vendor in enumerate(vendors)
    ]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}
    found = facts_of_sbom(read_sbom(json.dumps(document).encode()), "i-0").facts.all(Package)
    return [(package.name, package.vendor) for package in found]


def test_an_rpm_of_another_vendor_than_most_keeps_its_vendor() -> None:
    """Syft writes rpm's vendor as the publisher, Trivy as the supplier."""
    assert vendored(["AlmaLinux", "AlmaLinux", "NGINX Packaging"], "publisher")[2] == ("p2", "NGINX Packaging")
    named = [{"name": "AlmaLinux"}, {"name": "AlmaLinux"}, {"name": "Fedora Project"}]
    assert [vendor for _, vendor in vendored(list(named), "supplier")] == ["", "", "Fedora Project"]


def test_vendors_without_a_majority_say_nothing() -> None:
    for vendors in ([None, None, "X"], ["A", "B"], ["Author of the SBOM"] * 3, [7, ["x"], {"name": 1}]):
        assert {vendor for _, vendor in vendored(list(vendors), "supplier")} == {""}
