"""Resource groups and targets: made, changed, deleted with everything below them."""

from pathlib import Path

import pytest

from openinspector.model.arn import TargetArn
from openinspector.model.asset import Tag
from openinspector.service.app.errors import CodedError, InvalidInput, LimitExceeded, NoSuchEntity, RunInProgress
from openinspector.testing import model_builders as builders
from openinspector.testing.counts import count_runs, count_targets, count_templates
from openinspector.testing.installation import BuiltInstallation, open_installation

TEST = Tag(key="Environment", value="Test")
ABSENT = builders.target(99).arn
NO_GROUP = builders.resource_group(99).arn


def selected(built: BuiltInstallation, arn: TargetArn) -> list[str]:
    target = built.stores.assessments.targets_by_arn([arn])[arn]
    return [member.id for member in built.assembly.members().selected(target).members]


def test_a_resource_group_is_kept(built: BuiltInstallation) -> None:
    arn = built.app.targets.create_resource_group((TEST, TEST))
    kept = built.stores.assessments.resource_groups_by_arn([arn])[arn]
    assert (kept.tags, kept.created_at) == ((TEST, TEST), built.clock.now())


def test_a_target_is_kept(built: BuiltInstallation) -> None:
    group = built.app.targets.create_resource_group((TEST,))
    arn = built.app.targets.create("web", group)
    kept = built.stores.assessments.targets_by_arn([arn])[arn]
    assert (kept.name, kept.resource_group_arn) == ("web", group)
    assert kept.created_at == kept.updated_at == built.clock.now()


@pytest.mark.parametrize(
    ("group", "error", "code"),
    [
        ("arn", InvalidInput, "INVALID_RESOURCE_GROUP_ARN"),
        (ABSENT, InvalidInput, "INVALID_RESOURCE_GROUP_ARN"),
        (NO_GROUP, NoSuchEntity, "RESOURCE_GROUP_DOES_NOT_EXIST"),
    ],
)
def test_the_group_must_exist(built: BuiltInstallation, group: str, error: type[CodedError], code: str) -> None:
    with pytest.raises(error) as refused:
        built.app.targets.create("web", group)
    assert refused.value.code == code
    assert count_targets(built.stores.assessments) == 0


def test_names_are_unique(built: BuiltInstallation) -> None:
    built.app.targets.create("web", None)
    other = built.app.targets.create("Web", None)
    with pytest.raises(InvalidInput) as created:
        built.app.targets.create("web", None)
    with pytest.raises(InvalidInput) as renamed:
        built.app.targets.update(other, "web", None)
    assert created.value.code == renamed.value.code == "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN"


def test_quotas_hold(tmp_path: Path) -> None:
    targets = open_installation(tmp_path, targets=1, resource_groups=1).app.targets
    targets.create_resource_group((TEST,))
    targets.create("web", None)
    with pytest.raises(LimitExceeded) as groups:
        targets.create_resource_group((TEST,))
    with pytest.raises(LimitExceeded) as second:
        targets.create("mail", None)
    assert groups.value.code == "RESOURCE_GROUP_LIMIT_EXCEEDED"
    assert second.value.code == "ASSESSMENT_TARGET_LIMIT_EXCEEDED"


def test_an_update_sets_and_clears_the_group(built: BuiltInstallation) -> None:
    group = built.app.targets.create_resource_group((TEST,))
    arn = built.app.targets.create("web", None)
    built.clock.advance(60)
    for given in (group, None):
        built.app.targets.update(arn, "web", given)
        kept = built.stores.assessments.targets_by_arn([arn])[arn]
        assert kept.resource_group_arn == given
        assert (kept.updated_at - kept.created_at).total_seconds() == 60


def test_missing_target_is_not_changed(built: BuiltInstallation) -> None:
    with pytest.raises(NoSuchEntity) as updated:
        built.app.targets.update(ABSENT, "web", None)
    with pytest.raises(NoSuchEntity) as deleted:
        built.app.targets.delete(ABSENT)
    assert updated.value.code == deleted.value.code == "ASSESSMENT_TARGET_DOES_NOT_EXIST"


def test_a_target_without_a_group_selects_every_host(built: BuiltInstallation) -> None:
    agents = [built.enrolled(1, (TEST,)).id, built.heartbeat(2).id]
    assert selected(built, built.app.targets.create("all", None)) == agents


def test_group_selects_by_any_tag_or_key(built: BuiltInstallation) -> None:
    by_value, by_key = built.enrolled(1, (TEST,)), built.enrolled(2, (Tag(key="Role", value="web"),))
    built.enrolled(3, (Tag(key="Environment", value="test"),))
    group = built.app.targets.create_resource_group((TEST, Tag(key="Role")))
    chosen = built.app.targets.create("some", group)
    assert selected(built, chosen) == [by_value.id, by_key.id]


def test_deleting_a_target_deletes_runs_findings_and_telemetry(built: BuiltInstallation) -> None:
    target, template, run = builders.target(), builders.template(), builders.run()
    built.stores.assessments.add_target(target)
    built.stores.assessments.add_template(template)
    built.stores.assessments.add_run(run, [])
    built.produced(builders.finding(), builders.exclusion())
    with pytest.raises(RunInProgress) as refused:
        built.app.targets.delete(target.arn)
    assert refused.value.runs == (run.arn,)
    assert built.shredded == []
    built.end_run(run.arn)
    built.app.targets.delete(target.arn)
    assert built.shredded == [run.arn]
    assert count_runs(built.stores.assessments) == count_templates(built.stores.assessments) == 0
    assert built.stores.findings.findings_by_arn([builders.finding().arn]) == {}
    assert built.stores.findings.exclusions_by_arn([builders.exclusion().arn]) == {}
