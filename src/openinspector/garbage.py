"""The garbage collector, paused while nothing can be freed."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_garbage(*, process_ends: bool = False) -> Iterator[None]:
    """Pause the garbage collector while hundreds of thousands of objects are made, all of which are kept.

    Else it visits them again and again: reading a stream of advisories takes four times as long. Also a decorator.
    If the process ends afterwards, the collector does not visit them at the exit either.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if process_ends:
            gc.freeze()
        if collects:
            gc.enable()
