"""Services that reach private addresses of a VPC by ways that the model does not hold (row 63).

Their interfaces in the VPC show that they are there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openinspector.network.answer import Leg, NotKnown
from openinspector.network.aws import noun
from openinspector.network.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    name: str
    leg: Leg
    interface_type: str = ""
    description: str = ""
    """First words of the description of its interfaces."""

    def owns(self, interface: noun.Eni) -> bool:
        by_type = bool(self.interface_type) and interface.interface_type == self.interface_type
        return by_type or (bool(self.description) and interface.description.startswith(self.description))


# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html (InterfaceType)
_SERVICES: Final = (
    _Service(name="Global Accelerator", leg=Leg.INTERNET, interface_type="global_accelerator_managed"),
    _Service(name="Client VPN", leg=Leg.VPN, description="ClientVPN Endpoint"),
    _Service(name="EC2 Instance Connect Endpoint", leg=Leg.INTERNET, interface_type="ec2_instance_connect_endpoint"),
    _Service(name="Verified Access", leg=Leg.INTERNET, description="VerifiedAccess"),
)


def unmodelled(topology: Topology, vpc_id: str) -> Iterator[NotKnown]:
    """Yield the services in a VPC whose ways are not modelled, one fact a service, with the interface that shows it."""
    for service in _SERVICES:
        found = next((one for one in topology.interfaces_of[vpc_id] if service.owns(one)), None)
        if found is not None:
            reason = f"{service.name} may reach private addresses of {vpc_id}: that is not modelled"
            yield NotKnown(
                resource=found.network_interface_id, reason=topology.placed(reason, vpc_id), exclusion=service.leg
            )


__all__ = ["unmodelled"]
