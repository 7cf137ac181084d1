"""The content of a report whose package, run or host is absent or unusual."""

from openinspector.model.agent import HostDescription
from openinspector.model.asset import Tag
from openinspector.model.report import ReportType
from openinspector.service.reports.content import ReportContent
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES, BuiltInstallation

WITHDRAWN = builders.rules_package_arn(7)


def content_of(built: BuiltInstallation, **host: str) -> ReportContent:
    group = builders.resource_group(tags=(Tag(key="Team", value="blue"), Tag(key="Any")))
    built.stores.assessments.add_resource_group(group)
    built.stores.assessments.add_target(builders.target(resource_group_arn=group.arn, name="a\x1b[31m target"))
    template = builders.template(rules_package_arns=(PACKAGES[0].arn, WITHDRAWN))
    built.stores.assessments.add_template(template)
    built.heartbeat(1, tags=(Tag(key="Any"),), host=HostDescription(**host))
    run = built.app.runs.start(template.arn, None)
    built.complete_run(run)
    found = built.stores.assessments.runs_by_arn([run])[run]
    return built.assembly.report_contents().gather(found, ReportType.FULL, ())


def test_the_tags_of_the_target_are_listed(built: BuiltInstallation) -> None:
    content = content_of(built, distribution="debian:12")
    assert [(tag.key, tag.value) for tag in content.run.selected_by] == [("Team", "blue"), ("Any", None)]


def test_a_package_that_is_not_offered_is_named_by_its_arn(built: BuiltInstallation) -> None:
    assert [package.name for package in content_of(built, distribution="debian:12").packages][1] == WITHDRAWN


def test_control_characters_are_replaced(built: BuiltInstallation) -> None:
    content = content_of(built, hostname="evil\x1b]0;owned\x07\u202etxt", distribution="debian:12")
    assert content.instances[0].hostname == "evil�]0;owned��txt"
    assert content.run.target == "a�[31m target"


def test_an_instance_has_its_system_or_distribution(built: BuiltInstallation) -> None:
    assert content_of(built, distribution="debian:12").instances[0].system == "debian:12"
