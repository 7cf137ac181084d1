"""Users in the registry of Windows: the hives of those who are signed in."""

import re
from typing import Final

USERS: Final = "HKEY_USERS"
PERSON: Final = re.compile(r"S-1-(?:5-21|12-1)-[\d-]+")
"""SIDs of people: accounts of a domain or the host (5-21) and of Entra ID (12-1)."""
