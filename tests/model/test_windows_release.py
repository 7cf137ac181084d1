import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.windows_release import (
    PRODUCTS,
    architecture_named,
    only_installation,
    parse_product_name,
    parse_windows_version,
    products_of,
)


@pytest.mark.parametrize(
    ("text", "branch", "revision"),
    [
        ("10.0.20348.2031", "10.0.20348", 2031),
        ("10.0.20348", "10.0.20348", None),
        ("10.0.19045.4780", "10.0.19041", 4780),
        ("10.0.22631.4037", "10.0.22621", 4037),
        ("10.0.26200.1", "10.0.26100", 1),
        ("6.0.6003.22825", "6.0.6003", 22825),
        ("6.0.6002.24298", "6.0.6003", 0),
    ],
)
def test_branches(text: str, branch: str, revision: int | None) -> None:
    version = parse_windows_version(text)
    assert version is not None
    assert (version.branch, version.revision_of_branch, str(version)) == (branch, revision, text)


@pytest.mark.parametrize("text", ["", "10.0", "10.0.20348.", "10.0.20348.2031.1", "٣.0.1", "publication", "1" * 5000])
def test_rejects_invalid_versions(text: str) -> None:
    assert parse_windows_version(text) is None


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    parse_windows_version(text)
    parse_product_name(text)
    architecture_named(text)


@pytest.mark.parametrize(
    ("text", "title", "core", "architecture"),
    [
        ("Windows Server 2019", "Windows Server 2019", False, ""),
        ("Windows Server 2019 (Server Core installation)", "Windows Server 2019", True, ""),
        ("Windows Server 2008  Service Pack 2", "Windows Server 2008 Service Pack 2", False, ""),
        ("Windows Server, version 1803  (Server Core Installation)", "Windows Server, version 1803", True, ""),
        ("Windows 10 Version 1903 for ARM64-based Systems", "Windows 10 Version 1903", False, "aarch64"),
        ("Windows 11 version 22H3", "Windows 11 Version 23H2", False, ""),
        (
            "Windows Server 2022, 23H2 Edition (Server Core installation)",
            "Windows Server 2022, 23H2 Edition",
            True,
            "",
        ),
    ],
)
def test_product_names(text: str, title: str, core: bool, architecture: str) -> None:  # noqa: FBT001 - a column
    found = parse_product_name(text)
    assert found.product is not None
    assert (found.product.title, found.core, found.architecture) == (title, core, architecture)


@pytest.mark.parametrize("text", ["Windows Admin Center", "Windows Subsystem for Linux (WSL2)", "Windows Defender", ""])
def test_programs_are_not_releases(text: str) -> None:
    assert not parse_product_name(text).is_windows


def test_a_release_that_is_not_in_the_table_is_one() -> None:
    found = parse_product_name("Windows 12 Version 31H1 for x64-based Systems")
    assert (found.product, found.is_windows, found.architecture) == (None, True, "x86_64")


def test_products_of_a_build() -> None:
    def titles(text: str, *, server: bool) -> list[str]:
        version = parse_windows_version(text)
        assert version is not None
        return [product.title for product in products_of(version, server=server)]

    assert titles("10.0.17763.1", server=True) == ["Windows Server 2019"]
    assert titles("10.0.17763.1", server=False) == ["Windows 10 Version 1809"]
    assert titles("10.0.22631.1", server=False) == ["Windows 11 Version 23H2"]
    assert titles("6.0.6002.1", server=True) == ["Windows Server 2008 Service Pack 2"]
    assert titles("10.0.19045.1", server=True) == []


@pytest.mark.parametrize(
    ("text", "only"), [("10.0.20348", True), ("10.0.19045", False), ("10.0.17763", None), ("10.0.99999", None)]
)
def test_builds_of_one_installation_type(text: str, only: bool | None) -> None:  # noqa: FBT001 - a column
    version = parse_windows_version(text)
    assert version is not None
    assert only_installation(version) is only


def test_names_are_unique() -> None:
    names = [name for product in PRODUCTS for name in product.names]
    assert len(set(names)) == len(names)
    assert len({(product.build, product.server) for product in PRODUCTS}) == len(PRODUCTS)
