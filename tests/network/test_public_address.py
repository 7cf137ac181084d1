"""Row 27: the public address of a private one, in each form in which an answer names it."""

import pytest

from openinspector.network.aws.noun import Eni, PrivateAddress, PublicAddress
from openinspector.network.topology import public_of

_PUBLIC = PublicAddress(public_ip="203.0.113.7")
_OTHER = PublicAddress(public_ip="203.0.113.8")
_PLAIN = PrivateAddress(private_ip_address="10.0.0.1", primary=True)
_SECOND = PrivateAddress(private_ip_address="10.0.0.2")
_WITH = PrivateAddress(private_ip_address="10.0.0.1", primary=True, association=_PUBLIC)
_SECOND_WITH = PrivateAddress(private_ip_address="10.0.0.2", association=_OTHER)


@pytest.mark.parametrize(
    ("addresses", "at_interface", "first", "second"),
    [
        ((_WITH, _SECOND_WITH), _PUBLIC, "203.0.113.7", "203.0.113.8"),
        ((_WITH, _SECOND), None, "203.0.113.7", ""),
        ((_PLAIN, _SECOND), _PUBLIC, "203.0.113.7", ""),
        ((_PLAIN, _SECOND_WITH), _OTHER, "", "203.0.113.8"),
        ((), _PUBLIC, "203.0.113.7", ""),
        ((_PLAIN, _SECOND), None, "", ""),
    ],
)
def test_public_address_of_each_private_one(
    addresses: tuple[PrivateAddress, ...], at_interface: PublicAddress | None, first: str, second: str
) -> None:
    interface = Eni(
        network_interface_id="eni-1",
        private_ip_address="10.0.0.1",
        private_ip_addresses=addresses,
        association=at_interface,
    )
    assert (public_of(interface, "10.0.0.1"), public_of(interface, "10.0.0.2")) == (first, second)
