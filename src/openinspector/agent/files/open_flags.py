"""Flags of open(2) by purpose; each is 0 if the operating system lacks it.

On Windows files are never links unless an administrator creates one, descriptors are never inherited (PEP 446), and
without BINARY the C library would rewrite line ends.
"""

import os
from typing import Final

BINARY: Final[int] = getattr(os, "O_BINARY", 0)
NO_FOLLOW: Final[int] = getattr(os, "O_NOFOLLOW", 0)
"""Refuse a symbolic link."""
CLOSE_ON_EXEC: Final[int] = getattr(os, "O_CLOEXEC", 0)
NON_BLOCKING: Final[int] = getattr(os, "O_NONBLOCK", 0)
NO_TERMINAL: Final[int] = getattr(os, "O_NOCTTY", 0)
"""Do not acquire a controlling terminal."""
PRIVATE_FILE: Final = BINARY | NO_FOLLOW | CLOSE_ON_EXEC
"""For all files of the agent."""
