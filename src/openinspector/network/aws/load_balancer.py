"""Application, Network and Classic Load Balancers."""

import msgspec

from openinspector.network.aws.vpc import Noun, State


class LbAddress(Noun, frozen=True):
    """An address of a load balancer in one zone."""

    ip_address: str = ""
    private_ipv4_address: str = msgspec.field(name="PrivateIPv4Address", default="")


class LbZone(Noun, frozen=True):
    """A zone that a load balancer serves."""

    zone_name: str = ""
    subnet_id: str = ""
    load_balancer_addresses: tuple[LbAddress, ...] = ()


class LoadBalancer(Noun, frozen=True):
    """An Application, Network or Gateway Load Balancer."""

    load_balancer_arn: str
    load_balancer_name: str = ""
    type: str = "application"
    scheme: str = "internal"
    vpc_id: str = ""
    state: State = State(code="active")
    availability_zones: tuple[LbZone, ...] = ()
    security_groups: tuple[str, ...] = ()


class TargetGroupName(Noun, frozen=True):
    """A reference to a target group."""

    target_group_arn: str


class ForwardConfig(Noun, frozen=True):
    """Target groups of a forward action."""

    target_groups: tuple[TargetGroupName, ...] = ()


class ListenerAction(Noun, frozen=True):
    """The action of a listener on a request."""

    type: str = "forward"
    target_group_arn: str = ""
    forward_config: ForwardConfig | None = None


class Listener(Noun, frozen=True):
    """A listener of a load balancer."""

    listener_arn: str = ""
    port: int = 0
    protocol: str = "TCP"
    default_actions: tuple[ListenerAction, ...] = ()


class RuleCondition(Noun, frozen=True):
    """A condition of a listener rule: host, path, source address, header."""

    field: str = ""


class ListenerRule(Noun, frozen=True):
    """A rule of an Application Load Balancer's listener."""

    rule_arn: str = ""
    is_default: bool = False
    conditions: tuple[RuleCondition, ...] = ()
    actions: tuple[ListenerAction, ...] = ()


class TargetGroup(Noun, frozen=True):
    """A target group."""

    target_group_arn: str
    protocol: str = "TCP"
    target_type: str = "instance"
    port: int = 0
    load_balancer_arns: tuple[str, ...] | None = None
    """The balancers whose listeners or rules forward to the group; None if the record does not say."""


class BalancerTarget(Noun, frozen=True):
    """One target of a group."""

    id: str
    port: int = 0
    availability_zone: str = ""


class TargetHealth(Noun, frozen=True):
    """A target and its health."""

    target: BalancerTarget
    target_health: State = State()


class KeyValue(Noun, frozen=True):
    """An attribute of a load balancer or target group."""

    key: str
    value: str = ""


class ClassicListener(Noun, frozen=True):
    """Ports of a Classic Load Balancer's listener."""

    load_balancer_port: int = 0
    instance_port: int = 0


class ClassicListenerDescription(Noun, frozen=True):
    """A Classic Load Balancer's listener."""

    listener: ClassicListener


class ClassicInstance(Noun, frozen=True):
    """An instance behind a Classic Load Balancer."""

    instance_id: str


class ClassicLoadBalancer(Noun, frozen=True):
    """A Classic Load Balancer."""

    load_balancer_name: str
    scheme: str = "internal"
    vpc_id: str = msgspec.field(name="VPCId", default="")
    security_groups: tuple[str, ...] = ()
    listener_descriptions: tuple[ClassicListenerDescription, ...] = ()
    instances: tuple[ClassicInstance, ...] = ()
