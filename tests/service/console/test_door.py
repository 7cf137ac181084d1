"""A browser with a session gets the answer that a signed call gets, and only the console's own script gets one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from httpx import Response
from tests.service.api.world import World, open_world
from tests.service.console.console_world import OWN, ConsoleWorld, open_console

from openinspector.service.api.model import api_model
from openinspector.service.app.access_keys import allows
from openinspector.service.app.users import ACTIONS, IDLE
from openinspector.service.ports.user_store import ConsoleRole
from openinspector.testing.installation import PACKAGES, BuiltInstallation
from openinspector.testing.memory_audit_log import MemoryAuditLog
from openinspector.testing.model_builders import exclusion, finding, resource_group, run, target, template

MODEL: Final = api_model()
RANDOM: Final = {"secret", "previewToken"}
CHANGING: Final = sorted(name for name in MODEL.operations if not allows(ACTIONS[ConsoleRole.VIEWER], name))


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Two installations with equal data: one is called with signatures, the other with a session."""

    signed: World
    console: ConsoleWorld


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Doors:
    signed, console = open_world(tmp_path_factory.mktemp("signed")), open_console(tmp_path_factory.mktemp("console"))
    for built in (signed.built, console.built):
        fill(built)
    return Doors(signed=signed, console=console)


@pytest.fixture
def console(tmp_path: Path) -> ConsoleWorld:
    return open_console(tmp_path)


def fill(built: BuiltInstallation) -> None:
    store = built.stores.assessments
    store.add_resource_group(resource_group())
    store.add_target(target())
    store.add_template(template())
    store.add_run(run(), ())
    built.end_run(run().arn)
    built.produced(finding(), exclusion())


def sample(shape_name: str) -> Any:
    """A value of a shape, with the ARNs of what is there."""
    shape = MODEL.shapes[shape_name]
    match shape.type:
        case "structure":
            return {name: sample(member) for name, member in shape.members.items() if name != "nextToken"}
        case "list":
            return [sample(shape.member)]
        case "string":
            return shape.enum[0] if shape.enum else "x" * int(shape.min or 1)
        case "boolean":
            return True
        case _:
            return int(shape.min or 1)


ARNS: Final = {
    "assessmentRunArn": run().arn,
    "assessmentRunArns": [run().arn],
    "assessmentTargetArn": target().arn,
    "assessmentTargetArns": [target().arn],
    "assessmentTemplateArn": template().arn,
    "assessmentTemplateArns": [template().arn],
    "resourceGroupArn": resource_group().arn,
    "resourceGroupArns": [resource_group().arn],
    "findingArns": [finding().arn],
    "exclusionArns": [exclusion().arn],
    "rulesPackageArns": [PACKAGES[0].arn],
    "resourceArn": template().arn,
    "previewAgentsArn": target().arn,
}


def inputs(operation: str) -> list[bytes]:
    """Nothing, no JSON, and an input with every member; the deleting operations come last for their noun."""
    shape = MODEL.operations[operation].input
    whole = sample(shape) if shape else {}
    return [b"{}", b"[", msgspec.json.encode({name: ARNS.get(name, value) for name, value in whole.items()})]


def answer(response: Response) -> tuple[int, str, bytes]:
    return response.status_code, response.headers["content-type"], response.content


@pytest.mark.parametrize(
    "operation", sorted(MODEL.operations, key=lambda one: (str(one).startswith("Delete"), str(one)))
)
def test_both_doors_give_the_same_answer(doors: Doors, operation: str) -> None:
    for body in inputs(operation):
        by_key = answer(doors.signed.call(operation, body))
        by_session = answer(doors.console.call(operation, body))
        assert (by_key[0], by_key[1]) == (by_session[0], by_session[1])
        assert same(by_key[2]) == same(by_session[2])


def same(content: bytes) -> Any:
    """An answer without what is random in it."""
    decoded = msgspec.json.decode(content) if content else None
    return {name: value for name, value in decoded.items() if name not in RANDOM} if decoded else decoded


def test_the_samples_succeed_and_fail(doors: Doors) -> None:
    """Otherwise the comparison would compare little."""
    statuses = {doors.console.call(name, inputs(name)[2]).status_code for name in sorted(MODEL.operations)}
    assert statuses >= {200, 400}


@pytest.mark.parametrize("operation", CHANGING)
def test_a_viewer_changes_nothing(doors: Doors, operation: str) -> None:
    response = doors.console.call(operation, inputs(operation)[2], ConsoleRole.VIEWER)
    assert response.status_code == 400 or operation in {"AddAttributesToFindings", "RemoveAttributesFromFindings"}
    if response.status_code == 400:
        assert response.json()["__type"] == "AccessDeniedException"
        assert "user/viewer is not authorized" in response.json()["message"]
    else:
        assert response.json()["failedItems"][finding().arn]["failureCode"] == "ACCESS_DENIED"


def test_a_call_is_audited_with_its_user(console: ConsoleWorld) -> None:
    console.call("ListFindings")
    audit = console.built.services.audit
    assert isinstance(audit, MemoryAuditLog)
    event = msgspec.json.decode(audit.lines()[-1])
    assert event["eventName"] == "ListFindings"
    assert event["userIdentity"]["userName"] == "administrator"
    assert event["userIdentity"]["accessKeyId"].startswith("session-")
    assert console.sessions[ConsoleRole.ADMINISTRATOR].encode() not in b"".join(audit.lines())


def test_without_a_session(console: ConsoleWorld) -> None:
    for session in ("", "0" * 64, "\x00", "x" * 5000):
        response = console.request("POST", "/console/api/ListFindings", session, content=b"{}", headers=OWN)
        assert (response.status_code, response.json()["__type"]) == (401, "MissingAuthenticationTokenException")


def test_an_idle_session_is_refused(console: ConsoleWorld) -> None:
    console.built.clock.advance(IDLE.total_seconds())
    assert console.call("ListFindings").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin"},
        {"x-openinspector-console": "1"},
        {**OWN, "sec-fetch-site": "cross-site"},
        {**OWN, "sec-fetch-site": "same-site"},
        {**OWN, "sec-fetch-site": "none"},
        {"origin": "https://evil.example", "x-openinspector-console": "1"},
    ],
)
def test_a_request_of_another_site_is_refused(console: ConsoleWorld, headers: dict[str, str]) -> None:
    session = console.sessions[ConsoleRole.ADMINISTRATOR]
    body = b'{"assessmentTargetName":"forged"}'
    response = console.request("POST", "/console/api/CreateAssessmentTarget", session, content=body, headers=headers)
    assert response.status_code == 403
    assert console.call("ListAssessmentTargets").json() == {"assessmentTargetArns": []}


def test_unknown_operation(console: ConsoleWorld) -> None:
    response = console.call("Nothing")
    assert (response.status_code, response.json()["__type"]) == (400, "UnknownOperationException")


def test_only_post(console: ConsoleWorld) -> None:
    session = console.sessions[ConsoleRole.ADMINISTRATOR]
    assert console.request("GET", "/console/api/ListFindings", session, headers=OWN).status_code == 405


def test_a_body_too_large(console: ConsoleWorld) -> None:
    assert console.call("ListFindings", b" " * (1024 * 1024 + 1)).status_code == 413


def test_answers_are_not_kept_by_the_browser(console: ConsoleWorld) -> None:
    response = console.call("ListFindings")
    assert response.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
