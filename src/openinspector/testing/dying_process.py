"""A child process that dies right before its n-th change of the disk or its n-th connection.

`python -m openinspector.testing.dying_process N COMMAND …` runs the agent's command line. Its exit status is 9 if it
died.
"""

import os
import sys
from typing import Final

DIED: Final = 9
_CHANGES: Final = ("os.rename", "os.remove", "os.mkdir", "os.chmod", "socket.connect")


def die_before(number: int) -> None:
    """Make this process die before its ``number``-th change."""
    left = number

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in _CHANGES or (event == "open" and _writes(arguments)):
            left -= 1
            if left == 0:
                os._exit(DIED)

    sys.addaudithook(watch)


def _writes(arguments: tuple[object, ...]) -> bool:
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


if __name__ == "__main__":
    from openinspector.agent.__main__ import main

    die_before(int(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
