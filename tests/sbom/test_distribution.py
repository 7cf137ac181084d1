import pytest

from openinspector.sbom.distribution import Distribution, distribution_of, parse_distribution


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("debian", "12", "debian:12"),
        ("debian", "12.5", "debian:12.5"),
        ("debian", "bookworm", "debian:12"),
        ("ubuntu", "22.04", "ubuntu:22.04"),
        ("Ubuntu", "jammy", "ubuntu:22.04"),
        ("redhat", "9.4", "rhel:9.4"),
        ("alma", "9.3", "almalinux:9.3"),
        ("amazon", "2 (Karoo)", "amzn:2"),
        ("amazon", "2023.4.20240319 (Amazon Linux)", "amzn:2023.4.20240319"),
        ("amazon", "AMI release 2018.03", "amzn:2018.03"),
        ("oracle", "8.9", "ol:8.9"),
        ("opensuse.leap", "15.5", "opensuse-leap:15.5"),
        ("suse linux enterprise server", "15.4", "sles:15.4"),
        ("cbl-mariner", "2.0.20240123", "mariner:2.0.20240123"),
        ("alpine", "v3.19.1", "alpine:3.19.1"),
        ("arch", "", "arch:"),
    ],
)
def test_operating_system_components(name: str, version: str, expected: str) -> None:
    found = distribution_of(name, version)
    assert found is not None
    assert f"{found.id}:{found.version}" == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("debian-12", Distribution("debian", "12")),
        ("bookworm", Distribution("debian", "12")),
        ("debian-bookworm", Distribution("debian", "12")),
        ("jammy", Distribution("ubuntu", "22.04")),
        ("ubuntu-22.04", Distribution("ubuntu", "22.04")),
        ("rhel-9.4", Distribution("rhel", "9.4")),
        ("alpine-3.20.1", Distribution("alpine", "3.20.1")),
        ("opensuse-leap-15.5", Distribution("opensuse-leap", "15.5")),
        ("amzn-2", Distribution("amzn", "2")),
        ("arch", Distribution("arch", "")),
        ("", None),
        ("somewhere", None),
    ],
)
def test_distro_qualifiers(text: str, expected: Distribution | None) -> None:
    assert parse_distribution(text) == expected


def test_component_without_a_name_is_ignored() -> None:
    assert distribution_of(" ", "12") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alpine-3.21.0_alpha20240807", Distribution("alpine", "3.21.0_alpha20240807")),
        ("amazon-2 (Karoo)", Distribution("amzn", "2")),
        ("amazon-2023.3.20240312 (Amazon Linux)", Distribution("amzn", "2023.3.20240312")),
        ("arch-rolling", Distribution("arch", "")),
        ("debian-trixie/sid", Distribution("debian", "13")),
        ("sid", Distribution("debian", "sid")),
        ("resolute", Distribution("ubuntu", "26.04")),
        ("suse linux enterprise server-15.3", Distribution("sles", "15.3")),
    ],
)
def test_releases_as_generators_write_them_that_have_no_plain_number(text: str, expected: Distribution) -> None:
    assert parse_distribution(text) == expected


def test_alpine_edge_is_not_the_release_it_precedes() -> None:
    assert distribution_of("alpine", "3.21.0_alpha20240807") == Distribution("alpine", "3.21.0_alpha20240807")
    assert distribution_of("debian", "trixie/sid") == Distribution("debian", "13")
