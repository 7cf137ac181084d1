import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from openinspector.model.purl import MAX_LENGTH, Purl, parse_purl

CASES = [
    ("pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?arch=amd64&distro=debian-12", ("debian", "curl", "7.88.1-10+deb12u5")),
    ("pkg:rpm/redhat/openssl@3.0.7-24.el9?arch=x86_64&epoch=1", ("redhat", "openssl", "3.0.7-24.el9")),
    ("pkg:npm/%40angular/core@16.0.0", ("@angular", "core", "16.0.0")),
    ("pkg:npm/@angular/core@16.0.0", ("@angular", "core", "16.0.0")),
    ("pkg:npm/@angular/core", ("@angular", "core", "")),
    ("pkg:golang/github.com/a/b@v1.2.3#sub/path", ("github.com/a", "b", "v1.2.3")),
    ("PKG:PyPI/Django@4.2", ("", "Django", "4.2")),
    ("pkg://deb/debian/x@1", ("debian", "x", "1")),
    ("pkg:deb/debian/x@1%3A2.0-1", ("debian", "x", "1:2.0-1")),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_parts_of_a_purl(text: str, expected: tuple[str, str, str]) -> None:
    purl = parse_purl(text)
    assert purl is not None
    assert (purl.namespace, purl.name, purl.version) == expected


@pytest.mark.parametrize(
    "text", ["", "deb/x@1", "pkg:", "pkg:deb", "pkg:deb/", "pkg:@1", "https://x", "x" * (MAX_LENGTH + 1)]
)
def test_invalid_text_is_none(text: str) -> None:
    assert parse_purl(text) is None


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=20)


@given(
    kind=st.sampled_from(["deb", "rpm", "apk", "alpm"]),
    namespace=_WORDS.filter(lambda text: "/" not in text),
    name=_WORDS.filter(lambda text: "/" not in text),
    version=_WORDS.filter(lambda text: "/" not in text),
    arch=_WORDS,
)
def test_agrees_with_the_reference_library(kind: str, namespace: str, name: str, version: str, arch: str) -> None:
    reference = PackageURL(type=kind, namespace=namespace, name=name, version=version, qualifiers={"arch": arch})
    parsed = PackageURL.from_string(reference.to_string())
    assert parse_purl(reference.to_string()) == Purl(
        type=kind,
        namespace=parsed.namespace or "",
        name=parsed.name,
        version=parsed.version or "",
        qualifiers=parsed.qualifiers,
    )


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    for each in (text, f"pkg:deb/{text}"):
        purl = parse_purl(each)
        assert purl is None or purl.name
