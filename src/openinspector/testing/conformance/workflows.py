"""Contract tests for every `Workflows` adapter. Subclass, and provide the fixture ``new_workflows``."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from openinspector.service.ports.workflows import Workflow, WorkflowContext, Workflows

NewWorkflows = Callable[[], Workflows]
_DEADLINE_SECONDS = 20.0


class WorkflowsSuite:
    """Steps run once, signals are kept, pending workflows resume after a restart."""

    @pytest.fixture
    def new_workflows(self) -> NewWorkflows:
        """Return a function that opens the same durable state again."""
        raise NotImplementedError

    @pytest.fixture
    def launched(self, new_workflows: NewWorkflows) -> Iterator[Callable[[Mapping[str, Workflow]], Workflows]]:
        """Launch workflows, and shut the last ones down afterwards."""
        opened: list[Workflows] = []

        def launch(bodies: Mapping[str, Workflow]) -> Workflows:
            while opened:
                opened.pop().shutdown()
            opened.append(new_workflows())
            opened[-1].launch(bodies)
            return opened[-1]

        yield launch
        for workflows in opened:
            workflows.shutdown()

    def test_body_receives_its_argument(self, launched: Callable[[Mapping[str, Workflow]], Workflows]) -> None:
        """Steps run in order."""
        done: list[str] = []
        finished = threading.Event()

        def body(context: WorkflowContext, argument: str) -> None:
            done.append(context.step("first", lambda: f"{argument} 1"))
            done.append(context.step("second", lambda: f"{argument} 2"))
            finished.set()

        launched({"body": body}).start("body", "w1", "run")
        assert finished.wait(_DEADLINE_SECONDS)
        assert done == ["run 1", "run 2"]

    def test_same_id_starts_once(self, launched: Callable[[Mapping[str, Workflow]], Workflows]) -> None:
        """A repeated request does no harm."""
        starts: list[str] = []
        finished = threading.Event()

        def body(context: WorkflowContext, argument: str) -> None:
            context.step("only", lambda: _noted(starts, argument))
            finished.set()

        workflows = launched({"body": body})
        workflows.start("body", "w1", "a")
        assert finished.wait(_DEADLINE_SECONDS)
        workflows.start("body", "w1", "a")
        time.sleep(0.3)
        assert starts == ["a"]

    def test_a_signal_ends_a_wait(self, launched: Callable[[Mapping[str, Workflow]], Workflows]) -> None:
        """A signal sent before the wait is not lost."""
        signals: list[str | None] = []
        finished = threading.Event()
        proceed = threading.Event()

        def body(context: WorkflowContext, _argument: str) -> None:
            proceed.wait(_DEADLINE_SECONDS)
            signals.append(context.wait("topic", _DEADLINE_SECONDS))
            signals.append(context.wait("topic", 0.1))
            finished.set()

        workflows = launched({"body": body})
        workflows.start("body", "w1", "")
        workflows.signal("w1", "topic", "stop")
        proceed.set()
        assert finished.wait(_DEADLINE_SECONDS)
        assert signals == ["stop", None]

    def test_signal_without_a_workflow_is_ignored(
        self, launched: Callable[[Mapping[str, Workflow]], Workflows]
    ) -> None:
        """A run that has been deleted meanwhile has no workflow."""
        launched({}).signal("nobody", "topic", "stop")

    def test_completed_steps_are_not_repeated_after_a_restart(
        self, launched: Callable[[Mapping[str, Workflow]], Workflows]
    ) -> None:
        """The second process goes on after the finished step."""
        done: list[str] = []
        waiting = threading.Event()
        finished = threading.Event()

        def body(context: WorkflowContext, _argument: str) -> None:
            context.step("before", lambda: _noted(done, "before"))
            waiting.set()
            if context.wait("go", 1.0) is not None:
                context.step("after", lambda: _noted(done, "after"))
                finished.set()

        launched({"body": body}).start("body", "w1", "")
        assert waiting.wait(_DEADLINE_SECONDS)
        again = launched({"body": body})
        again.signal("w1", "go", "now")
        assert finished.wait(_DEADLINE_SECONDS)
        assert done == ["before", "after"]


def _noted(notes: list[str], text: str) -> str:
    notes.append(text)
    return text
