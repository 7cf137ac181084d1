"""Source packages that only sign the kernels of another source, which is the one in advisories."""

import re
from typing import Final

_DEBIAN: Final = re.compile(r"linux-signed(?:-([0-9]+\.[0-9]+))?-(?:amd64|arm64|i386)")
_UBUNTU: Final = re.compile(r"linux-signed(-[a-z0-9.-]+)?")


def signed_source(name: str) -> str:
    """Return the source that ``name`` signs, empty if it signs none.

    ``linux-signed-6.12-amd64`` (Debian) signs ``linux-6.12``, ``linux-signed-hwe-6.5`` (Ubuntu) ``linux-hwe-6.5``.
    """
    debian = _DEBIAN.fullmatch(name)
    if debian:
        return f"linux-{debian[1]}" if debian[1] else "linux"
    ubuntu = _UBUNTU.fullmatch(name)
    return f"linux{ubuntu[1] or ''}" if ubuntu else ""
