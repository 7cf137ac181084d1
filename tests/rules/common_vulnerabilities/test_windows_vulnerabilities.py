from dataclasses import replace

import pytest
from tests.engine.test_windows import CVE, HOTPATCH_PAIR, REMEDIES, ROLLUP_FIX, SERVER_2019, SERVER_2022, target

from openinspector.engine.evidence import render_evidence
from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.rule import Detected, NotApplicable, Outcome, Passed, RuleContext, Unable
from openinspector.model.advisory import (
    Advisory,
    FixState,
    KnownExploit,
    Restart,
    Score,
    Status,
    VendorUpdate,
    Vulnerability,
)
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Severity
from openinspector.model.inventory import OperatingSystem, SensorState, SensorStatus
from openinspector.model.windows import WindowsHotfix, WindowsProgram
from openinspector.rules.common_vulnerabilities.windows_vulnerabilities import RULE
from openinspector.testing.detection_texts import ReadDetection, read
from openinspector.testing.windows_hosts import windows_server

OLD = "10.0.20348.2031"
SCORE = Score(version="3.1", base=9.8, vector="CVSS:3.1/AV:N", origin="microsoft")
RATED = replace(HOTPATCH_PAIR, scores=(SCORE,), cwes=("CWE-416",), references=("https://msrc.example/CVE",))
UPDATE = Advisory(
    id=f"2026-Jan/{CVE}",
    feed="microsoft",
    vulnerabilities=(CVE,),
    remedies=(
        VendorUpdate(
            target=target(SERVER_2022, "10.0.20348"),
            update="KB5039227",
            kind="Security Update",
            restart=Restart.REBOOT,
        ),
    ),
)


def outcome(facts: HostFacts, *advisories: Advisory, **options: Vulnerability) -> Outcome:
    index = AdvisoryIndex(advisories, schemes={}, fingerprints={"microsoft": "0"}, vulnerabilities=options)
    return RULE.evaluate(facts, RuleContext(advisories=index))


def detection(facts: HostFacts, *advisories: Advisory) -> ReadDetection:
    found = outcome(facts, *advisories)
    assert isinstance(found, Detected)
    (only,) = found.detections
    return read(only)


def attributes(found: ReadDetection) -> dict[str, str | None]:
    return {attribute.key: attribute.value for attribute in found.attributes}


def gaps(found: Outcome) -> dict[ExclusionKind, str]:
    gap = found if isinstance(found, Unable) else found.unfinished if isinstance(found, Detected | Passed) else None
    return {one.kind: one.reason for one in ((gap, *gap.also) if gap else ())}


def test_a_finding_names_cve_builds_update_restart_and_rating() -> None:
    found = detection(windows_server(OLD), RATED, UPDATE)
    assert found.subject == found.rule_id == CVE
    assert found.severity is Severity.HIGH
    assert attributes(found) == {
        "CVE_ID": CVE,
        "package_name": SERVER_2022,
        "package_version": OLD,
        "fixed_version": "10.0.20348.2458",
        "KB": "KB5039227",
        "RESTART": "yes",
        "ADVISORY_ID": CVE,
        "ADVISORY_FEED": "microsoft",
        "VENDOR_PRIORITY": "UNSPECIFIED",
        "CVSS3_SCORE": "9.8",
        "CVSS3_VECTOR": "CVSS:3.1/AV:N",
        "CVSS3_ORIGIN": "microsoft",
        "CWE": "CWE-416",
    }
    assert found.recommendation == (
        "Install KB5039227 (Security Update), or a later cumulative update, and restart the host."
    )
    assert "Revision 2031 is older than 2458" in render_evidence(found.evidence)


def test_without_monthly_documents_the_build_is_the_goal() -> None:
    found = detection(windows_server(OLD), RATED)
    assert "KB" not in attributes(found)
    assert "raises Windows Server 2022 to build 10.0.20348.2458 or later" in found.recommendation


def test_a_hotpatch_needs_no_restart() -> None:
    hotpatch = replace(UPDATE, remedies=(replace(UPDATE.remedies[0], restart=Restart.NONE),))
    found = detection(windows_server(OLD), RATED, hotpatch)
    assert attributes(found)["RESTART"] == "no"
    assert "restart" not in found.recommendation


@pytest.mark.parametrize(("state", "pending", "restart"), [(112, (), "pending"), (96, ("HKLM\\x",), "pending")])
def test_an_update_that_waits_keeps_the_finding_and_asks_for_a_restart(
    state: int, pending: tuple[str, ...], restart: str
) -> None:
    rollup = WindowsHotfix(kb="KB5039227", package="Package_for_RollupFix", version="20348.2461.1.9", state=state)
    found = detection(windows_server(OLD, rollup, restart_pending=pending), RATED, UPDATE)
    assert found.recommendation.startswith("Restart the host: KB5039227 has the fix")
    assert attributes(found)["RESTART"] == restart
    assert f"is in state {state}" in render_evidence(found.evidence)


def test_known_exploits_and_the_records_own_words_are_shown() -> None:
    record = Vulnerability(id=CVE, kev=KnownExploit(added="2026-01-14"))
    index = AdvisoryIndex([RATED], schemes={}, fingerprints={}, vulnerabilities={CVE: record})
    found = RULE.evaluate(windows_server(OLD), RuleContext(advisories=index))
    assert isinstance(found, Detected)
    assert attributes(read(found.detections[0]))["KEV_ADDED"] == "2026-01-14"


def test_a_host_with_every_fix_passes() -> None:
    found = outcome(windows_server("10.0.20348.2458"), RATED)
    assert isinstance(found, Passed)
    assert found.unfinished is None
    assert "has the fix of all 1 vulnerabilities" in render_evidence(found.evidence)


def test_a_revision_that_is_missing_passes_nothing() -> None:
    found = outcome(windows_server("10.0.20348"), RATED)
    assert isinstance(found, Unable)
    assert "update revision (UBR) of Windows 10.0.20348 is unknown" in found.reason


def test_branch_without_advisories_is_not_supported() -> None:
    found = outcome(windows_server("10.0.17763.1"), RATED)
    assert isinstance(found, Unable)
    assert found.kind is ExclusionKind.RULES_PACKAGE_NOT_SUPPORTED_BY_OS


def test_a_product_that_no_record_names_passes_nothing() -> None:
    found = outcome(windows_server("10.0.17763.1", installation="Client"), replace(RATED, fixes=()), FULL_2019)
    assert isinstance(found, Unable)
    assert "No advisory names Windows 10 Version 1809" in found.reason


FULL_2019 = Advisory(
    id="CVE-2026-0002",
    feed="microsoft",
    vulnerabilities=("CVE-2026-0002",),
    statuses=(
        Status(target=target(SERVER_2019, "10.0.17763"), state=FixState.UNDER_INVESTIGATION, word="publication"),
    ),
)


def test_vulnerabilities_without_a_build_are_counted() -> None:
    found = outcome(windows_server("10.0.17763.1"), FULL_2019)
    assert isinstance(found, Passed)
    reason = gaps(found)[ExclusionKind.UNKNOWN_BUILDS]
    assert reason == "Of 1 vulnerabilities of Windows Server 2019 no fixed build is published: CVE-2026-0002."


def test_programs_are_listed_as_not_assessed() -> None:
    programs = [WindowsProgram(name=f"Program {number:02}", version="1.0") for number in range(12)]
    reason = gaps(outcome(windows_server(OLD, *programs), RATED))[ExclusionKind.PROGRAMS]
    assert reason.startswith("12 installed programs are inventory and not assessed: Program 00 1.0, ")
    assert reason.endswith("Program 09 1.0, ….")


def test_assumed_installation_type_is_shown() -> None:
    found = outcome(windows_server("10.0.17763.1", installation=None, name="Windows Server 2019 Standard"), FULL_2019)
    reason = gaps(found)[ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE]
    assert "It was assessed as Windows Server 2019." in reason


def test_holes_in_supersedence_are_evidence() -> None:
    found = detection(windows_server("6.3.9600.21000"), ROLLUP_FIX, REMEDIES)
    text = render_evidence(found.evidence)
    assert "None of KB5039294, KB5039282 is installed" in text
    assert "does not say what KB5039282 supersedes" in text


def test_before_windows_10_updates_that_were_not_read_leave_a_gap() -> None:
    facts = windows_server("6.3.9600.21000")
    unread = SensorStatus(sensor="windows_hotfixes", state=SensorState.PARTIAL, records=0)
    facts = replace(facts, sensors={**facts.sensors, "windows_hotfixes": unread})
    assert "windows_hotfixes" in gaps(outcome(facts, ROLLUP_FIX))[ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE]


def test_other_systems_are_not_judged() -> None:
    linux = HostFacts(agent_id="i-1", records={OperatingSystem: (OperatingSystem(id="debian", version_id="12"),)})
    assert isinstance(outcome(linux, RATED), NotApplicable)
    assert isinstance(outcome(HostFacts(agent_id="i-1"), RATED), Unable)
