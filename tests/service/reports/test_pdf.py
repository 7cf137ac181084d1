"""The PDF report: read back with pdftotext, and no word of anybody's is markup."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.model.foreign_text import printable
from openinspector.service.reports.content import ReportContent
from openinspector.service.reports.pdf import render_pdf
from openinspector.testing import report_builders as reports

HOSTILE = '#panic("owned") #read("/etc/passwd") $x^2$ *b* _i_ @ref <lbl> `raw` ]#[ \\u{41} // https://evil.example "}'
needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs poppler's tools")


def written(content: ReportContent, folder: Path) -> Path:
    path = folder / "report.pdf"
    path.write_bytes(render_pdf(content))
    return path


def text_of(path: Path) -> str:
    """Return the text with every white space one blank, and without the places where long words may break."""
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True)
    return " ".join(done.stdout.decode().replace("\u200b", "").split())


def info_of(path: Path) -> dict[str, str]:
    done = subprocess.run(["pdfinfo", str(path)], capture_output=True, check=True)
    lines = (line.partition(":") for line in done.stdout.decode().splitlines())
    return {key: value.strip() for key, _, value in lines}


@needs_poppler
def test_pdf_has_the_text_of_the_html_report(tmp_path: Path) -> None:
    path = written(reports.small(), tmp_path)
    text = text_of(path)
    for words in (
        "Quarterly assessment",
        "4 findings on 3 of 3 instances",
        "CVE-2026-0001",
        "host-3.example",
        "openssl 3.0.1 is installed",
        "Set PermitRootLogin to no.",
        "Let the agent read /etc/ssh.",
        "Support SSH version 2 only",
        "Ticket SEC-1",
    ):
        assert words in text
    info = info_of(path)
    pages = int(info["Pages"])
    assert f"Page {pages} of {pages}" in text
    assert (info["Title"], info["Tagged"]) == ("Full report: Quarterly assessment", "yes")


@needs_poppler
def test_bookmarks_and_contents(tmp_path: Path) -> None:
    path = written(reports.small(), tmp_path)
    # The outline's titles are texts of the file's objects; pdftohtml reads them as any viewer does.
    done = subprocess.run(["pdftohtml", "-xml", "-stdout", "-i", str(path)], capture_output=True, check=True)
    (outline,) = re.findall(r"<outline>.*</outline>", done.stdout.decode(), flags=re.DOTALL)
    titles = re.findall(r"<item[^>]*>([^<]*)</item>", outline)
    assert [title for title in titles if title in ("Summary", "Findings", "CVE-2026-0001", "Rules checked")] == [
        "Summary",
        "Findings",
        "CVE-2026-0001",
        "Rules checked",
    ]
    assert "Contents Summary" in text_of(path)


@needs_poppler
def test_hostile_text_is_not_executed(tmp_path: Path) -> None:
    text = text_of(written(reports.with_words(printable(HOSTILE)), tmp_path))
    assert '#panic("owned") #read("/etc/passwd") $x^2$ *b* _i_ @ref' in text
    assert "root:" not in text


@settings(max_examples=40)
@given(words=st.text(min_size=1, max_size=40) | st.from_regex(r"[#$*_@<>`\[\]{}\\/\"a-z(){2}]{1,30}"))
def test_any_text_can_be_printed(words: str) -> None:
    assert render_pdf(reports.with_words(printable(words))).startswith(b"%PDF-")


@needs_poppler
def test_a_shortened_report_states_what_is_omitted(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(render_pdf(reports.large(30, 20), 20_000))
    text = text_of(path)
    assert "This document is shortened." in text
    assert "25 more findings of this remedy: see the HTML report." in text
    assert "Further remedies" in text
    assert "CVE-2026-00020" in text


@needs_poppler
def test_empty_report(tmp_path: Path) -> None:
    text = text_of(written(reports.frame(hosts=0), tmp_path))
    assert "No findings on 0 instances" in text
    assert "No instance took part in this run" in text
