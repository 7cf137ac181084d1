"""The vendor's metrics: counted right, and not too often."""

from prometheus_client import CollectorRegistry, generate_latest

from openinspector.model.agent import AgentHealthCode
from openinspector.model.asset import Tag
from openinspector.model.finding import Severity
from openinspector.service.app.metrics import EVERY, Tally
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import BuiltInstallation

PROD = Tag(key="Env", value="prod")
THIRD = builders.template(3, builders.target(2).arn)


def scene(built: BuiltInstallation) -> None:
    """Two targets: all hosts with two templates, and the tagged ones with one; three runs."""
    store = built.stores.assessments
    group = builders.resource_group(tags=(PROD,))
    store.add_resource_group(group)
    store.add_target(builders.target(1))
    store.add_target(builders.target(2, resource_group_arn=group.arn))
    for template in (builders.template(1), builders.template(2), THIRD):
        store.add_template(template)
    built.heartbeat(1, (PROD,))
    built.heartbeat(2, health_code=AgentHealthCode.UNHEALTHY)
    for number, template in ((1, builders.template(1)), (2, builders.template(1)), (3, THIRD)):
        run = builders.run(number, template.arn)
        store.add_run(run, [])
        store.set_finding_counts(run.arn, {Severity.HIGH: number, Severity.LOW: 1})


def test_targets_sum_up_their_templates(built: BuiltInstallation) -> None:
    scene(built)
    tallies = built.assembly.metrics().count()
    assert tallies.runs == 3
    assert tallies.targets == {
        builders.target(1).arn: Tally(
            matching_agents=2, healthy_agents=1, assessment_runs=2, assessment_run_findings=5
        ),
        builders.target(2).arn: Tally(
            matching_agents=1, healthy_agents=1, assessment_runs=1, assessment_run_findings=4
        ),
    }
    idle = tallies.templates[builders.template(2).arn]
    assert (idle.matching_agents, idle.assessment_runs, idle.assessment_run_findings) == (2, 0, 0)
    assert len(tallies.templates) == 3


def test_prometheus_names(built: BuiltInstallation) -> None:
    scene(built)
    registry = CollectorRegistry()
    registry.register(built.assembly.metrics())
    text = generate_latest(registry).decode()
    assert "openinspector_assessment_runs 3.0" in text
    label = f'{{assessment_target_arn="{builders.target(1).arn}"}}'
    assert f"openinspector_target_assessment_run_findings{label} 5.0" in text
    assert "# HELP openinspector_template_healthy_agents TotalHealthyAgents of an assessment template." in text


def test_counts_are_refreshed_every_five_minutes(built: BuiltInstallation) -> None:
    scene(built)
    metrics = built.assembly.metrics()

    def runs() -> float:
        return next(iter(metrics.collect())).samples[0].value

    assert runs() == 3
    run = builders.run(3, THIRD.arn).arn
    built.end_run(run)
    built.stores.assessments.delete_run(run)
    assert runs() == 3
    built.clock.advance(EVERY.total_seconds())
    assert runs() == 2


def test_an_empty_installation_has_no_runs(built: BuiltInstallation) -> None:
    tallies = built.assembly.metrics().count()
    assert (tallies.runs, tallies.targets, tallies.templates) == (0, {}, {})
