"""Workflows for a node that executes none: it leaves them in a queue, from which workers take them."""

from collections.abc import Callable, Collection, Mapping

from dbos import DBOSClient, DBOSPortableJSONSerializer
from dbos import error as dbos_error

from openinspector.service.ports.workflows import Workflow
from openinspector.service.stores.workflows_dbos import QUEUE, RUN_BODY, as_store_error, open_workflow_engine


class QueuedWorkflows:
    """Starts and signals workflows that other nodes execute. A worker must have started once: it makes the tables."""

    def __init__(self, url: str, *, application_version: str, executor_id: str) -> None:
        self._engine = open_workflow_engine(url, executor_id)
        self._version = application_version
        self._client = DBOSClient(
            system_database_engine=self._engine,
            serializer=DBOSPortableJSONSerializer(),
            lazy=True,
            retry_connection_errors=False,
        )

    def launch(self, bodies: Mapping[str, Workflow]) -> None:
        """Do nothing: workers execute."""
        del bodies

    def start(self, name: str, workflow_id: str, argument: str) -> None:
        """Queue a workflow; no effect if the id exists. StoreError."""
        with as_store_error():
            self._client.enqueue(
                {
                    "workflow_name": RUN_BODY,
                    "queue_name": QUEUE,
                    "workflow_id": workflow_id,
                    "app_version": self._version,
                },
                name,
                argument,
            )

    def signal(self, workflow_id: str, topic: str, message: str) -> None:
        """Store a signal until the workflow waits for it; no effect if no workflow has that id. StoreError."""
        with as_store_error():
            try:
                self._client.retrieve_workflow(workflow_id).get_status()
            except dbos_error.DBOSNonExistentWorkflowError:
                return
            self._client.send(workflow_id, message, topic)

    def adopt(self, live: Callable[[], Collection[str]]) -> int:
        """Return 0: workers resume the workflows of nodes that are gone."""
        del live
        return 0

    def shutdown(self) -> None:
        """Close the connections."""
        self._client.destroy()
        self._engine.dispose()
