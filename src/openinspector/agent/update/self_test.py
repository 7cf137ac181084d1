"""The self-test of a new version before it runs as the agent: it is complete and works."""

import time
from collections.abc import Iterator

from openinspector.agent.collection.collection import collect
from openinspector.agent.collection.sensor_process import SensorProcess
from openinspector.agent.host import Host
from openinspector.agent.operation.update_outcome import UpdateCode, UpdateError
from openinspector.agent.registry import sensors
from openinspector.agent.runtime import open_client
from openinspector.agent.settings.settings import AgentSettings
from openinspector.model.errors import OpenInspectorError, SensorError
from openinspector.model.inventory import SensorStatus
from openinspector.model.record import Record
from openinspector.plugins import PluginError
from openinspector.wire.codec import decode_message, encode_record


def self_test(settings: AgentSettings, host: Host) -> int:
    """Import and run every sensor once, decode what they find, open key and enrolment; returns the records found.

    Nothing is sent. Raises UpdateError with SELF_TEST_FAILED. The spool is opened by the trial itself, under the
    agent's lock.
    """
    try:
        known = sensors()
        if SensorProcess().names() != frozenset(known):
            raise SensorError("the sensors' process has other sensors than the agent")
        records = list(_collected(host))
        open_client(settings)
    except (OpenInspectorError, PluginError, ImportError, OSError, ValueError) as error:
        raise UpdateError(UpdateCode.SELF_TEST_FAILED, f"the self-test failed: {error}") from error
    reporting = {record.sensor for record in records if isinstance(record, SensorStatus)}
    silent = sorted(set(known) - reporting)
    if silent:
        raise UpdateError(UpdateCode.SELF_TEST_FAILED, f"sensors without a status: {', '.join(silent)}")
    return len(records)


def _collected(host: Host) -> Iterator[Record]:
    """Yield every record as the service would decode it."""
    chosen = tuple(sensors().values())
    for sensor, record in collect(chosen, host, time.monotonic, agent_version="self-test", collection=1):
        yield decode_message(encode_record(sensor, record))
