"""The HTML report: whole, self-contained, readable, and no word of anybody's is markup."""

import base64
import hashlib
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.reports.browser import browse, needs_chromium, requests_of, screenshot

from openinspector.model.foreign_text import printable
from openinspector.model.report import ReportType
from openinspector.service.reports.content import ReportContent
from openinspector.service.reports.html import duration_text, moment_text, render_html
from openinspector.testing import report_builders as reports

GOLDEN = Path(__file__).parent / "golden" / "small.html"
HOSTILE = (
    "<script>document.title='owned'</script><img src='https://tracker.example/x' onerror=\"document.title='owned'\">"
    "</style></title></script><!-- ]]> {{7*7}} {% raw %} &lt; \" ' javascript:alert(1)"
)
VOID = {"meta", "rect", "br", "input", "img", "link"}


class Page(HTMLParser):
    """Every element with its attributes, every text, and whether elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.balanced = True
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.balanced = False

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def shape(self) -> list[str]:
        return [tag for tag, _ in self.elements]


def rendered(content: ReportContent) -> str:
    return b"".join(render_html(content)).decode()


def written(content: ReportContent, folder: Path) -> Path:
    path = folder / "report.html"
    path.write_text(rendered(content))
    return path


def test_small_report_matches_golden_file() -> None:
    body = re.sub(r"(<(style|script)>).*?(</\2>)", r"\1…\3", rendered(reports.small()), flags=re.DOTALL)
    body = re.sub(r"sha256-[\w+/=]+", "sha256-…", body)
    if os.environ.get("OPENINSPECTOR_GOLDEN") == "write":
        GOLDEN.write_text(body)
    assert body == GOLDEN.read_text()


def test_page_is_complete_and_well_formed() -> None:
    page = Page(rendered(reports.small()))
    assert page.balanced
    assert page.open == []
    text = " ".join(page.words)
    for word in (
        "CVE-2026-0001",
        "host-3.example",
        "Set PermitRootLogin to no.",
        "Let the agent read /etc/ssh.",
        "SEC-1",
    ):
        assert word in text


def test_a_finding_report_has_no_rules_that_passed() -> None:
    content = reports.small()
    full, finding = (
        Page(rendered(ReportContent(**{**_fields(content), "type": type_})))
        for type_ in (ReportType.FULL, ReportType.FINDING)
    )
    assert "Support SSH version 2 only" in full.words
    assert "Support SSH version 2 only" not in finding.words


def _fields(content: ReportContent) -> dict[str, Any]:
    return {name: getattr(content, name) for name in ReportContent.__dataclass_fields__}


def test_page_is_self_contained() -> None:
    page = Page(rendered(reports.with_words(printable(HOSTILE))))
    for tag, attributes in page.elements:
        assert tag not in {"img", "link", "iframe", "object", "embed", "base", "form", "audio", "video"}
        assert not attributes.keys() & {"src", "srcset", "action", "onerror", "onload", "style", "background"}
        assert (attributes.get("href") or "#").startswith("#")


def test_the_policy_allows_the_style_and_the_script_in_it_and_nothing_else() -> None:
    text = rendered(reports.small())
    (policy,) = [
        attributes["content"] or ""
        for tag, attributes in Page(text).elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


@given(words=st.text(max_size=60) | st.just(HOSTILE) | st.from_regex(r"[<>&\"'{}%/a!-]{1,20}"))
def test_text_is_never_markup(words: str) -> None:
    shown = printable(words)
    page, harmless = Page(rendered(reports.with_words(shown))), Page(rendered(reports.with_words("x")))
    # Texts that are empty may leave out the element around them; words that are there never add one.
    if shown:
        assert page.shape == harmless.shape
        assert any(shown.replace("\r", "\n").strip() in text for text in page.words) or not shown.strip()
    assert page.balanced


def test_the_page_can_be_read_by_all() -> None:
    page = Page(rendered(reports.small()))
    tags = [tag for tag, _ in page.elements]
    assert {"header", "nav", "main", "footer"} <= set(tags)
    assert tags.count("h1") == 1
    for tag, attributes in page.elements:
        if tag == "th":
            assert attributes.get("scope") in {"col", "row", "rowgroup"}
        if tag == "svg":
            assert attributes["aria-label"]
    named = {attributes.get("id") for _, attributes in page.elements}
    for tag, attributes in page.elements:
        if tag == "a":
            assert (attributes["href"] or "")[1:] in named


@needs_chromium
def test_chromium_makes_no_request(tmp_path: Path) -> None:
    page = written(reports.with_words(printable(HOSTILE)), tmp_path)
    assert requests_of(page, tmp_path) == []
    assert "<title>owned</title>" not in browse(page, tmp_path, "--dump-dom")


@needs_chromium
def test_check_detects_requests(tmp_path: Path) -> None:
    page = tmp_path / "leaky.html"
    page.write_text("<img src='https://tracker.example/x'>")
    assert requests_of(page, tmp_path) == ["https://tracker.example/x"]


@needs_chromium
@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_is_wider_than_the_window(tmp_path: Path, width: int) -> None:
    page = written(reports.with_words(printable("W" * 300)), tmp_path)
    assert screenshot(page, tmp_path, width).stat().st_size > 10_000
    outside = tmp_path / "frame.html"
    # A window is never narrower than 500 pixels; a frame is.
    outside.write_text(f"<iframe id=f width={width} height=900 style='border:0' srcdoc=''></iframe>")
    frame = outside.read_text().replace(
        "srcdoc=''", f"srcdoc='{page.read_text().replace('&', '&amp;').replace(chr(39), '&#39;')}'"
    )
    outside.write_text(
        f"{frame}<script>f.onload=()=>{{const d=f.contentDocument.documentElement;"
        "document.title=`${d.scrollWidth} of ${d.clientWidth}`}</script>"
    )
    seen = re.search(
        r"<title>(\d+) of (\d+)</title>", browse(outside, tmp_path, "--virtual-time-budget=5000", "--dump-dom")
    )
    assert seen is not None
    assert int(seen[1]) <= int(seen[2]) <= width


@needs_chromium
def test_the_filter_works_and_is_not_needed(tmp_path: Path) -> None:
    page = written(reports.small(), tmp_path)
    with_script = browse(page, tmp_path, "--dump-dom")
    assert re.search(r'<div id="tools"[^>]*>', with_script)
    assert not re.search(r'<div id="tools"[^>]* hidden', with_script)
    assert re.search(r'<div id="tools"[^>]* hidden', page.read_text())


def test_times_and_durations_are_readable() -> None:
    assert moment_text(None) == "–"
    assert moment_text(reports.small().made_at) == "2026-01-01 14:00:00 UTC"
    assert [duration_text(seconds) for seconds in (180, 3600, 86_400, 90, 1)] == [
        "3 minutes",
        "1 hour",
        "1 day",
        "90 seconds",
        "1 second",
    ]
