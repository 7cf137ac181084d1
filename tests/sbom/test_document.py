import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.sbom import document
from openinspector.sbom.document import Component, SbomError, is_sbom, read_sbom

CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"component": {"type": "container", "name": "web:1.0"}},
    "components": [
        {"type": "operating-system", "name": "debian", "version": "12.5"},
        {
            "type": "library",
            "name": "curl",
            "version": "7.88.1-10",
            "purl": "pkg:deb/debian/curl@7.88.1-10",
            "properties": [{"name": "aquasecurity:trivy:SrcName", "value": "curl"}, {"name": "empty"}],
            "components": [{"type": "library", "name": "inner", "purl": "pkg:pypi/inner@1"}],
        },
        {"type": "file", "name": "/etc/passwd"},
    ],
}
SPDX = {
    "spdxVersion": "SPDX-2.3",
    "name": "web",
    "packages": [
        {"name": "debian", "versionInfo": "12", "primaryPackagePurpose": "OPERATING-SYSTEM"},
        {
            "name": "curl",
            "versionInfo": "7.88.1-10",
            "externalRefs": [
                {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:curl"},
                {"referenceType": "purl", "referenceLocator": "pkg:deb/debian/curl@7.88.1-10"},
            ],
        },
    ],
}
SPDX_3 = {
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "@graph": [
        {"type": "SpdxDocument", "name": "web"},
        {"type": "software_Package", "name": "curl", "software_packageUrl": "pkg:deb/debian/curl@7.88.1-10"},
        {"type": "Relationship", "from": "x", "to": ["y"]},
    ],
}


def written(value: object) -> bytes:
    return json.dumps(value).encode()


def test_cyclonedx_with_nested_components() -> None:
    sbom = read_sbom(written(CYCLONEDX))
    assert (sbom.format, sbom.subject) == ("CycloneDX 1.6", "web:1.0")
    assert [component.name for component in sbom.components] == ["web:1.0", "debian", "curl", "inner"]
    assert sbom.components[2].properties == {"aquasecurity:trivy:SrcName": "curl"}
    assert sbom.operating_system == sbom.components[1]


def test_spdx_2() -> None:
    sbom = read_sbom(written(SPDX))
    assert (sbom.format, sbom.subject) == ("SPDX 2.3", "web")
    assert sbom.components[1] == Component(name="curl", version="7.88.1-10", purl="pkg:deb/debian/curl@7.88.1-10")
    assert sbom.operating_system == sbom.components[0]


def test_spdx_3() -> None:
    sbom = read_sbom(written(SPDX_3))
    assert (sbom.format, sbom.subject, [component.name for component in sbom.components]) == ("SPDX 3", "web", ["curl"])


@pytest.mark.parametrize("value", [CYCLONEDX, SPDX, SPDX_3])
def test_sboms_are_recognized(value: object) -> None:
    assert is_sbom(b" \n" + written(value))


@pytest.mark.parametrize("content", [b"", b"[]", b'{"sensor":"dpkg"}', b'{"bomFormat":', b"\xff\xfe{", b"{" * 10_000])
def test_other_content_is_not_an_sbom(content: bytes) -> None:
    assert not is_sbom(content)


def test_components_nested_too_deep_are_refused() -> None:
    component: dict[str, object] = {"name": "leaf"}
    for _ in range(document.MAX_DEPTH):
        component = {"name": "outer", "components": [component]}
    with pytest.raises(SbomError, match="nested more than 20 deep"):
        read_sbom(written({"bomFormat": "CycloneDX", "components": [component]}))


def test_nesting_beyond_the_parser_limit_is_refused() -> None:
    with pytest.raises(SbomError, match="cannot be read"):
        read_sbom(b'{"bomFormat":"CycloneDX","components":[' + b'{"components":[' * 100_000)


def test_too_many_components_are_refused() -> None:
    content = b'{"bomFormat":"CycloneDX","components":[' + b"{}," * document.MAX_COMPONENTS + b"{}]}"
    with pytest.raises(SbomError, match="more than 200000"):
        read_sbom(content)


def test_a_document_of_another_kind_is_refused_with_advice() -> None:
    with pytest.raises(SbomError, match="neither CycloneDX nor SPDX") as caught:
        read_sbom(b"{}")
    assert "cyclonedx-json" in caught.value.advice


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        read_sbom(content)
    except SbomError:
        return
