"""Join stores and surroundings into the driver of runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from openinspector.engine.rule import Rule
from openinspector.engine.subject import Need
from openinspector.model.arn import RulesPackageArn
from openinspector.service.app.snapshot_vault import SnapshotVault
from openinspector.service.app.telemetry import Telemetry
from openinspector.service.assembly import Assembly, Stores, Surroundings
from openinspector.service.settings import Settings
from openinspector.service.worker.advisories import AdvisoryCache
from openinspector.service.worker.collecting import Collecting, TelemetryCollecting
from openinspector.service.worker.coverage_recorder import CoverageRecorder
from openinspector.service.worker.evaluation import RunEvaluator
from openinspector.service.worker.run_driver import RunDriver
from openinspector.service.worker.run_networks import RunNetworks
from openinspector.service.worker.snapshot_collecting import SnapshotCollecting
from openinspector.service.worker.template_choices import TemplateChoices


@dataclass(frozen=True, slots=True, kw_only=True)
class RunParts:
    """The parts of an installation that only runs need."""

    telemetry: Telemetry
    snapshots: SnapshotVault
    advisories: AdvisoryCache
    rules: Mapping[RulesPackageArn, Sequence[Rule]]
    choices: TemplateChoices
    networks: RunNetworks


def run_driver(stores: Stores, around: Surroundings, parts: RunParts, settings: Settings) -> RunDriver:
    """Return the body of the workflow of runs."""
    return RunDriver(
        assessments=stores.assessments,
        findings=stores.findings,
        received=parts.telemetry,
        needs=around.needs,
        collecting=_collecting(stores, around, parts, settings),
        evaluator=_evaluator(stores, around, parts, settings),
        clock=around.clock,
        evaluation_batch=settings.evaluation_batch,
    )


def _collecting(stores: Stores, around: Surroundings, parts: RunParts, settings: Settings) -> Mapping[Need, Collecting]:
    telemetry = TelemetryCollecting(
        assessments=stores.assessments,
        agents=stores.agents,
        telemetry=stores.telemetry,
        clock=around.clock,
        stop_grace=timedelta(seconds=settings.stop_grace_seconds),
    )
    snapshot = SnapshotCollecting(
        assessments=stores.assessments, cloud=around.cloud, vault=parts.snapshots, clock=around.clock
    )
    return {Need.TELEMETRY: telemetry, Need.SNAPSHOT: snapshot}


def _evaluator(stores: Stores, around: Surroundings, parts: RunParts, settings: Settings) -> RunEvaluator:
    return RunEvaluator(
        agents=stores.agents,
        findings=stores.findings,
        rule_results=stores.rule_results,
        coverage=CoverageRecorder(coverage=stores.coverage, vault=around.coverage_vault, advisories=stores.advisories),
        telemetry=parts.telemetry,
        advisories=parts.advisories,
        rules=parts.rules,
        needs=around.needs,
        networks=parts.networks,
        instances=around.instances,
        plan=Assembly(stores=stores, around=around).run_exclusions().before,
        clock=around.clock,
        choices=parts.choices,
        single_by_products=settings.by_products == "each",
    )
