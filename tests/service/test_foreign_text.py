"""Text that hosts and users wrote, at each edge of the service that renders it (`openinspector.model.foreign_text`)."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.service.gateway_world import AGENT, RUN, World, envelope, package, plaintext

from openinspector.engine.evidence import render_evidence
from openinspector.model.evidence import Evidence
from openinspector.model.foreign_text import is_printable_line, printable
from openinspector.model.inventory import Package, SensorState, SensorStatus
from openinspector.service.api.audit import ApiCall, render_event
from openinspector.service.api.errors import ApiError
from openinspector.service.reports.html import render_html
from openinspector.service.reports.pdf import render_pdf
from openinspector.testing import model_builders as builders
from openinspector.testing import report_builders as reports
from openinspector.testing.fake_clock import EPOCH

HOSTILE = "zlib\n- Root login: no issues\x1b[2K\x9b1A\u202egpj.\u2066\r\x07"


def is_harmless(text: str) -> bool:
    return printable(text) == text


def test_line_feed_of_a_host_cannot_forge_a_line(tmp_path: Path) -> None:
    world = World(folder=tmp_path)
    status = SensorStatus(sensor="dpkg", state=SensorState.OK, records=2, details=(HOSTILE,))
    sent = [("dpkg", package(HOSTILE)), ("dpkg", package("plain")), ("dpkg", status)]
    world.telemetry.ingest(AGENT, envelope(content=plaintext(sent)))
    facts = world.telemetry.facts_of(RUN, AGENT)
    names = [found.name for found in facts.all(Package)]
    assert names[1] == "plain"
    assert all(is_printable_line(name) for name in (*names, *facts.sensors["dpkg"].details))
    assert names[0].startswith("zlib\ufffd- Root login")


def test_evidence_has_one_line_for_each_statement() -> None:
    tree = Evidence(statement=HOSTILE, source=HOSTILE, because=(Evidence(statement=HOSTILE),))
    shown = render_evidence(tree)
    assert len(shown.splitlines()) == 2
    assert is_harmless(shown)


def test_a_html_report_is_harmless() -> None:
    page = b"".join(render_html(reports.with_words(HOSTILE))).decode()
    assert is_harmless(page)
    assert "zlib" in page


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs poppler")
def test_a_pdf_report_is_harmless(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(render_pdf(reports.with_words(HOSTILE)))
    done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True)
    text = done.stdout.decode().replace("\f", "").replace("\u200b", "")
    assert is_harmless(text)
    assert "zlib" in text


def test_the_audit_log_is_harmless_and_keeps_the_values() -> None:
    call = ApiCall(request_id="1", at=EPOCH, source="192.0.2.1", user_agent=HOSTILE, operation="x", arguments={})
    line = render_event(call, ApiError("InternalException", HOSTILE), builders.REALM, "2")
    assert is_printable_line(line.decode())
    assert json.loads(line)["errorMessage"] == HOSTILE
