"""Findings."""

from functools import partial
from typing import Final

from openinspector.engine.finding_text import FindingText, finding_text
from openinspector.model.asset import AssetInterface
from openinspector.model.finding import CONFIDENCE, NUMERIC_SEVERITY, Finding, Severity
from openinspector.service.api.listing import Listing, attributes_of, failed_items, time_range
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app import arguments as named
from openinspector.service.app.templates import check_distinct
from openinspector.service.ports.finding_store import FindingFilter

SCHEMA_VERSION: Final = 1
_MAX_TEXT: Final = 20_000
_FINDINGS: Final = Listing(operation="ListFindings")


def list_findings(services: ApiServices, arguments: Json) -> Json:
    """List finding ARNs of the given runs, or of all."""
    list_page = partial(services.app.findings.list_page, arguments.get("assessmentRunArns", []), _filter(arguments))
    rows, more = _FINDINGS.page(services, arguments, list_page)
    return {"findingArns": rows, **more}


def describe_findings(services: ApiServices, arguments: Json) -> Json:
    """Return findings by ARN."""
    described = services.app.findings.describe(arguments["findingArns"])
    return {
        "findings": [render_finding(finding) for finding in described.found.values()],
        "failedItems": failed_items(described.failed),
    }


def add_attributes_to_findings(services: ApiServices, arguments: Json) -> Json:
    """Add user attributes to findings."""
    added = attributes_of(arguments["attributes"])
    check_distinct(tuple(attribute.key for attribute in added), "INVALID_USER_ATTRIBUTE_KEY")
    failed = services.app.findings.add_attributes(arguments["findingArns"], added)
    return {"failedItems": failed_items(failed)}


def remove_attributes_from_findings(services: ApiServices, arguments: Json) -> Json:
    """Remove user attributes from findings."""
    keys = arguments["attributeKeys"]
    failed = services.app.findings.remove_attributes(arguments["findingArns"], keys)
    return {"failedItems": failed_items(failed)}


def _filter(arguments: Json) -> FindingFilter:
    asked = arguments.get("filter", {})
    return FindingFilter(
        agent_ids=tuple(asked.get("agentIds", [])),
        auto_scaling_groups=tuple(asked.get("autoScalingGroups", [])),
        rule_names=tuple(asked.get("ruleNames", [])),
        severities=tuple(Severity(severity) for severity in asked.get("severities", [])),
        rules_package_arns=tuple(named.rules_package_arn(arn) for arn in asked.get("rulesPackageArns", [])),
        attributes=attributes_of(asked.get("attributes", [])),
        user_attributes=attributes_of(asked.get("userAttributes", [])),
        created=time_range(asked.get("creationTimeRange", {}), "INVALID_ATTRIBUTE"),
    )


def render_finding(finding: Finding) -> Json:
    """Return a finding as DescribeFindings does."""
    text = finding_text(finding)
    return {
        "arn": finding.arn,
        "schemaVersion": SCHEMA_VERSION,
        "service": "Inspector",
        "serviceAttributes": {
            "schemaVersion": SCHEMA_VERSION,
            "assessmentRunArn": finding.run_arn,
            "rulesPackageArn": finding.rules_package_arn,
        },
        "assetType": "ec2-instance",
        "assetAttributes": _asset(finding),
        "id": finding.rule_id,
        "title": text.title,
        "description": _description(text),
        "recommendation": text.recommendation,
        "severity": finding.severity,
        "numericSeverity": NUMERIC_SEVERITY[finding.severity],
        "confidence": CONFIDENCE,
        "indicatorOfCompromise": False,
        "attributes": text.attributes,
        "userAttributes": finding.user_attributes,
        "createdAt": finding.created_at,
        "updatedAt": finding.updated_at,
    }


def _description(text: FindingText) -> str:
    """Return the description followed by the evidence: the API has no member for evidence."""
    if not text.evidence:
        return text.description
    return f"{text.description}\n\nWhy:\n{text.evidence}"[:_MAX_TEXT]


def _asset(finding: Finding) -> Json:
    asset = finding.asset
    return {
        "schemaVersion": SCHEMA_VERSION,
        "agentId": asset.agent_id or None,
        "autoScalingGroup": asset.auto_scaling_group,
        "amiId": asset.ami_id,
        "hostname": asset.hostname or None,
        "ipv4Addresses": asset.ipv4_addresses,
        "tags": asset.tags,
        "networkInterfaces": [_interface(one) for one in asset.interfaces] or None,
    }


def _interface(interface: AssetInterface) -> Json:
    addresses = interface.ipv4_addresses
    return {
        "networkInterfaceId": interface.interface_id or None,
        "subnetId": interface.subnet_id or None,
        "vpcId": interface.vpc_id or None,
        "privateDnsName": interface.private_dns_name or None,
        "privateIpAddress": addresses[0] if addresses else None,
        "privateIpAddresses": [{"privateIpAddress": address} for address in addresses],
        "publicDnsName": interface.public_dns_name or None,
        "publicIp": interface.public_ip,
        "ipv6Addresses": interface.ipv6_addresses,
        "securityGroups": [{"groupName": one.name, "groupId": one.id} for one in interface.security_groups] or None,
    }
