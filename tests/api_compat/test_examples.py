"""The vendor's own examples: their form is accepted, whatever they name does not exist here."""

from pathlib import Path
from typing import Any

import botocore.session
import msgspec
import pytest

from openinspector.service.api.dispatch import operations
from openinspector.service.api.shapes import parse_input
from openinspector.service.app.errors import NoSuchEntity
from openinspector.testing.installation import open_installation

EXAMPLES = botocore.session.get_session().get_component("data_loader").load_service_model("inspector", "examples-1")
INPUTS = [
    pytest.param(operation, example.get("input") or {}, id=operation)
    for operation, examples in EXAMPLES["examples"].items()
    for example in examples
]
NAMES_NOTHING = {
    "DescribeCrossAccountAccessRole",
    "RegisterCrossAccountAccessRole",
    "CreateResourceGroup",
    "ListAssessmentTargets",
    "ListRulesPackages",
}


@pytest.mark.parametrize(("operation", "given"), INPUTS)
def test_the_form_of_an_example_is_accepted(operation: str, given: dict[str, Any]) -> None:
    assert parse_input(operation, msgspec.json.encode(given)) == given


@pytest.mark.parametrize(("operation", "given"), INPUTS)
def test_examples_are_refused_only_for_missing_entities(operation: str, given: dict[str, Any], tmp_path: Path) -> None:
    services = open_installation(tmp_path).services
    arguments = parse_input(operation, msgspec.json.encode(given))
    try:
        answer = operations()[operation](services, arguments)
    except NoSuchEntity:
        assert operation not in NAMES_NOTHING
        return
    if operation in NAMES_NOTHING:
        return
    assert answer is not None
    failed = answer.get("failedItems", {})
    assert failed
    assert all(item["failureCode"] == "ITEM_DOES_NOT_EXIST" for item in failed.values())  # type: ignore[attr-defined]
