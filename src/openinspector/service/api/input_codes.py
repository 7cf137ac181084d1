"""InvalidInput codes for violations of the model (F11.22, F11.45); the closest one if the API has no exact code."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

FALLBACK: Final = "INVALID_ATTRIBUTE"
"""For arguments without a code in the API: run names, report formats, agent health, preview tokens (F14.8, F14.9)."""

BY_PARENT: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("ResourceGroupTag", "key"): "INVALID_RESOURCE_GROUP_TAG_KEY",
        ("ResourceGroupTag", "value"): "INVALID_RESOURCE_GROUP_TAG_VALUE",
        ("Tag", "key"): "INVALID_TAG_KEY",
        ("Tag", "value"): "INVALID_TAG_VALUE",
        ("Attribute", "key"): "INVALID_USER_ATTRIBUTE_KEY",
        ("Attribute", "value"): "INVALID_USER_ATTRIBUTE_VALUE",
        ("AssessmentTemplateFilter", "namePattern"): "INVALID_ASSESSMENT_TEMPLATE_NAME_PATTERN",
        ("AssessmentTemplateFilter", "durationRange"): "INVALID_ASSESSMENT_TEMPLATE_DURATION_RANGE",
        ("AssessmentRunFilter", "durationRange"): "INVALID_ASSESSMENT_RUN_DURATION_RANGE",
        ("AssessmentRunFilter", "startTimeRange"): "INVALID_ASSESSMENT_RUN_START_TIME_RANGE",
        ("AssessmentRunFilter", "completionTimeRange"): "INVALID_ASSESSMENT_RUN_COMPLETION_TIME_RANGE",
        ("AssessmentRunFilter", "stateChangeTimeRange"): "INVALID_ASSESSMENT_RUN_STATE_CHANGE_TIME_RANGE",
        ("FindingFilter", "attributes"): "INVALID_NUMBER_OF_ATTRIBUTES",
        ("FindingFilter", "userAttributes"): "INVALID_NUMBER_OF_USER_ATTRIBUTES",
    }
)
"""By structure and member name."""

BELOW: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        **{place: code for place, code in BY_PARENT.items() if place[1].endswith("Range")},
        ("FindingFilter", "creationTimeRange"): FALLBACK,
        ("FindingFilter", "attributes"): "INVALID_ATTRIBUTE",
    }
)
"""By the member that contains the structure: one code for the whole structure."""

BY_MEMBER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "assessmentTargetArn": "INVALID_ASSESSMENT_TARGET_ARN",
        "previewAgentsArn": "INVALID_ASSESSMENT_TARGET_ARN",
        "assessmentTemplateArn": "INVALID_ASSESSMENT_TEMPLATE_ARN",
        "assessmentRunArn": "INVALID_ASSESSMENT_RUN_ARN",
        "resourceGroupArn": "INVALID_RESOURCE_GROUP_ARN",
        "resourceArn": "INVALID_RESOURCE_ARN",
        "topicArn": "INVALID_SNS_TOPIC_ARN",
        "roleArn": "INVALID_IAM_ROLE_ARN",
        "scheduleArn": "INVALID_RESOURCE_ARN",
        "webhookArn": "INVALID_RESOURCE_ARN",
        "waiverArn": "INVALID_RESOURCE_ARN",
        "findingArn": "INVALID_FINDING_ARN",
        "findingArns": "INVALID_NUMBER_OF_FINDING_ARNS",
        "exclusionArns": "INVALID_RESOURCE_ARN",
        "assessmentTargetArns": "INVALID_NUMBER_OF_ASSESSMENT_TARGET_ARNS",
        "assessmentTemplateArns": "INVALID_NUMBER_OF_ASSESSMENT_TEMPLATE_ARNS",
        "assessmentRunArns": "INVALID_NUMBER_OF_ASSESSMENT_RUN_ARNS",
        "resourceGroupArns": "INVALID_NUMBER_OF_RESOURCE_GROUP_ARNS",
        "rulesPackageArns": "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS",
        "assessmentTargetNamePattern": "INVALID_ASSESSMENT_TARGET_NAME_PATTERN",
        "maxResults": "INVALID_MAX_RESULTS",
    }
)
"""By member name in any structure."""

BY_SHAPE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AssessmentTargetName": "INVALID_ASSESSMENT_TARGET_NAME",
        "AssessmentTemplateName": "INVALID_ASSESSMENT_TEMPLATE_NAME",
        "AssessmentRunDuration": "INVALID_ASSESSMENT_TEMPLATE_DURATION",
        "UserAttributeList": "INVALID_NUMBER_OF_USER_ATTRIBUTES",
        "UserAttributeKeyList": "INVALID_NUMBER_OF_USER_ATTRIBUTES",
        "AttributeList": "INVALID_NUMBER_OF_ATTRIBUTES",
        "AttributeKey": "INVALID_USER_ATTRIBUTE_KEY",
        "ResourceGroupTags": "INVALID_NUMBER_OF_RESOURCE_GROUP_TAGS",
        "TagList": "INVALID_NUMBER_OF_TAGS",
        "PaginationToken": "INVALID_PAGINATION_TOKEN",
        "Locale": "INVALID_LOCALE",
        "InspectorEvent": "INVALID_EVENT",
        "AssessmentRunState": "INVALID_ASSESSMENT_RUN_STATE",
        "AssessmentRunStateList": "INVALID_NUMBER_OF_ASSESSMENT_RUN_STATES",
        "Severity": "INVALID_SEVERITY",
        "SeverityList": "INVALID_NUMBER_OF_SEVERITIES",
        "AgentId": "INVALID_AGENT_ID",
        "AgentIdList": "INVALID_NUMBER_OF_AGENT_IDS",
        "AutoScalingGroup": "INVALID_AUTO_SCALING_GROUP",
        "AutoScalingGroupList": "INVALID_NUMBER_OF_AUTO_SCALING_GROUPS",
        "RuleName": "INVALID_RULE_NAME",
        "RuleNameList": "INVALID_NUMBER_OF_RULE_NAMES",
        "Arn": "INVALID_RESOURCE_ARN",
    }
)
"""By the violated shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPath:
    """The path of a value in an input."""

    path: str = ""
    """The path as text: ``filter.durationRange.minSeconds``."""
    parent: str = ""
    """Shape of the structure that contains it."""
    member: str = ""
    """Its member in that structure, or the list member that it is an item of."""
    inside: bool = False
    """True for an item of a list."""
    holder: tuple[str, str] = ("", "")
    """Shape and member that contain the structure."""

    def below(self, shape: str, member: str) -> "InputPath":
        """Return the path of a member of the structure at this path."""
        path = f"{self.path}.{member}" if self.path else member
        return InputPath(path=path, parent=shape, member=member, holder=(self.parent, self.member))

    def item(self, index: int) -> "InputPath":
        """Return the path of an item of the list at this path."""
        return replace(self, path=f"{self.path}[{index}]", inside=True)


def code_of(place: InputPath, shape: str) -> str:
    """Return the code for a violation of ``shape`` by the value at ``place``."""
    parent, member, inside = place.parent, place.member, place.inside
    if place.holder in BELOW:
        return BELOW[place.holder]
    if inside and shape != "Arn" and shape in BY_SHAPE:
        return BY_SHAPE[shape]
    if inside and shape == "Arn" and member.endswith("Arns"):
        return BY_MEMBER.get(member.removesuffix("s"), _ITEM_ARN.get(member, BY_SHAPE["Arn"]))
    named = BY_PARENT.get((parent, member)) or BY_MEMBER.get(member)
    return named or BY_SHAPE.get(shape, FALLBACK)


_ITEM_ARN: Final[Mapping[str, str]] = MappingProxyType(
    {"findingArns": "INVALID_FINDING_ARN", "rulesPackageArns": "INVALID_RULES_PACKAGE_ARN"}
)
