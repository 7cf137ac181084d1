import json
from typing import Any

import pytest
from tests.cli.api_answers import HOSTILE, RUN, finding, widest
from tests.cli.conftest import Command

from openinspector.cli.findings import what_matters_first
from openinspector.testing.simulated_inspector import SimulatedInspector

LOW = finding("0-1", "Low", "CVE-2020-1")
OLD = finding("0-2", "High", "CVE-2020-2", CVSS3_SCORE="9.8")
NEW = finding("0-3", "High", "CVE-2026-3", CVSS3_SCORE="9.8")
FIXABLE = finding("0-4", "High", "CVE-2019-4", CVSS3_SCORE="9.8", fixed_version="1.2")
CONFIGURATION = finding("0-5", "Medium", "Disable root login over SSH")
INFORMATION = finding("0-6", "Informational", "No potential security issues found")
FOUND = [LOW, OLD, NEW, FIXABLE, CONFIGURATION, INFORMATION]


@pytest.fixture
def prepared(inspector: SimulatedInspector) -> SimulatedInspector:
    inspector.prepare("ListFindings", {"findingArns": [f["arn"] for f in FOUND]})
    inspector.prepare("DescribeFindings", {"findings": FOUND, "failedItems": {}})
    return inspector


def test_most_important_findings_come_first() -> None:
    assert sorted(FOUND, key=what_matters_first) == [FIXABLE, NEW, OLD, CONFIGURATION, LOW, INFORMATION]


def test_exploited_findings_come_first_and_exposure_orders_the_unscored() -> None:
    exploited = finding("0-1", "Medium", "CVE-2020-1", CVSS3_SCORE="5.0", KEV_ADDED="2026-01-02")
    likely = finding("0-2", "High", "CVE-2020-2", CVSS3_SCORE="9.8", EPSS_PROBABILITY="0.90000")
    unlikely = finding("0-3", "High", "CVE-2020-3", CVSS3_SCORE="9.8", EPSS_PROBABILITY="0.00100")
    listening = finding("0-4", "Undefined", "CVE-2020-4", EXPOSURE="LISTENING")
    on_disk = finding("0-5", "Undefined", "CVE-2026-5", EXPOSURE="INSTALLED")
    headers = finding("0-6", "Informational", "Outdated by-product linux-libc-dev")
    shuffled = [on_disk, headers, unlikely, listening, exploited, likely]
    assert sorted(shuffled, key=what_matters_first) == [exploited, likely, unlikely, listening, on_disk, headers]


def test_a_table_of_findings(command: Command, prepared: SimulatedInspector) -> None:
    done = command("findings", "list")
    assert done.status == 0, done.err
    assert widest(done.out) <= 80
    severities = [line.split()[0] for line in done.out.splitlines()[1:] if line[0] != " "]
    assert severities == ["High", "High", "High", "Medium", "Low", "Informational"]
    assert len(prepared.requests) == 2


def test_filters_are_the_apis(command: Command, prepared: SimulatedInspector) -> None:
    options = ("--run", RUN, "--severity", "high", "--severity", "Low", "--rule", "CVE-2020-1", "--agent", "host-1")
    assert command("findings", "list", *options).status == 0
    (asked,) = prepared.inputs("ListFindings")
    assert asked["assessmentRunArns"] == [RUN]
    assert asked["filter"] == {"severities": ["High", "Low"], "ruleNames": ["CVE-2020-1"], "agentIds": ["host-1"]}


@pytest.mark.parametrize(("limit", "shown"), [("2", 2), ("0", 6), ("6", 6)])
def test_limit_reports_the_number_of_omitted_findings(
    command: Command, prepared: SimulatedInspector, limit: str, shown: int
) -> None:
    done = command("findings", "list", "--limit", limit, "--json")
    assert len(json.loads(done.out)) == shown
    assert len(prepared.requests) == 2
    done = command("findings", "list", "--limit", limit)
    assert ("4 more; see --limit." in done.err) == (shown == 2)


def test_no_findings(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListFindings", {"findingArns": []})
    assert command("findings", "list").out == "No findings.\n"
    assert command("findings", "list", "--json").out == "[]\n"


@pytest.mark.parametrize("named", [NEW["arn"], "0-3"])
def test_finding_is_shown_by_arn_or_listed_id(command: Command, prepared: SimulatedInspector, named: str) -> None:
    prepared.prepare("DescribeFindings", {"findings": [NEW], "failedItems": {}})
    done = command("findings", "show", named)
    assert done.status == 0, done.err
    assert widest(done.out) <= 80
    assert "The description." in done.out
    assert "Upgrade it." in done.out
    assert "CVSS3_SCORE: 9.8" in done.out
    assert prepared.inputs("DescribeFindings") == [{"findingArns": [NEW["arn"]]}]
    assert json.loads(command("findings", "show", named, "--json").out)["arn"] == NEW["arn"]


def test_unlisted_id_is_a_usage_error(command: Command, prepared: SimulatedInspector) -> None:
    done = command("findings", "show", "0-9")
    assert done.status == 2
    assert "openinspector findings list" in " ".join(done.err.split())
    assert prepared.inputs("DescribeFindings") == []


def test_a_finding_that_does_not_exist(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("DescribeFindings", {"findings": [], "failedItems": {}})
    done = command("findings", "show", NEW["arn"])
    assert (done.status, done.out) == (1, "")
    assert NEW["arn"] in done.err


@pytest.mark.parametrize("field", ["title", "description", "recommendation"])
def test_host_text_is_neither_markup_nor_control_sequence(
    command: Command, inspector: SimulatedInspector, field: str
) -> None:
    spoiled: dict[str, Any] = {**NEW, field: HOSTILE, "attributes": [{"key": "hostname", "value": HOSTILE}]}
    inspector.prepare("ListFindings", {"findingArns": [NEW["arn"]]})
    inspector.prepare("DescribeFindings", {"findings": [spoiled], "failedItems": {}})
    for arguments in (("list",), ("show", NEW["arn"])):
        done = command("findings", *arguments)
        assert done.status == 0, done.err
        assert "\x1b" not in done.out
        assert "\x07" not in done.out
    assert done.out.count("[/x] [red]") == 2
