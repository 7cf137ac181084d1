"""The read calls of a snapshot, the permission that each needs, and the calls that list ids for others.

The actions are those of F5.43 that the model reads. `EXTRA_CALLS` lists reads that the vendor's role did not have; they
are made only if the installation opts in, because the model states its assumption without them.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class IdSource:
    """Ids that a call is made for, one call an id."""

    operation: str
    """The call whose answer lists the ids."""
    items: str
    """Key of the list in that answer."""
    id: str
    """Key of the id in an item."""
    parameter: str
    """Name of the parameter that takes the id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCall:
    """One call of one region."""

    operation: str
    """`<service>-<operation>` as the AWS CLI names them; also the name of the document."""
    action: str
    """The IAM action that it needs."""
    parameters: tuple[tuple[str, object], ...] = ()
    """Names and values, beside the id."""
    ids: IdSource | None = None
    page_size: int | None = None
    """Items a page, for calls whose whole answer may be too large for EC2 to return at once.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination
    """

    @property
    def service(self) -> str:
        """Return the name of the API's client."""
        return self.operation.partition("-")[0]

    @property
    def method(self) -> str:
        """Return the name of the client's method."""
        return self.operation.partition("-")[2].replace("-", "_")


def _ec2(name: str, action: str, ids: IdSource | None = None, **parameters: object) -> ReadCall:
    return ReadCall(operation=f"ec2-{name}", action=f"ec2:{action}", parameters=tuple(parameters.items()), ids=ids)


def _paged(name: str, action: str) -> ReadCall:
    return ReadCall(operation=f"ec2-{name}", action=f"ec2:{action}", page_size=1000)


def _elb(operation: str, action: str, ids: IdSource | None = None) -> ReadCall:
    return ReadCall(operation=operation, action=f"elasticloadbalancing:{action}", ids=ids)


def _direct_connect(name: str, action: str, ids: IdSource | None = None) -> ReadCall:
    return ReadCall(operation=f"directconnect-{name}", action=f"directconnect:{action}", ids=ids)


def _of(operation: str, items: str, id_: str, parameter: str) -> IdSource:
    return IdSource(operation=operation, items=items, id=id_, parameter=parameter)


_BALANCERS: Final = _of("elbv2-describe-load-balancers", "LoadBalancers", "LoadBalancerArn", "LoadBalancerArn")
_LISTENERS: Final = _of("elbv2-describe-listeners", "Listeners", "ListenerArn", "ListenerArn")
_TARGET_GROUPS: Final = _of("elbv2-describe-target-groups", "TargetGroups", "TargetGroupArn", "TargetGroupArn")
_PREFIX_LISTS: Final = _of("ec2-describe-managed-prefix-lists", "PrefixLists", "PrefixListId", "PrefixListId")
_TRANSIT_TABLES: Final = _of(
    "ec2-describe-transit-gateway-route-tables",
    "TransitGatewayRouteTables",
    "TransitGatewayRouteTableId",
    "TransitGatewayRouteTableId",
)
_DIRECT_CONNECT_GATEWAYS: Final = _of(
    "directconnect-describe-direct-connect-gateways",
    "directConnectGateways",
    "directConnectGatewayId",
    "directConnectGatewayId",
)
_ALL_ROUTES: Final = ({"Name": "state", "Values": ["active", "blackhole"]},)

REGIONS_CALL: Final = _ec2("describe-regions", "DescribeRegions")
"""Lists the regions that an account has enabled. Its answer is not part of a snapshot."""
INSTANCES_CALL: Final = _paged("describe-instances", "DescribeInstances")
"""Finds instances by their tags (F2.14)."""

CALLS: Final = (
    INSTANCES_CALL,
    _paged("describe-network-interfaces", "DescribeNetworkInterfaces"),
    _ec2("describe-vpcs", "DescribeVpcs"),
    _ec2("describe-subnets", "DescribeSubnets"),
    _paged("describe-security-groups", "DescribeSecurityGroups"),
    _ec2("describe-network-acls", "DescribeNetworkAcls"),
    _ec2("describe-route-tables", "DescribeRouteTables"),
    _ec2("describe-internet-gateways", "DescribeInternetGateways"),
    _ec2("describe-nat-gateways", "DescribeNatGateways"),
    _ec2("describe-vpc-peering-connections", "DescribeVpcPeeringConnections"),
    _ec2("describe-vpn-gateways", "DescribeVpnGateways"),
    _ec2("describe-vpn-connections", "DescribeVpnConnections"),
    _ec2("describe-vpc-endpoints", "DescribeVpcEndpoints"),
    _ec2("describe-prefix-lists", "DescribePrefixLists"),
    _ec2("describe-managed-prefix-lists", "DescribeManagedPrefixLists"),
    _ec2("get-managed-prefix-list-entries", "GetManagedPrefixListEntries", _PREFIX_LISTS),
    _ec2("describe-transit-gateways", "DescribeTransitGateways"),
    _ec2("describe-transit-gateway-attachments", "DescribeTransitGatewayAttachments"),
    _ec2("describe-transit-gateway-vpc-attachments", "DescribeTransitGatewayVpcAttachments"),
    _ec2("describe-transit-gateway-route-tables", "DescribeTransitGatewayRouteTables"),
    _ec2("search-transit-gateway-routes", "SearchTransitGatewayRoutes", _TRANSIT_TABLES, Filters=_ALL_ROUTES),
    _ec2("get-transit-gateway-route-table-propagations", "GetTransitGatewayRouteTablePropagations", _TRANSIT_TABLES),
    _elb("elb-describe-load-balancers", "DescribeLoadBalancers"),
    _elb("elbv2-describe-load-balancers", "DescribeLoadBalancers"),
    _elb("elbv2-describe-load-balancer-attributes", "DescribeLoadBalancerAttributes", _BALANCERS),
    _elb("elbv2-describe-listeners", "DescribeListeners", _BALANCERS),
    _elb("elbv2-describe-rules", "DescribeRules", _LISTENERS),
    _elb("elbv2-describe-target-groups", "DescribeTargetGroups"),
    _elb("elbv2-describe-target-health", "DescribeTargetHealth", _TARGET_GROUPS),
    _direct_connect("describe-direct-connect-gateways", "DescribeDirectConnectGateways"),
    _direct_connect(
        "describe-direct-connect-gateway-associations",
        "DescribeDirectConnectGatewayAssociations",
        _DIRECT_CONNECT_GATEWAYS,
    ),
    _direct_connect("describe-virtual-interfaces", "DescribeVirtualInterfaces"),
)
"""In the order in which they are made: a call that takes ids follows the call that lists them."""

EXTRA_CALLS: Final = (
    _ec2("describe-addresses", "DescribeAddresses"),
    _ec2("describe-egress-only-internet-gateways", "DescribeEgressOnlyInternetGateways"),
    _ec2("describe-vpc-block-public-access-options", "DescribeVpcBlockPublicAccessOptions"),
    _ec2("describe-vpc-block-public-access-exclusions", "DescribeVpcBlockPublicAccessExclusions"),
    _elb("elbv2-describe-target-group-attributes", "DescribeTargetGroupAttributes", _TARGET_GROUPS),
)


def calls(*, extra_reads: bool) -> tuple[ReadCall, ...]:
    """Return the calls of a snapshot in order."""
    return (*CALLS, *EXTRA_CALLS) if extra_reads else CALLS


def actions(*, extra_reads: bool) -> tuple[str, ...]:
    """Return the IAM actions that a role needs, sorted."""
    return tuple(sorted({call.action for call in (REGIONS_CALL, *calls(extra_reads=extra_reads))}))
