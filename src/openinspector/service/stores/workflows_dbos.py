"""Durable workflows on DBOS: SQLite by default, PostgreSQL for many machines (dependencies.md).

DBOS has one instance per process. Values are stored as JSON: its default serializer is pickle, which is unsafe.
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from dbos import error as dbos_error
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from openinspector.model.errors import StoreError
from openinspector.service.ports.workflows import Workflow
from openinspector.service.stores.node_sql import session_name

RUN_BODY: Final = "openinspector.run_body"
QUEUE: Final = "openinspector"
"""Queue of the workflows that nodes without the role worker start."""
_UNLIMITED_RECOVERIES = 1_000_000


class _DbosContext:
    """`WorkflowContext` on DBOS."""

    def step(self, name: str, action: Callable[[], str]) -> str:
        """Execute ``action`` and store its result; after a restart, return the stored result."""
        return DBOS.run_step({"name": name}, action)

    def wait(self, topic: str, seconds: float) -> str | None:
        """Return the next signal of ``topic``, or None after ``seconds``."""
        message = DBOS.recv(topic, timeout_seconds=seconds)
        return None if message is None else str(message)


class DbosWorkflows:
    """Workflows whose progress survives kill -9."""

    def __init__(self, url: str, *, application_version: str, executor_id: str = "local") -> None:
        self._engine = open_workflow_engine(url, executor_id)
        self._version = application_version
        self._bodies: Mapping[str, Workflow] = {}
        self._entry: Callable[[str, str], None] | None = None
        self._config = DBOSConfig(
            name="openinspector",
            system_database_url=url,
            system_database_engine=self._engine,
            serializer=DBOSPortableJSONSerializer(),
            application_version=application_version,
            executor_id=executor_id,
            notification_listener_polling_interval_sec=0.1,
            log_level="WARNING",
        )

    def launch(self, bodies: Mapping[str, Workflow]) -> None:
        """Start executing, and resume pending workflows."""
        self._bodies = dict(bodies)
        DBOS(config=self._config)

        # A plain function, because DBOS notes things on what it decorates.
        def run_body(name: str, argument: str) -> None:
            self._bodies[name](_DbosContext(), argument)

        self._entry = DBOS.workflow(name=RUN_BODY, max_recovery_attempts=_UNLIMITED_RECOVERIES)(run_body)
        DBOS.launch()
        DBOS.register_queue(QUEUE)

    def start(self, name: str, workflow_id: str, argument: str) -> None:
        """Start a workflow; no effect if the id exists. StoreError."""
        if self._entry is None or name not in self._bodies:
            raise StoreError(f"no workflow is named {name!r}, or workflows are not launched")
        with as_store_error(), SetWorkflowID(workflow_id):
            DBOS.start_workflow(self._entry, name, argument)

    def signal(self, workflow_id: str, topic: str, message: str) -> None:
        """Store a signal until the workflow waits for it; no effect if no workflow has that id. StoreError."""
        with as_store_error():
            if DBOS.get_workflow_status(workflow_id) is not None:
                DBOS.send(workflow_id, message, topic)

    def adopt(self, live: Callable[[], Collection[str]]) -> int:
        """Resume the pending workflows of nodes that are not among the live ones; return how many there were."""
        with as_store_error():
            pending = DBOS.list_workflows(
                status="PENDING", app_version=self._version, load_input=False, load_output=False
            )
            nodes = live()
            orphaned = [each.workflow_id for each in pending if each.executor_id not in nodes]
            if orphaned:
                DBOS.resume_workflows(orphaned)
        return len(orphaned)

    def shutdown(self) -> None:
        """Stop executing; pending workflows resume at the next launch.

        Threads that wait for a signal fail, because their database is closed, and DBOS logs that. The process should
        end soon after, as `openinspector.service.server` does.
        """
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        DBOS.destroy(destroy_registry=True)
        self._engine.dispose()


@contextmanager
def as_store_error() -> Iterator[None]:
    """Turn errors of DBOS and of its database into StoreError."""
    try:
        yield
    except (dbos_error.DBOSException, SQLAlchemyError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        advice = "See the cause; pending workflows are retried automatically."
        raise StoreError(f"the workflow database refused: {reason}", advice=advice) from error


def open_workflow_engine(url: str, node_id: str) -> Engine:
    """Return an engine for the workflow database; PostgreSQL shows the node's session name."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(
            url, pool_size=10, pool_pre_ping=True, connect_args={"application_name": session_name(node_id)}
        )
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        # DBOS asks for unixepoch('subsec'), which SQLite knows from 3.42 on.
        if sqlite3.sqlite_version_info < (3, 42):
            connection.create_function("unixepoch", -1, lambda *_: time.time())

    return engine
