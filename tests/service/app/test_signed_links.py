"""Links end, and are good for the item and the kind they were made for alone."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.app.signed_links import EXPORTS, SignedLinks
from openinspector.testing import model_builders as builders

REPORT = "00000000-0000-4000-8000-000000000001"
NOW = builders.START
LINKS = SignedLinks(bytes(range(32)), "https://inspector.example:8443")


def parts(url: str) -> tuple[str, str, str]:
    """Return report, expiry and signature of a link."""
    split = urlsplit(url)
    query = parse_qs(split.query)
    return split.path.rpartition("/")[2], query["expires"][0], query["signature"][0]


def test_link_is_valid_for_an_hour() -> None:
    report, expires, signature = parts(LINKS.make(REPORT, NOW))
    assert report == REPORT
    for later, good in ((0, True), (3598, True), (3600, False), (86_400, False)):
        assert LINKS.is_good(report, expires, signature, NOW + timedelta(seconds=later)) is good


def test_a_link_fits_the_api_and_begins_with_the_public_url() -> None:
    url = SignedLinks(bytes(32), f"https://{'h' * 250}.example/{'p' * 300}/").make(REPORT, NOW)
    assert len(url) <= 2048
    assert url.startswith(f"https://{'h' * 250}.example/{'p' * 300}/reports/{REPORT}?")


def test_link_of_another_installation_is_refused() -> None:
    other = SignedLinks(bytes(32), "https://inspector.example:8443")
    assert not LINKS.is_good(*parts(other.make(REPORT, NOW)), NOW)


@pytest.mark.parametrize("later", [1, 3600, 10**9])
def test_expiry_cannot_be_extended(later: int) -> None:
    report, expires, signature = parts(LINKS.make(REPORT, NOW))
    assert not LINKS.is_good(report, str(int(expires) + later), signature, NOW)


@given(place=st.integers(0, 2), changed=st.text(max_size=80))
def test_altered_links_are_refused(place: int, changed: str) -> None:
    whole = parts(LINKS.make(REPORT, NOW))
    report, expires, signature = (changed if number == place else part for number, part in enumerate(whole))
    assert LINKS.is_good(report, expires, signature, NOW) is (whole[place] == changed)


def test_a_link_of_another_kind_is_refused() -> None:
    export = SignedLinks(bytes(range(32)), "https://inspector.example:8443", EXPORTS).make(REPORT, NOW)
    assert "/exports/" in export
    assert not LINKS.is_good(*parts(export), NOW)
