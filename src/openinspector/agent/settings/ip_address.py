"""IP addresses in a host's settings."""

import ipaddress


def is_ip_address(text: str) -> bool:
    """Return True if ``text`` is an address of version 4 or 6, with or without a zone."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
