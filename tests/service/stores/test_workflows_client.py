"""A node without workers leaves workflows to a node with them."""

import time
from collections.abc import Callable

from openinspector.service.ports.workflows import WorkflowContext
from openinspector.service.stores.workflows_client import QueuedWorkflows
from openinspector.service.stores.workflows_dbos import DbosWorkflows
from openinspector.testing.postgresql import new_database


def comes_true(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_so()


def test_a_queued_workflow_is_executed_once_by_a_worker_and_gets_its_signal(postgresql_url: str) -> None:
    url = new_database(postgresql_url)
    done: list[tuple[str, str | None]] = []

    def body(context: WorkflowContext, argument: str) -> None:
        done.append((argument, context.wait("wake", 20)))

    worker = DbosWorkflows(url, application_version="test", executor_id="worker")
    worker.launch({"body": body})
    front = QueuedWorkflows(url, application_version="test", executor_id="front")
    try:
        front.launch({})
        front.signal("unknown", "wake", "lost")
        for _ in range(2):
            front.start("body", "run", "argument")
        front.signal("run", "wake", "collected")
        assert comes_true(lambda: bool(done))
        front.start("body", "run", "argument")
        front.start("body", "other", "second")
        front.signal("other", "wake", "again")
        assert comes_true(lambda: len(done) > 1)
        assert done == [("argument", "collected"), ("second", "again")]
        assert front.adopt(lambda: ()) == 0
    finally:
        front.shutdown()
        worker.shutdown()
