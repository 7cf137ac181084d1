"""Waivers and tailorings: additional operations that the vendor does not have (ADR 43)."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Final

from openinspector.model.ground import Ground, Part
from openinspector.model.tailoring import Tailoring, TemplateTailoring
from openinspector.model.waiver import TemplateWaiver, WaiverEnd, WaiverVerdict
from openinspector.service.api.listing import Listing
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app.errors import InvalidInput
from openinspector.service.app.waivers import NewWaiver

_WAIVERS: Final = Listing(operation="ListWaivers")


def create_waiver(services: ApiServices, arguments: Json) -> Json:
    """Waive issues of a template by name, or the issue of a finding on its host."""
    waivers, wanted = services.app.waivers, _wanted(arguments)
    finding, template = arguments.get("findingArn"), arguments.get("assessmentTemplateArn")
    if (finding is None) == (template is None):
        raise InvalidInput("INVALID_ATTRIBUTE", "Give either findingArn, or assessmentTemplateArn and issues.")
    if finding is None:
        return {"waiver": _waiver(waivers.create(str(template), wanted))}
    if wanted.issues:
        raise InvalidInput("INVALID_ATTRIBUTE", "The issue is the finding's: give findingArn without issues.")
    return {"waiver": _waiver(waivers.create_from_finding(finding, wanted))}


def list_waivers(services: ApiServices, arguments: Json) -> Json:
    """List waivers of a template, or all."""
    list_page = partial(services.app.waivers.list_page, arguments.get("assessmentTemplateArn"))
    rows, more = _WAIVERS.page(services, arguments, list_page)
    return {"waivers": [_waiver(row) for row in rows], **more}


def delete_waiver(services: ApiServices, arguments: Json) -> None:
    """Delete a waiver. Findings of earlier runs keep its attributes."""
    services.app.waivers.delete(arguments["waiverArn"])


def put_tailoring(services: ApiServices, arguments: Json) -> Json:
    """Replace the tailoring of a template, and with ``waivers`` also those that came with the last one."""
    waivers = arguments.get("waivers")
    made = services.app.tailorings.put(
        arguments["assessmentTemplateArn"],
        Tailoring(
            variables={one["name"]: one["value"] for one in arguments.get("variables", ())},
            switched_off={one["control"]: one["reason"] for one in arguments.get("switchedOffControls", ())},
        ),
        None if waivers is None else [_wanted(one) for one in waivers],
    )
    return {"tailoring": _tailoring(made)}


def get_tailoring(services: ApiServices, arguments: Json) -> Json:
    """Return the tailoring of a template; without variables and controls if it is as published."""
    found = services.app.tailorings.get(arguments["assessmentTemplateArn"])
    if found is not None:
        return {"tailoring": _tailoring(found)}
    published: Json = {"assessmentTemplateArn": arguments["assessmentTemplateArn"]}
    return {"tailoring": {**published, "variables": [], "switchedOffControls": []}}


def delete_tailoring(services: ApiServices, arguments: Json) -> None:
    """Return a template to the benchmarks as published. Waivers stay."""
    services.app.tailorings.delete(arguments["assessmentTemplateArn"])


def _wanted(arguments: Mapping[str, object]) -> NewWaiver:
    asked: Json = dict(arguments)
    held: Sequence[Json] | None = asked.get("holds")
    return NewWaiver(
        issues=tuple(asked.get("issues", ())),
        subject=asked.get("subject", "*"),
        agent_ids=tuple(asked.get("agentIds", ())),
        verdict=WaiverVerdict(asked.get("verdict", WaiverVerdict.ACCEPTED)),
        reason=asked["reason"],
        owner=asked["owner"],
        expires=_day(asked["expiresOn"]),
        holds=None
        if held is None
        else tuple(Ground(part=Part(one["part"]), key=one["key"], value=one["value"]) for one in held),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput("INVALID_ATTRIBUTE", f"{text!r} is not a day such as 2027-03-31.") from error


def _waiver(record: TemplateWaiver) -> Json:
    waiver = record.waiver
    return {
        "arn": record.arn,
        "assessmentTemplateArn": record.template_arn,
        "verdict": waiver.verdict,
        "issues": list(waiver.scope.issues),
        "subject": waiver.scope.subject,
        "agentIds": list(waiver.scope.agent_ids),
        "reason": waiver.reason,
        "owner": waiver.owner,
        "createdAt": record.created_at,
        "expiresOn": waiver.expires.isoformat(),
        "holds": [{"part": one.part, "key": one.key, "value": one.value} for one in waiver.holds],
        "ends": [_end(one) for one in waiver.ends],
        "fromFile": record.from_file,
    }


def _end(end: WaiverEnd) -> Json:
    change = end.change
    return {
        "agentId": end.agent_id,
        "endedOn": end.ended_on.isoformat(),
        "part": change.part,
        "key": change.key,
        "was": list(change.was),
        "now": list(change.now),
    }


def _tailoring(record: TemplateTailoring) -> Json:
    tailoring = record.tailoring
    return {
        "assessmentTemplateArn": record.template_arn,
        "variables": [{"name": name, "value": value} for name, value in sorted(tailoring.variables.items())],
        "switchedOffControls": [
            {"control": control, "reason": reason} for control, reason in sorted(tailoring.switched_off.items())
        ],
        "changedAt": record.changed_at,
    }
