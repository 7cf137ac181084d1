"""Exposures as findings are read: rule name, title, description, recommendation, attributes (F5.51 to F5.57)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from openinspector.model.finding import NUMERIC_SEVERITY, Attribute
from openinspector.network.exposure import (
    PROTOCOL_NAMES,
    Closers,
    ReachableExposure,
    RuleType,
    SourceClass,
    closed_by,
)

SOURCE_NAMES: Final[Mapping[SourceClass, str]] = MappingProxyType(
    {
        SourceClass.INTERNET: "the internet",
        SourceClass.PEERED_VPC: "a Peered VPC",
        SourceClass.VGW: "a Virtual Private Gateway",
    }
)
_FROM: Final[Mapping[SourceClass, str]] = MappingProxyType(
    {
        SourceClass.INTERNET: "internet",
        SourceClass.PEERED_VPC: "a Peered VPC",
        SourceClass.VGW: "a Virtual Private Gateway",
    }
)
_GATEWAY_KEY: Final[Mapping[SourceClass, str]] = MappingProxyType(
    {SourceClass.INTERNET: "IGW", SourceClass.PEERED_VPC: "PEERED_VPC", SourceClass.VGW: "VGW"}
)
_MANAGED_GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "eks-cluster-sg-": "Amazon EKS",
        "k8s-": "the AWS Load Balancer Controller",
        "default_elb_": "Elastic Load Balancing",
    }
)
"""First characters of the names of groups that a service makes, and the service."""
_MOST_CIDRS: Final = 10
_LONGEST_VALUE: Final = 256
_LEAST_GAIN: Final = 1.0


def rule_name(exposure: ReachableExposure) -> str:
    """Return the finding's id (F5.51)."""
    return kind_name(exposure.rule_type, exposure.route)


def kind_name(rule_type: RuleType, route: SourceClass) -> str:
    """Return the name of the rule for a kind of finding and a class of sources (F5.51)."""
    source = _FROM[route]
    match rule_type:
        case RuleType.WITH_LISTENER:
            return f"Recognized port with listener reachable from {source}"
        case RuleType.NO_LISTENER:
            return f"Recognized port with no listener reachable from {source}"
        case RuleType.NO_AGENT:
            return f"Recognized port reachable from {source}"
        case RuleType.UNRECOGNIZED:
            return f"Unrecognized port with listener reachable from {source}"
        case RuleType.EXPOSURE:
            return f"Network exposure from {SOURCE_NAMES[route]}"


def title(exposure: ReachableExposure) -> str:
    """Return the title: instance, port, service and route (F5.52, F5.53)."""
    source = SOURCE_NAMES[exposure.route]
    if exposure.port is None:
        return f"Aggregate network exposure: ports of instance {exposure.instance} are reachable from {source}"
    service = f" associated with '{exposure.service}'" if exposure.service else ""
    where = f"{_protocol(exposure)} port {exposure.port}{service}"
    through = f" through load balancer {exposure.balancer}" if exposure.balancer else ""
    return f"On instance {exposure.instance}, {where} is reachable from {source}{through}"


def description(exposure: ReachableExposure) -> str:
    """Return what is reachable, by what, and who listens (F5.54)."""
    interface = exposure.interface
    text = [f"{title(exposure)}."]
    if exposure.port is None:
        ranges = ", ".join(port_range(*one) for one in exposure.ports)
        text.append(f"Reachable ports: {ranges}.")
    elif exposure.listener is not None:
        text.append(f"{process_of(exposure)} listens on it.")
    elif exposure.rule_type is RuleType.NO_AGENT:
        text.append("Install the agent on the instance and run again to learn whether a process listens on it.")
    else:
        text.append("No process listens on it.")
    groups = ", ".join(group.group_id for group in interface.groups)
    text.append(
        f"The instance is in VPC {interface.vpc_id} and has interface {interface.network_interface_id} with network "
        f"ACL {exposure.acl or 'not known'}. Access is allowed by security group {groups or 'not known'} and "
        f"{exposure.gateway or 'an unknown gateway'}."
    )
    return " ".join(text)


def process_of(exposure: ReachableExposure) -> str:
    """Return the process that listens, with its id and package; "" if none is known."""
    listener = exposure.listener
    if listener is None:
        return ""
    process = f"Process {listener.process_name or 'of unknown name'}"
    pid = f" (id {listener.process_id})" if listener.process_id is not None else ""
    return f"{process}{pid}" + (f" of package {listener.package}" if listener.package else "")


def attributes(exposure: ReachableExposure) -> tuple[Attribute, ...]:
    """Return the attributes of F5.56, with the gateway's key by route, and SOURCES and SCOPE."""
    interface = exposure.interface
    pairs = [
        ("VPC", interface.vpc_id),
        ("ACL", exposure.acl),
        ("PROTOCOL", _protocol(exposure)),
        ("RULE_TYPE", exposure.rule_type.value),
        ("INSTANCE_ID", exposure.instance),
        ("PORT_GROUP_NAME", exposure.service),
        (_GATEWAY_KEY[exposure.route], exposure.gateway),
        ("SECURITY_GROUP", ",".join(group.group_id for group in interface.groups)),
        ("ENI", interface.network_interface_id),
        ("REACHABILITY_TYPE", exposure.route.value),
        ("PORT", "" if exposure.port is None else str(exposure.port)),
        ("ELB", exposure.balancer),
        ("SOURCES", f"{exposure.source_count}: {', '.join(dict.fromkeys(exposure.sources[:_MOST_CIDRS]))}"),
        ("SCOPE", exposure.scope),
    ]
    return tuple(Attribute(key=key, value=value[:_LONGEST_VALUE]) for key, value in pairs if value)


def _protocol(exposure: ReachableExposure) -> str:
    return PROTOCOL_NAMES.get(exposure.protocol or 0, "")


def port_range(protocol: str, first: int, last: int) -> str:
    """Return ports as people write them: ``TCP 22`` or ``TCP 20-30``."""
    return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"


def gain(closed: Iterable[ReachableExposure]) -> float:
    """Return how much a rule's removal closes: the severities of its findings, each worth at least one."""
    return sum(max(NUMERIC_SEVERITY[exposure.severity], _LEAST_GAIN) for exposure in closed)


def recommendation(exposure: ReachableExposure, closing: Closers) -> str:
    """Return which rule to change, or which two (F5.55): of those that close the finding, those that close the most."""
    source = SOURCE_NAMES[exposure.route]
    if exposure.port is None:
        return f"Allow only the ports that {source} needs in the security groups of the instance."
    port = f"{_protocol(exposure)} port {exposure.port}"
    if exposure.closers:
        best = max(exposure.closers, key=lambda cut: (gain(closed_by(cut, closing)), cut))
        more = sum(other.opening != exposure.opening for other in closed_by(best, closing))
        whose, what = ("Its", "rule") if len(best) == 1 else ("Their", "both rules")
        also = f" {whose} removal closes {more} other finding{'s' if more != 1 else ''} too." if more else ""
        groups = dict.fromkeys(rule.partition("/")[0] for rule in best)
        named = f"security group{'s' if len(groups) > 1 else ''} {' and '.join(groups)}"
        sources = "its sources" if len(best) == 1 else "the sources of both"
        return (
            f"Edit {named}: remove {what} {' and '.join(best)}, or narrow {sources}, to end access "
            f"from {source} on {port}.{also}{''.join(dict.fromkeys(_shared_group(exposure, rule) for rule in best))}"
        )
    if exposure.rules:
        rules = ", ".join(exposure.rules)
        return (
            f"No two rules close {port}: edit all of {rules} to end access from {source}, or deny the port in "
            f"network ACL {exposure.acl or 'of the subnet'}."
        )
    return f"Deny {port} from {source} in network ACL {exposure.acl}: no security group judges it."


def _shared_group(exposure: ReachableExposure, rule: str) -> str:
    """Return a warning if a service manages the group of a rule or every interface without groups gets it."""
    group_id = rule.partition("/")[0]
    name = next((one.group_name for one in exposure.interface.groups if one.group_id == group_id), "")
    service = next((service for start, service in _MANAGED_GROUPS.items() if name.startswith(start)), "")
    if service:
        return f" {group_id} is managed by {service}: change it there."
    return f" {group_id} is the default group of the VPC: other interfaces rely on it." if name == "default" else ""


def render_exposure(exposure: ReachableExposure, closing: Closers) -> dict[str, object]:
    """Return the JSON object of one finding."""
    answer = exposure.answer
    return {
        "id": rule_name(exposure),
        "title": title(exposure),
        "severity": exposure.severity.value,
        "numericSeverity": NUMERIC_SEVERITY[exposure.severity],
        "description": description(exposure),
        "recommendation": recommendation(exposure, closing),
        "attributes": {one.key: one.value for one in attributes(exposure)},
        "rules": list(exposure.rules),
        "closers": [list(cut) for cut in exposure.closers],
        "issue": exposure.issue,
        "subject": exposure.subject,
        "grounds": msgspec.to_builtins(exposure.grounds),
        "ports": [port_range(*one) for one in exposure.ports],
        "evidence": {
            "path": msgspec.to_builtins(answer.path) if answer else [],
            "answer_path": msgspec.to_builtins(answer.answer_path) if answer else [],
            "assumptions": list(answer.assumptions) if answer else [],
            "listener": process_of(exposure) or None,
        },
    }
