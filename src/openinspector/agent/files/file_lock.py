"""A lock on an open file that ends with its process: flock(2), or a locked byte on Windows."""

import sys


def lock_file(descriptor: int, *, shared: bool = False) -> None:
    """Lock the file for as long as the descriptor is open; raises OSError if another process has it locked.

    A ``shared`` lock excludes exclusive ones; Windows has no shared lock on a byte.
    """
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - Windows only

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
