import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.api_answers import RUN, widest
from tests.cli.conftest import Command

from openinspector.testing.document_server import DocumentServer
from openinspector.testing.simulated_inspector import InspectorError, SimulatedInspector
from openinspector.testing.throwaway_authority import ThrowawayAuthority

DOCUMENT = b"<!doctype html>" + bytes(200_000)


@pytest.fixture
def download(
    tmp_path: Path, inspector: SimulatedInspector, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DocumentServer]:
    """Where links lead to: a listener of its own, of an authority that is trusted beside the service's."""
    (tmp_path / "documents" / "reports").mkdir(parents=True)
    (tmp_path / "documents" / "reports" / "good").write_bytes(DOCUMENT)
    (tmp_path / "other").mkdir()
    other = ThrowawayAuthority(tmp_path / "other")
    both = tmp_path / "both.pem"
    both.write_text(inspector.ca_file.read_text() + other.ca_file.read_text())
    monkeypatch.setenv("AWS_CA_BUNDLE", str(both))
    monkeypatch.chdir(tmp_path)
    with DocumentServer(tmp_path / "documents", other.server_context()) as server:
        yield server


def link(server: DocumentServer, name: str = "good") -> dict[str, str]:
    return {"status": "COMPLETED", "url": f"{server.url}/reports/{name}"}


def test_a_report_is_waited_for_and_saved_under_the_runs_name(
    command: Command, inspector: SimulatedInspector, download: DocumentServer, tmp_path: Path
) -> None:
    inspector.prepare("GetAssessmentReport", {"status": "WORK_IN_PROGRESS"}, link(download))
    done = command("reports", "get", RUN)
    assert done.status == 0, done.err
    name = f"finding-report-{RUN.rpartition('/')[2]}.html"
    assert done.out == f"{name}\n"
    assert (tmp_path / name).read_bytes() == DOCUMENT
    asked = {"assessmentRunArn": RUN, "reportFileFormat": "HTML", "reportType": "FINDING"}
    assert inspector.inputs("GetAssessmentReport") == [asked, asked]
    assert not list(tmp_path.glob(".*.part"))


def test_type_format_file_and_json(
    command: Command, inspector: SimulatedInspector, download: DocumentServer, tmp_path: Path
) -> None:
    inspector.prepare("GetAssessmentReport", link(download))
    path = tmp_path / "audit.pdf"
    done = command("reports", "get", RUN, "--type", "full", "--format", "pdf", "--output", str(path), "--json")
    assert json.loads(done.out) == {"file": str(path), "bytes": len(DOCUMENT), "type": "FULL", "format": "PDF"}
    (asked,) = inspector.inputs("GetAssessmentReport")
    assert (asked["reportType"], asked["reportFileFormat"]) == ("FULL", "PDF")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"status": "FAILED"}, "could not make the report"),
        (InspectorError("AssessmentRunInProgressException", "wait until it ends"), "wait until it ends"),
        (InspectorError("UnsupportedFeatureException", "The run ended FAILED"), "The run ended FAILED"),
    ],
)
def test_missing_report_is_explained(
    command: Command, inspector: SimulatedInspector, answer: dict[str, str] | InspectorError, message: str
) -> None:
    inspector.prepare("GetAssessmentReport", answer)
    done = command("reports", "get", RUN)
    assert (done.status, done.out) == (1, "")
    assert message in done.err


def test_a_link_that_is_refused_leaves_the_old_file_as_it_was(
    command: Command, inspector: SimulatedInspector, download: DocumentServer, tmp_path: Path
) -> None:
    inspector.prepare("GetAssessmentReport", link(download, "gone"))
    path = tmp_path / "kept.html"
    path.write_text("kept")
    done = command("reports", "get", RUN, "--output", str(path))
    assert done.status == 1
    assert "404" in done.err
    assert path.read_text() == "kept"
    assert not list(tmp_path.glob(".*.part"))


def test_an_authority_that_is_not_trusted_is_refused(
    command: Command, inspector: SimulatedInspector, download: DocumentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(inspector.ca_file))
    inspector.prepare("GetAssessmentReport", link(download))
    done = command("reports", "get", RUN)
    assert done.status == 1
    assert "OPENINSPECTOR_PUBLIC_URL" in done.err


def test_unwritable_file_is_reported(
    command: Command, inspector: SimulatedInspector, download: DocumentServer, tmp_path: Path
) -> None:
    inspector.prepare("GetAssessmentReport", link(download))
    done = command("reports", "get", RUN, "--output", str(tmp_path / "absent" / "report.html"))
    assert done.status == 1
    assert "--output" in done.err


def test_the_help_fits(command: Command) -> None:
    assert widest(command("reports", "get", "--help").out) <= 80
