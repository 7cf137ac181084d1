"""Templates and their tags."""

from dataclasses import replace
from pathlib import Path

import pytest

from openinspector.model.asset import Tag
from openinspector.model.finding import Attribute
from openinspector.service.app.errors import CodedError, InvalidInput, LimitExceeded, NoSuchEntity, RunInProgress
from openinspector.service.app.templates import NewTemplate
from openinspector.testing import model_builders as builders
from openinspector.testing.counts import count_templates
from openinspector.testing.installation import PACKAGES, BuiltInstallation, open_installation

TARGET = builders.target()
WANTED = NewTemplate(
    target_arn=TARGET.arn,
    name="nightly",
    duration_seconds=3600,
    rules_package_arns=(PACKAGES[1].arn, PACKAGES[0].arn),
    user_attributes=(Attribute(key="Team", value="blue"),),
)


@pytest.fixture
def targeted(built: BuiltInstallation) -> BuiltInstallation:
    built.stores.assessments.add_target(TARGET)
    return built


def test_a_template_is_kept(targeted: BuiltInstallation) -> None:
    arn = targeted.app.templates.create(WANTED)
    kept = targeted.stores.assessments.templates_by_arn([arn])[arn]
    assert (kept.target_arn, kept.name, kept.duration_seconds) == (TARGET.arn, "nightly", 3600)
    assert (kept.rules_package_arns, kept.user_attributes) == (WANTED.rules_package_arns, WANTED.user_attributes)
    assert arn.startswith(f"{TARGET.arn}/template/")


def test_a_package_given_twice_is_kept_once(targeted: BuiltInstallation) -> None:
    twice = replace(WANTED, rules_package_arns=(PACKAGES[0].arn,) * 2)
    arn = targeted.app.templates.create(twice)
    assert targeted.stores.assessments.templates_by_arn([arn])[arn].rules_package_arns == (PACKAGES[0].arn,)


@pytest.mark.parametrize(
    ("wanted", "error", "code"),
    [
        (replace(WANTED, target_arn="arn"), InvalidInput, "INVALID_ASSESSMENT_TARGET_ARN"),
        (replace(WANTED, target_arn=builders.target(9).arn), NoSuchEntity, "ASSESSMENT_TARGET_DOES_NOT_EXIST"),
        (replace(WANTED, rules_package_arns=("arn",)), InvalidInput, "INVALID_RULES_PACKAGE_ARN"),
        (
            replace(WANTED, rules_package_arns=(PACKAGES[0].arn, builders.rules_package_arn(9))),
            NoSuchEntity,
            "RULES_PACKAGE_DOES_NOT_EXIST",
        ),
        (replace(WANTED, user_attributes=(Attribute(key="a"),) * 2), InvalidInput, "INVALID_USER_ATTRIBUTE_KEY"),
    ],
)
def test_named_resources_must_exist(
    targeted: BuiltInstallation, wanted: NewTemplate, error: type[CodedError], code: str
) -> None:
    with pytest.raises(error) as refused:
        targeted.app.templates.create(wanted)
    assert refused.value.code == code
    assert count_templates(targeted.stores.assessments) == 0


def test_names_are_unique_within_a_target(targeted: BuiltInstallation) -> None:
    other = builders.target(2)
    targeted.stores.assessments.add_target(other)
    targeted.app.templates.create(WANTED)
    targeted.app.templates.create(replace(WANTED, target_arn=other.arn))
    with pytest.raises(InvalidInput) as refused:
        targeted.app.templates.create(WANTED)
    assert refused.value.code == "ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN"


def test_the_quota_holds(tmp_path: Path) -> None:
    built = open_installation(tmp_path, templates=1)
    built.stores.assessments.add_target(TARGET)
    built.app.templates.create(WANTED)
    with pytest.raises(LimitExceeded) as refused:
        built.app.templates.create(replace(WANTED, name="weekly"))
    assert refused.value.code == "ASSESSMENT_TEMPLATE_LIMIT_EXCEEDED"


def test_deleting_a_template_deletes_its_ended_runs(targeted: BuiltInstallation) -> None:
    arn = targeted.app.templates.create(WANTED)
    run = builders.run(1, arn)
    targeted.stores.assessments.add_run(run, [])
    with pytest.raises(RunInProgress):
        targeted.app.templates.delete(arn)
    targeted.end_run(run.arn)
    targeted.produced(builders.finding(1, run.arn))
    targeted.app.templates.delete(arn)
    assert targeted.shredded == [run.arn]
    assert targeted.stores.findings.findings_by_arn([builders.finding(1, run.arn).arn]) == {}
    with pytest.raises(NoSuchEntity):
        targeted.app.templates.delete(arn)


def test_setting_tags_replaces_all(targeted: BuiltInstallation) -> None:
    arn = targeted.app.templates.create(WANTED)
    assert targeted.app.templates.tags(arn) == ()
    for tags in ((Tag(key="a", value="1"), Tag(key="b")), (Tag(key="c"),), ()):
        targeted.app.templates.set_tags(arn, tags)
        assert targeted.app.templates.tags(arn) == tags


def test_only_templates_have_tags(targeted: BuiltInstallation) -> None:
    for resource in (TARGET.arn, "arn"):
        with pytest.raises(InvalidInput) as refused:
            targeted.app.templates.tags(resource)
        assert refused.value.code == "INVALID_RESOURCE_ARN"
    with pytest.raises(NoSuchEntity):
        targeted.app.templates.set_tags(builders.template(9).arn, ())


def test_a_tag_key_given_twice_changes_nothing(targeted: BuiltInstallation) -> None:
    arn = targeted.app.templates.create(WANTED)
    targeted.app.templates.set_tags(arn, (Tag(key="kept"),))
    with pytest.raises(InvalidInput) as refused:
        targeted.app.templates.set_tags(arn, (Tag(key="a"), Tag(key="a", value="1")))
    assert refused.value.code == "INVALID_TAG_KEY"
    assert targeted.app.templates.tags(arn) == (Tag(key="kept"),)
