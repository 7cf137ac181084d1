"""A benchmark report as XCCDF 1.2 results (NIST IR 7275 Rev. 4, 6.6.4): one TestResult without the benchmark."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from xml.etree import ElementTree as ET

from openinspector.cis.report import BenchmarkReport, ControlStatus, ReportedControl, explanation, share_passed
from openinspector.model.foreign_text import printable_line

_NAMESPACE: Final = "http://checklists.nist.gov/xccdf/1.2"
_ID: Final = "xccdf_org.openinspector"
_NO_CHARACTERS: Final = re.compile("[\ufffe\uffff]")
_RESULTS: Final[Mapping[ControlStatus, str]] = {
    ControlStatus.PASSED: "pass",
    ControlStatus.FAILED: "fail",
    ControlStatus.WAIVED: "fail",
    ControlStatus.NOT_JUDGED: "notchecked",
    ControlStatus.NOT_APPLICABLE: "notapplicable",
    ControlStatus.SWITCHED_OFF: "notselected",
}


def xccdf(report: BenchmarkReport, target: str, ended: datetime) -> bytes:
    """Return the results for the host ``target``, judged at ``ended``. A waived control stays ``fail``, with a note."""
    ET.register_namespace("", _NAMESPACE)
    benchmark = report.benchmark
    root = ET.Element(
        _tag("TestResult"),
        {
            "id": f"{_ID}_testresult_{benchmark.id}",
            "version": benchmark.version,
            "end-time": ended.isoformat(timespec="seconds"),
        },
    )
    _text(root, "benchmark", "", href=f"{benchmark.id}.xml", id=f"{_ID}_benchmark_{benchmark.id}")
    _text(root, "title", f"{benchmark.product} Benchmark v{benchmark.version}")
    if report.profile is not None:
        _text(root, "profile", "", idref=f"{_ID}_profile_{report.profile.label.lower().replace(' ', '_')}")
    _text(root, "target", _legal(target))
    for control in report.controls:
        _rule_result(root, control)
    share = share_passed(report.controls)
    _text(root, "score", f"{100 * (share or 0):.2f}", system="urn:xccdf:scoring:flat-unweighted", maximum="100")
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _rule_result(root: ET.Element, reported: ReportedControl) -> None:
    control = reported.control
    element = ET.SubElement(
        root,
        _tag("rule-result"),
        {"idref": f"{_ID}_rule_{control.number}", "severity": str(control.severity.value).lower()},
    )
    _text(element, "result", _RESULTS[reported.status])
    if reported.note:
        _text(element, "message", _legal(reported.note), severity="info")
    _text(element, "message", _legal(f"{control.title}\n{explanation(reported)}"), severity="info")


def _legal(text: str) -> str:
    """Return ``text`` with only characters that XML 1.0 allows, line by line."""
    return "\n".join(_NO_CHARACTERS.sub("\ufffd", printable_line(line)) for line in text.split("\n"))


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    element = ET.SubElement(parent, _tag(name), attributes)
    element.text = text or None


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"
