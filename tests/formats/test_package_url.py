import pytest

from openinspector.formats.package_url import PackageUrl, parse_package_url


def test_parts_are_percent_decoded() -> None:
    assert parse_package_url("pkg:rpm/redhat/gadget@3.0-1.module%2Bel9?arch=x86_64&rpmmod=gadget:3:1:a") == PackageUrl(
        type="rpm",
        namespace="redhat",
        name="gadget",
        version="3.0-1.module+el9",
        qualifiers={"arch": "x86_64", "rpmmod": "gadget:3:1:a"},
    )


@pytest.mark.parametrize("text", ["", "firefox", "pkg:", "pkg:rpm/", "pkg:rpm/a/b/c", "http://x/y"])
def test_other_texts_are_none(text: str) -> None:
    assert parse_package_url(text) is None


def test_bytes_that_are_no_text_are_replaced() -> None:
    found = parse_package_url("pkg:deb/ubuntu/a@%FF")
    assert found is not None
    assert found.version == "�"
