"""Coverage of a run over the API."""

from dataclasses import replace

from tests.service.api.operations.caller import Caller

from openinspector.engine.coverage import Gap, PackageCoverage, Verdict
from openinspector.model.arn import RunArn
from openinspector.model.inventory import PackageManager
from openinspector.service.ports.coverage_store import HostCoverage
from openinspector.testing import model_builders as builders


def packages() -> tuple[PackageCoverage, ...]:
    """Return one package of each conclusion."""
    gap = PackageCoverage(
        name="vi",
        version="1-1",
        architecture="amd64",
        manager=PackageManager.DPKG,
        verdict=Verdict.NOT_ASSESSED,
        reason=Gap.NO_STATEMENT,
    )
    fixed = replace(
        gap,
        name="bash",
        version="3-1",
        verdict=Verdict.NOT_AFFECTED,
        reason="",
        advisory="CVE-2026-1",
        stream="debian:12",
        statement="FIXED",
        compared="3-1",
        with_version="2-1",
    )
    affected = replace(fixed, name="curl", version="1-1", verdict=Verdict.AFFECTED, vulnerabilities=2, compared="1-1")
    return affected, fixed, gap


def covered_run(call: Caller) -> RunArn:
    """Start a run and record the coverage of one host."""
    agent = call.built.heartbeat(1)
    run = call.run(call.template(call.target()))
    name = call.built.around.coverage_vault.put(run, {agent.id: packages()})
    assert name is not None
    call.built.stores.coverage.record(
        run,
        [
            HostCoverage(
                agent_id=agent.id,
                counts={"AFFECTED": 1, "NOT_AFFECTED": 1, "NO_STATEMENT": 1},
                scored=1,
                unscored=1,
                score_sources={"kev": "2026-11-24T00:00:00+00:00"},
                object_name=name,
            )
        ],
    )
    return run


def test_numbers(call: Caller) -> None:
    found = call("GetRunCoverage", assessmentRunArn=covered_run(call))
    assert found == {
        "hosts": 1,
        "affected": 1,
        "notAffected": 1,
        "notAssessed": [{"reason": "NO_STATEMENT", "message": "no loaded advisory names the package", "packages": 1}],
        "scoredFindings": 1,
        "unscoredFindings": 1,
        "scoreSources": [{"feed": "kev", "date": "2026-11-24T00:00:00+00:00"}],
    }


def test_packages_in_pages(call: Caller) -> None:
    run = covered_run(call)
    pages = call.pages("ListPackageCoverage", "packages", assessmentRunArn=run, maxResults=2)
    assert [[package["name"] for package in page] for page in pages] == [["curl", "bash"], ["vi"]]
    assert pages[1][0] == {
        "agentId": builders.agent_id(1),
        "name": "vi",
        "version": "1-1",
        "architecture": "amd64",
        "manager": "dpkg",
        "verdict": "NOT_ASSESSED",
        "reason": "NO_STATEMENT",
        "message": "no loaded advisory names the package",
        "vulnerabilities": 0,
    }
    assert call("ListPackageCoverage", assessmentRunArn=run, agentIds=[builders.agent_id(2)]) == {"packages": []}


def test_packages_are_gone_with_the_telemetry(call: Caller) -> None:
    run = covered_run(call)
    call.built.stores.telemetry.delete_run_key(run, call.built.clock.now())
    call.built.around.coverage_vault.forget_key(run)
    refused = call.refused("ListPackageCoverage", assessmentRunArn=run)
    assert refused["__type"] == "UnsupportedFeatureException"
    assert "GetRunCoverage" in refused["message"]


def test_a_deleted_run_has_no_coverage(call: Caller) -> None:
    run = covered_run(call)
    call.built.end_run(run)
    call("DeleteAssessmentRun", assessmentRunArn=run)
    assert list(call.built.stores.coverage.runs()) == []
    missing = ("NoSuchEntityException", "ASSESSMENT_RUN_DOES_NOT_EXIST")
    assert call.refusal("GetRunCoverage", assessmentRunArn=run) == missing
