"""Parse and print ARNs: one NewType per noun (F11.25 to F11.27)."""

import re
from dataclasses import dataclass
from typing import Final, NewType

from openinspector.model.errors import ModelError

ResourceGroupArn = NewType("ResourceGroupArn", str)
TargetArn = NewType("TargetArn", str)
TemplateArn = NewType("TemplateArn", str)
RunArn = NewType("RunArn", str)
FindingArn = NewType("FindingArn", str)
ExclusionArn = NewType("ExclusionArn", str)
RulesPackageArn = NewType("RulesPackageArn", str)
ScheduleArn = NewType("ScheduleArn", str)
WebhookArn = NewType("WebhookArn", str)
WaiverArn = NewType("WaiverArn", str)
TopicArn = NewType("TopicArn", str)

MAX_ARN_LENGTH: Final = 300

_ID: Final = r"0-[0-9A-Za-z]{8,32}"
_PREFIX: Final = r"arn:(?:aws|aws-us-gov|aws-cn):inspector:[a-z0-9-]{1,32}:\d{12}"


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(rf"{_PREFIX}:{path}", re.ASCII)


_RESOURCE_GROUP: Final = _pattern(rf"resourcegroup/{_ID}")
_TARGET: Final = _pattern(rf"target/{_ID}")
_TEMPLATE: Final = _pattern(rf"target/{_ID}/template/{_ID}")
_RUN: Final = _pattern(rf"target/{_ID}/template/{_ID}/run/{_ID}")
_SCHEDULE: Final = _pattern(rf"target/{_ID}/template/{_ID}/schedule/{_ID}")
_WEBHOOK: Final = _pattern(rf"target/{_ID}/template/{_ID}/webhook/{_ID}")
_WAIVER: Final = _pattern(rf"target/{_ID}/template/{_ID}/waiver/{_ID}")
_TOPIC: Final = re.compile(r"arn:(?:aws|aws-us-gov|aws-cn):sns:([a-z0-9-]{1,32}):\d{12}:[0-9A-Za-z_-]{1,256}", re.ASCII)
"""https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html; FIFO topics (``.fifo``) are not supported."""
_FINDING: Final = _pattern(rf"target/{_ID}/template/{_ID}/run/{_ID}/finding/{_ID}")
_EXCLUSION: Final = _pattern(rf"target/{_ID}/template/{_ID}/run/{_ID}/exclusion/{_ID}")
_RULES_PACKAGE: Final = _pattern(rf"rulespackage/{_ID}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArnRealm:
    """The common part of all ARNs of an installation: partition, region and account."""

    partition: str = "aws"
    region: str = "us-east-1"
    account: str = "123456789012"

    def _of(self, path: str) -> str:
        return f"arn:{self.partition}:inspector:{self.region}:{self.account}:{path}"

    def resource_group(self, resource_id: str) -> ResourceGroupArn:
        """Return the ARN of a resource group from its id (``0-XXXXXXXX``)."""
        return ResourceGroupArn(self._of(f"resourcegroup/{resource_id}"))

    def target(self, resource_id: str) -> TargetArn:
        """Return the ARN of an assessment target from its id."""
        return TargetArn(self._of(f"target/{resource_id}"))


def template_arn(target: TargetArn, resource_id: str) -> TemplateArn:
    """Return the ARN of a template below its target."""
    return TemplateArn(f"{target}/template/{resource_id}")


def run_arn(template: TemplateArn, resource_id: str) -> RunArn:
    """Return the ARN of a run below its template."""
    return RunArn(f"{template}/run/{resource_id}")


def schedule_arn(template: TemplateArn, resource_id: str) -> ScheduleArn:
    """Return the ARN of a schedule below its template."""
    return ScheduleArn(f"{template}/schedule/{resource_id}")


def webhook_arn(template: TemplateArn, resource_id: str) -> WebhookArn:
    """Return the ARN of a webhook below its template."""
    return WebhookArn(f"{template}/webhook/{resource_id}")


def waiver_arn(template: TemplateArn, resource_id: str) -> WaiverArn:
    """Return the ARN of a waiver below its template."""
    return WaiverArn(f"{template}/waiver/{resource_id}")


def finding_arn(run: RunArn, resource_id: str) -> FindingArn:
    """Return the ARN of a finding below its run."""
    return FindingArn(f"{run}/finding/{resource_id}")


def exclusion_arn(run: RunArn, resource_id: str) -> ExclusionArn:
    """Return the ARN of an exclusion below its run (F8.11)."""
    return ExclusionArn(f"{run}/exclusion/{resource_id}")


def target_of(arn: TemplateArn | RunArn) -> TargetArn:
    """Return the target's ARN, which is a prefix of the child's (F11.27)."""
    return TargetArn(arn.split("/template/", 1)[0])


def template_of(arn: RunArn) -> TemplateArn:
    """Return the ARN of a run's template."""
    return TemplateArn(arn.split("/run/", 1)[0])


def run_of(arn: FindingArn | ExclusionArn) -> RunArn:
    """Return the ARN of the run of a finding or exclusion."""
    return RunArn(re.split(r"/(?:finding|exclusion)/", arn, maxsplit=1)[0])


def parse_resource_group_arn(text: str) -> ResourceGroupArn:
    """Return ``text`` as a resource group's ARN, or raise ModelError."""
    return ResourceGroupArn(_checked(_RESOURCE_GROUP, text, "resource group"))


def parse_target_arn(text: str) -> TargetArn:
    """Return ``text`` as a target's ARN, or raise ModelError."""
    return TargetArn(_checked(_TARGET, text, "assessment target"))


def parse_template_arn(text: str) -> TemplateArn:
    """Return ``text`` as a template's ARN, or raise ModelError."""
    return TemplateArn(_checked(_TEMPLATE, text, "assessment template"))


def parse_run_arn(text: str) -> RunArn:
    """Return ``text`` as a run's ARN, or raise ModelError."""
    return RunArn(_checked(_RUN, text, "assessment run"))


def parse_schedule_arn(text: str) -> ScheduleArn:
    """Return ``text`` as a schedule's ARN, or raise ModelError."""
    return ScheduleArn(_checked(_SCHEDULE, text, "schedule"))


def parse_webhook_arn(text: str) -> WebhookArn:
    """Return ``text`` as a webhook's ARN, or raise ModelError."""
    return WebhookArn(_checked(_WEBHOOK, text, "webhook"))


def parse_waiver_arn(text: str) -> WaiverArn:
    """Return ``text`` as a waiver's ARN, or raise ModelError."""
    return WaiverArn(_checked(_WAIVER, text, "waiver"))


def parse_topic_arn(text: str) -> TopicArn:
    """Return ``text`` as the ARN of a standard SNS topic, or raise ModelError."""
    return TopicArn(_checked(_TOPIC, text, "SNS topic"))


def region_of(topic: TopicArn) -> str:
    """Return the region of a topic."""
    return topic.split(":")[3]


def parse_finding_arn(text: str) -> FindingArn:
    """Return ``text`` as a finding's ARN, or raise ModelError."""
    return FindingArn(_checked(_FINDING, text, "finding"))


def parse_exclusion_arn(text: str) -> ExclusionArn:
    """Return ``text`` as an exclusion's ARN, or raise ModelError."""
    return ExclusionArn(_checked(_EXCLUSION, text, "exclusion"))


def parse_rules_package_arn(text: str) -> RulesPackageArn:
    """Return ``text`` as a rules package's ARN, or raise ModelError."""
    return RulesPackageArn(_checked(_RULES_PACKAGE, text, "rules package"))


def _checked(pattern: re.Pattern[str], text: str, noun: str) -> str:
    if len(text) > MAX_ARN_LENGTH or pattern.fullmatch(text) is None:
        shown = text if len(text) <= MAX_ARN_LENGTH else f"{text[:MAX_ARN_LENGTH]}…"
        article = "an" if noun[0] in "aeiouS" else "a"
        raise ModelError(f"not the ARN of {article} {noun}: {shown!r}")
    return text
