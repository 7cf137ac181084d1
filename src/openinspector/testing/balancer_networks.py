"""Two VPCs with a load balancer in front of one host, as raw `aws` output."""

from typing import Final

from openinspector.testing.network_builders import Json, group, interface, rule, two_vpcs

_INTERFACES: Final = "ec2-describe-network-interfaces"
_GROUPS: Final = "ec2-describe-security-groups"
_ARNS: Final = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
APPLICATION: Final = f"{_ARNS}:loadbalancer/app/web/1"
APPLICATION_LISTENER: Final = f"{_ARNS}:listener/app/web/1/2"
NETWORK: Final = f"{_ARNS}:loadbalancer/net/lb/1"
TARGETS: Final = f"{_ARNS}:targetgroup/tg/1"
FORWARD: Final = {"Type": "forward", "TargetGroupArn": TARGETS}
_ZONES: Final = [{"ZoneName": "eu-west-1a", "SubnetId": "subnet-a1"}]
_NODE: Final = 8
"""Number of the node's interface and of its group."""


def by_group(number: int, first: int = 22) -> Json:
    """Return a permission of a security group for one TCP port and the members of another group."""
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": first, "UserIdGroupPairs": [{"GroupId": f"sg-{number}"}]}


def _with_node(description: str, *, public: bool = True, **more: object) -> Json:
    node = interface(_NODE, "10.1.1.80", "subnet-a1", "vpc-a", Attachment={}, Description=description, **more)
    if public:
        node["PrivateIpAddresses"][0]["Association"] = {"PublicIp": "3.3.3.80"}
    network = two_vpcs()
    network[_INTERFACES]["NetworkInterfaces"].append(node)
    return network


def alb(*default: Json, rules: list[Json] | None = None, scheme: str = "internet-facing", port: int = 8080) -> Json:
    """Return an Application Load Balancer in subnet-a1 (3.3.3.80) in front of i-2, from port 80 to ``port``."""
    network = _with_node("ELB app/web/1", public=scheme == "internet-facing")
    network[_GROUPS]["SecurityGroups"][1] = group(2, by_group(_NODE, port))
    network[_GROUPS]["SecurityGroups"].append(group(_NODE, rule("tcp", 80, 80)))
    made = {"LoadBalancerArn": APPLICATION, "LoadBalancerName": "web", "Type": "application", "Scheme": scheme}
    listener = {"ListenerArn": APPLICATION_LISTENER, "Port": 80, "Protocol": "HTTP"}
    health = [{"Target": {"Id": "i-2", "Port": port}, "TargetHealth": {"State": "healthy"}}]
    return network | {
        "elbv2-describe-load-balancers": {"LoadBalancers": [made | {"AvailabilityZones": _ZONES}]},
        f"elbv2-describe-listeners/{APPLICATION}": {
            "Listeners": [listener | {"DefaultActions": list(default or [FORWARD])}]
        },
        f"elbv2-describe-rules/{APPLICATION_LISTENER}": {"Rules": rules or []},
        f"elbv2-describe-load-balancer-attributes/{APPLICATION}": {"Attributes": []},
        "elbv2-describe-target-groups": {
            "TargetGroups": [{"TargetGroupArn": TARGETS, "Protocol": "HTTP", "TargetType": "instance", "Port": port}]
        },
        f"elbv2-describe-target-health/{TARGETS}": {"TargetHealthDescriptions": health},
    }


def network_balancer(
    target_type: str = "instance", health: str = "healthy", cidr: str = "0.0.0.0/0", port: int = 8080
) -> Json:
    """Return a Network Load Balancer in subnet-a1 (3.3.3.80) in front of i-2, from port 80 to ``port``."""
    network = _with_node("ELB net/lb/1", Groups=[], InterfaceType="network_load_balancer")
    network[_GROUPS]["SecurityGroups"][1] = group(2, rule("tcp", port, port, cidr))
    made = {"LoadBalancerArn": NETWORK, "LoadBalancerName": "lb", "Type": "network", "AvailabilityZones": _ZONES}
    target = {"Id": "i-2" if target_type == "instance" else "10.1.2.10", "Port": port}
    listener = {"ListenerArn": "l", "Port": 80, "Protocol": "TCP", "DefaultActions": [FORWARD]}
    return network | {
        "elbv2-describe-load-balancers": {"LoadBalancers": [made]},
        f"elbv2-describe-listeners/{NETWORK}": {"Listeners": [listener]},
        "elbv2-describe-target-groups": {
            "TargetGroups": [{"TargetGroupArn": TARGETS, "Protocol": "TCP", "TargetType": target_type}]
        },
        f"elbv2-describe-target-health/{TARGETS}": {
            "TargetHealthDescriptions": [{"Target": target, "TargetHealth": {"State": health}}]
        },
    }


def classic() -> Json:
    """Return a Classic Load Balancer in subnet-a1 (3.3.3.80) in front of i-1, from port 80 to 22."""
    network = _with_node("ELB web")
    network[_GROUPS]["SecurityGroups"].append(group(_NODE, rule("tcp", 80, 80)))
    network[_GROUPS]["SecurityGroups"][0] = group(1, by_group(_NODE))
    listener = {"Listener": {"LoadBalancerPort": 80, "InstancePort": 22}}
    web = {"LoadBalancerName": "web", "VPCId": "vpc-a", "ListenerDescriptions": [listener]}
    web |= {"Instances": [{"InstanceId": "i-1"}]}
    return network | {"elb-describe-load-balancers": {"LoadBalancerDescriptions": [web]}}
