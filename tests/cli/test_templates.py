import json

import pytest
from tests.cli.api_answers import CREATED, PACKAGE, TARGET, TEMPLATE, prepare_packages, widest
from tests.cli.conftest import Command

from openinspector.testing.simulated_inspector import SimulatedInspector

WEEKLY = {
    "arn": TEMPLATE,
    "name": "weekly",
    "assessmentTargetArn": TARGET,
    "durationInSeconds": 3600,
    "rulesPackageArns": [PACKAGE],
    "userAttributesForFindings": [],
    "assessmentRunCount": 7,
    "createdAt": CREATED,
}


@pytest.fixture
def prepared(inspector: SimulatedInspector) -> SimulatedInspector:
    prepare_packages(inspector)
    inspector.prepare("ListAssessmentTemplates", {"assessmentTemplateArns": [TEMPLATE]})
    inspector.prepare("DescribeAssessmentTemplates", {"assessmentTemplates": [WEEKLY], "failedItems": {}})
    inspector.prepare("CreateAssessmentTemplate", {"assessmentTemplateArn": TEMPLATE})
    return inspector


def test_a_table_of_templates(command: Command, prepared: SimulatedInspector) -> None:
    done = command("templates", "list", "--target", TARGET)
    assert done.status == 0, done.err
    assert widest(done.out) <= 80
    assert "weekly" in done.out
    assert "60 min" in done.words
    assert prepared.inputs("ListAssessmentTemplates")[0]["assessmentTargetArns"] == [TARGET]


def test_templates_as_json(command: Command, prepared: SimulatedInspector) -> None:
    assert json.loads(command("templates", "list", "--json").out)[0]["assessmentRunCount"] == 7
    assert "assessmentTargetArns" not in prepared.inputs("ListAssessmentTemplates")[0]


def test_empty_list_explains_create(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListAssessmentTemplates", {"assessmentTemplateArns": []})
    assert "openinspector templates create NAME" in command("templates", "list").words


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        ((), [PACKAGE, f"{PACKAGE}x"]),
        (("best",), [f"{PACKAGE}x"]),
        (("Common Vuln", "BEST"), [PACKAGE, f"{PACKAGE}x"]),
    ],
)
def test_packages_are_chosen_by_part_of_their_names(
    command: Command, prepared: SimulatedInspector, words: tuple[str, ...], chosen: list[str]
) -> None:
    options = [part for word in words for part in ("--package", word)]
    done = command("templates", "create", "weekly", "--target", TARGET, "--duration", "180", *options)
    assert (done.status, done.out) == (0, f"{TEMPLATE}\n"), done.err
    assert prepared.inputs("CreateAssessmentTemplate") == [
        {
            "assessmentTargetArn": TARGET,
            "assessmentTemplateName": "weekly",
            "durationInSeconds": 180,
            "rulesPackageArns": chosen,
        }
    ]


@pytest.mark.parametrize(("word", "count"), [("cis", 0), ("e", 2)])
def test_ambiguous_package_name_lists_packages(
    command: Command, prepared: SimulatedInspector, word: str, count: int
) -> None:
    done = command("templates", "create", "weekly", "--target", TARGET, "--package", word)
    assert done.status == 2
    assert f"names {count} packages" in done.err
    assert "Security Best Practices" in " ".join(done.err.split())
    assert prepared.inputs("CreateAssessmentTemplate") == []


def test_deleting(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("DeleteAssessmentTemplate", {})
    assert command("templates", "delete", TEMPLATE).status == 0
    assert inspector.requests == [("DeleteAssessmentTemplate", {"assessmentTemplateArn": TEMPLATE})]
