"""Previews: what a run would not assess, type by type, and their life."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from openinspector.model.agent import AgentHealthCode, HostDescription
from openinspector.model.assessment import AssessmentTemplate
from openinspector.model.errors import StoreError
from openinspector.model.exclusion import ExclusionKind, ExclusionPreview, ScopeKey
from openinspector.service.app.errors import InvalidInput, NoSuchEntity, PreviewInProgress
from openinspector.service.app.exclusions_previews import (
    LIFETIME,
    PREVIEW_WORKFLOW,
    TIME_LIMIT,
)
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES, BuiltInstallation
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore

CVE, PRACTICES = PACKAGES[0], PACKAGES[-1]
TEMPLATE = builders.template(rules_package_arns=(CVE.arn, PRACTICES.arn))
TOKEN = "00000000-0000-4000-8000-000000000001"
OTHER_TOKEN = TOKEN.replace("1", "2")
DEBIAN = ("debian:12",)


class AtOnce:
    """A workflow's context that does every step at once."""

    def step(self, name: str, action: Callable[[], str]) -> str:
        del name
        return action()

    def wait(self, topic: str, seconds: float) -> str | None:
        raise AssertionError((topic, seconds))


@pytest.fixture
def templated(built: BuiltInstallation) -> BuiltInstallation:
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(TEMPLATE)
    return built


def make(built: BuiltInstallation, token: str) -> None:
    name, argument = built.workflows.started[token]
    assert name == PREVIEW_WORKFLOW
    built.assembly.preview_maker()(AtOnce(), argument)


class Covering(MemoryAdvisoryStore):
    """Advisories for given streams."""

    def __init__(self, streams: Sequence[str]) -> None:
        super().__init__()
        self._covered = streams

    def streams(self) -> Sequence[str]:
        return self._covered


def predict(
    built: BuiltInstallation, template: AssessmentTemplate, covered: Sequence[str]
) -> tuple[ExclusionPreview, ...]:
    return built.with_stores(advisories=Covering(covered)).preview_maker().predict(template)


def kinds(found: tuple[ExclusionPreview, ...]) -> list[ExclusionKind]:
    return [exclusion.kind for exclusion in found]


def test_a_preview_is_created_and_completed(templated: BuiltInstallation) -> None:
    assert templated.app.exclusions_previews.create(TEMPLATE.arn, TOKEN) == TOKEN
    assert templated.app.exclusions_previews.existing(TEMPLATE.arn, TOKEN).exclusions is None
    make(templated, TOKEN)
    found = templated.app.exclusions_previews.existing(TEMPLATE.arn, TOKEN).exclusions
    assert found is not None
    assert kinds(found) == [ExclusionKind.NO_INSTANCES]


def test_a_template_has_one_preview_in_progress(templated: BuiltInstallation) -> None:
    templated.app.exclusions_previews.create(TEMPLATE.arn, TOKEN)
    other = TOKEN.replace("1", "2")
    with pytest.raises(PreviewInProgress):
        templated.app.exclusions_previews.create(TEMPLATE.arn, other)
    make(templated, TOKEN)
    templated.app.exclusions_previews.create(TEMPLATE.arn, other)


def test_an_old_preview_is_deleted_and_a_hanging_one_does_not_block_the_template(templated: BuiltInstallation) -> None:
    templated.app.exclusions_previews.create(TEMPLATE.arn, TOKEN)
    templated.clock.advance(LIFETIME / timedelta(seconds=1) + 1)
    templated.app.exclusions_previews.create(TEMPLATE.arn, TOKEN.replace("1", "2"))
    with pytest.raises(InvalidInput, match="expired"):
        templated.app.exclusions_previews.existing(TEMPLATE.arn, TOKEN)
    make(templated, TOKEN)


def test_a_hanging_preview_times_out(templated: BuiltInstallation) -> None:
    templated.app.exclusions_previews.create(TEMPLATE.arn, TOKEN)
    templated.clock.advance(TIME_LIMIT / timedelta(seconds=1))
    assert templated.app.exclusions_previews.existing(TEMPLATE.arn, TOKEN).exclusions is None
    with pytest.raises(PreviewInProgress):
        templated.app.exclusions_previews.create(TEMPLATE.arn, OTHER_TOKEN)
    templated.clock.advance(1)
    with pytest.raises(InvalidInput, match="or failed"):
        templated.app.exclusions_previews.existing(TEMPLATE.arn, TOKEN)
    templated.app.exclusions_previews.create(TEMPLATE.arn, OTHER_TOKEN)
    assert templated.app.exclusions_previews.existing(TEMPLATE.arn, OTHER_TOKEN).exclusions is None


def test_a_preview_without_a_workflow_does_not_block_the_template(templated: BuiltInstallation) -> None:
    templated.workflows.refusing = True
    with pytest.raises(StoreError):
        templated.app.exclusions_previews.create(TEMPLATE.arn, TOKEN)
    templated.workflows.refusing = False
    assert templated.app.exclusions_previews.create(TEMPLATE.arn, OTHER_TOKEN) == OTHER_TOKEN


def test_polling_starts_a_missing_workflow(templated: BuiltInstallation) -> None:
    templated.app.exclusions_previews.create(TEMPLATE.arn, TOKEN)
    templated.workflows.started.clear()  # as if the process had died before
    assert templated.app.exclusions_previews.existing(TEMPLATE.arn, TOKEN).exclusions is None
    make(templated, TOKEN)
    assert templated.app.exclusions_previews.existing(TEMPLATE.arn, TOKEN).exclusions is not None


def test_a_failed_preview_does_not_block_the_next(templated: BuiltInstallation) -> None:
    class Unreadable(MemoryAdvisoryStore):
        def streams(self) -> Sequence[str]:
            raise StoreError("the database is gone")

    templated.app.exclusions_previews.create(TEMPLATE.arn, TOKEN)
    templated.with_stores(advisories=Unreadable()).preview_maker()(AtOnce(), TOKEN)
    with pytest.raises(InvalidInput, match="or failed"):
        templated.app.exclusions_previews.existing(TEMPLATE.arn, TOKEN)
    templated.app.exclusions_previews.create(TEMPLATE.arn, OTHER_TOKEN)


def test_token_is_valid_only_for_its_template(templated: BuiltInstallation) -> None:
    other = builders.template(2)
    templated.stores.assessments.add_template(other)
    templated.app.exclusions_previews.create(TEMPLATE.arn, TOKEN)
    with pytest.raises(InvalidInput, match="not one of this template"):
        templated.app.exclusions_previews.existing(other.arn, TOKEN)


def test_a_preview_of_a_deleted_template_has_no_exclusions(templated: BuiltInstallation) -> None:
    templated.app.exclusions_previews.create(TEMPLATE.arn, TOKEN)
    templated.stores.assessments.delete_template(TEMPLATE.arn)
    make(templated, TOKEN)
    with pytest.raises(NoSuchEntity):
        templated.app.exclusions_previews.existing(TEMPLATE.arn, TOKEN)


def test_hosts_that_cannot_take_part_are_predicted(templated: BuiltInstallation) -> None:
    templated.enrolled(1)
    templated.heartbeat(2, health_code=AgentHealthCode.UNHEALTHY)
    templated.heartbeat(
        3, host=HostDescription(hostname="old", distribution="solaris:10", operating_system="Solaris 10")
    )
    well = templated.heartbeat(4)
    found = predict(templated, TEMPLATE, DEBIAN)
    assert kinds(found) == [
        ExclusionKind.AGENT_NOT_FOUND,
        ExclusionKind.AGENT_UNHEALTHY,
        ExclusionKind.UNSUPPORTED_OS,
    ]
    assert well.id not in {scope.value for exclusion in found for scope in exclusion.scopes}


def test_a_host_of_another_run_is_predicted(templated: BuiltInstallation) -> None:
    host = templated.heartbeat(1)
    run = templated.app.runs.start(TEMPLATE.arn, None)
    (found,) = predict(templated, TEMPLATE, DEBIAN)
    assert (found.kind, found.scopes[0].value) == (ExclusionKind.AGENT_ALREADY_RUNNING, host.id)
    templated.end_run(run)
    assert predict(templated, TEMPLATE, DEBIAN) == ()


def test_a_package_that_is_not_offered_is_predicted(templated: BuiltInstallation) -> None:
    templated.heartbeat(1)
    withdrawn = builders.rules_package_arn(7)
    template = builders.template(3, rules_package_arns=(withdrawn, PRACTICES.arn))
    (found,) = predict(templated, template, DEBIAN)
    assert (found.kind, found.scopes[0].key) == (
        ExclusionKind.DEPRECATED_RULES_PACKAGE,
        ScopeKey.RULES_PACKAGE_ARN,
    )
    assert found.scopes[0].value == withdrawn


@pytest.mark.parametrize(
    ("covered", "excluded"), [(("debian:12",), False), (("debian:11",), True), ((), True), (("debian:1",), True)]
)
def test_a_host_without_advisories_is_predicted(
    templated: BuiltInstallation, covered: tuple[str, ...], *, excluded: bool
) -> None:
    host = templated.heartbeat(1)
    found = predict(templated, TEMPLATE, covered)
    assert kinds(found) == [ExclusionKind.RULES_PACKAGE_NOT_SUPPORTED_BY_OS] * excluded
    assert [[scope.value for scope in exclusion.scopes] for exclusion in found] == [[host.id, CVE.arn]] * excluded


def test_advisories_of_the_release_family_count(templated: BuiltInstallation) -> None:
    templated.heartbeat(1, host=HostDescription(hostname="alma", distribution="almalinux:9.4"))
    assert predict(templated, TEMPLATE, ("almalinux:9",)) == ()


def test_without_the_package_of_vulnerabilities_advisories_do_not_matter(templated: BuiltInstallation) -> None:
    templated.heartbeat(1)
    assert predict(templated, builders.template(3, rules_package_arns=(PRACTICES.arn,)), ()) == ()
