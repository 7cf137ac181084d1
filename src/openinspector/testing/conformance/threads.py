"""Run actions concurrently."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from openinspector.model.errors import OpenInspectorError


def at_once(actions: Sequence[Callable[[], object]]) -> list[object]:
    """Start all actions at once, each in a thread; return results, including raised `OpenInspectorError`s."""
    start = Barrier(len(actions))

    def do(action: Callable[[], object]) -> object:
        start.wait()
        try:
            return action()
        except OpenInspectorError as error:
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(do, actions))
