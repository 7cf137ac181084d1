"""Durable workflows on DBOS and SQLite; kill -9 between two steps."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from openinspector.model.errors import StoreError
from openinspector.service.ports.workflows import WorkflowContext
from openinspector.service.stores.workflows_dbos import DbosWorkflows
from openinspector.testing.conformance.workflows import NewWorkflows, WorkflowsSuite
from openinspector.testing.postgresql import new_database


class TestDbosOnSqlite(WorkflowsSuite):
    @pytest.fixture
    def new_workflows(self, tmp_path: Path) -> NewWorkflows:
        url = f"sqlite:///{tmp_path / 'workflows.db'}"
        return lambda: DbosWorkflows(url, application_version="test")


class TestDbosOnPostgresql(WorkflowsSuite):
    @pytest.fixture
    def new_workflows(self, postgresql_url: str) -> NewWorkflows:
        url = new_database(postgresql_url)
        return lambda: DbosWorkflows(url, application_version="test")


KILLED = """
import os, signal, sys, time
from pathlib import Path
from openinspector.model.errors import StoreError
from openinspector.service.ports.workflows import WorkflowContext
from openinspector.service.stores.workflows_dbos import DbosWorkflows

folder, kill = Path(sys.argv[1]), sys.argv[2] == "kill"
log = folder / "log"

def note(text):
    with log.open("a") as file:
        file.write(text + "\\n")
    return text

def body(context, argument):
    context.step("one", lambda: note("one"))
    if kill:
        os.kill(os.getpid(), signal.SIGKILL)
    context.step("two", lambda: note("two"))
    note("done")

workflows = DbosWorkflows(f"sqlite:///{folder / 'w.db'}", application_version="test")
workflows.launch({"body": body})
if kill:
    workflows.start("body", "id", "x")
for _ in range(200):
    if log.exists() and "done" in log.read_text():
        os._exit(0)
    time.sleep(0.05)
os._exit(1)
"""


def test_workflow_resumes_after_a_kill(tmp_path: Path) -> None:
    def process(mode: str) -> int:
        return subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), mode], timeout=60, check=False).returncode

    assert process("kill") == -signal.SIGKILL
    assert process("resume") == os.EX_OK
    assert (tmp_path / "log").read_text().split() == ["one", "two", "done"]


ADOPTED = """
import os, signal, sys, time
from openinspector.service.stores.workflows_dbos import DbosWorkflows

url, log, node = sys.argv[1:]

def note(text):
    with open(log, "a") as file:
        file.write(text + "\\n")
    return text

def body(context, argument):
    context.step("one", lambda: note(f"one by {node}"))
    if node == "a":
        os.kill(os.getpid(), signal.SIGKILL)
    context.step("two", lambda: note(f"two by {node}"))

workflows = DbosWorkflows(url, application_version="test", executor_id=node)
workflows.launch({"body": body})
if node == "a":
    workflows.start("body", "id", "x")
    time.sleep(60)
print(workflows.adopt(lambda: ["a", "b"]), workflows.adopt(lambda: ["b"]), flush=True)
for _ in range(400):
    if "two" in open(log).read():
        os._exit(0)
    time.sleep(0.05)
os._exit(1)
"""


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_workflows_of_a_killed_node_are_adopted(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Not those of a live one."""
    url = f"sqlite:///{tmp_path / 'w.db'}"
    if database == "postgresql":
        url = new_database(request.getfixturevalue("postgresql_url"))

    def node(name: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", ADOPTED, url, str(tmp_path / "log"), name]
        return subprocess.run(command, timeout=90, check=False, capture_output=True, text=True)

    assert node("a").returncode == -signal.SIGKILL
    adopting = node("b")
    assert (adopting.returncode, adopting.stdout) == (os.EX_OK, "0 1\n"), adopting.stderr
    assert (tmp_path / "log").read_text().splitlines() == ["one by a", "two by b"]


def _one_step(context: WorkflowContext, argument: str) -> None:
    context.step("only", lambda: argument)


def test_no_value_is_pickled(tmp_path: Path) -> None:
    """DBOS's default serializer is pickle; a pickled value in base64 begins with gA."""
    database = tmp_path / "w.db"
    workflows = DbosWorkflows(f"sqlite:///{database}", application_version="test")
    workflows.launch({"body": _one_step})
    workflows.start("body", "id", "argument")
    for _ in range(100):
        with_wal = b"".join(file.read_bytes() for file in tmp_path.glob("w.db*"))
        if b'"argument"' in with_wal:
            break
    workflows.shutdown()
    assert b'"argument"' in with_wal
    assert b"py_pickle" not in with_wal


def test_broken_database_is_a_store_error(tmp_path: Path) -> None:
    """Callers are asked to try again, instead of an unexpected error."""
    database = tmp_path / "w.db"
    workflows = DbosWorkflows(f"sqlite:///{database}", application_version="test")
    workflows.launch({"body": _one_step})
    try:
        with sqlite3.connect(database, timeout=30) as connection:
            connection.execute("ALTER TABLE workflow_status RENAME TO lost")
        with pytest.raises(StoreError, match="refused: no such table"):
            workflows.start("body", "id", "argument")
        with pytest.raises(StoreError, match="refused: no such table"):
            workflows.signal("id", "topic", "message")
    finally:
        workflows.shutdown()
