"""Selects the parts of the agent that differ by operating system."""

import sys

from openinspector.agent.collection.sensor_process import SensorProcess
from openinspector.agent.host import Host
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.settings.settings import AgentSettings


def this_host() -> Host:
    """Return the machine the agent runs on."""
    if sys.platform == "win32":
        from openinspector.agent.hosts.windows_host import WindowsHost  # noqa: PLC0415 - Windows only

        return WindowsHost()
    else:  # noqa: RET505 - the type checker sees one of the two
        return LocalHost()


def sensor_process() -> SensorProcess:
    """Return the sensor process for this operating system."""
    if sys.platform == "win32":
        from openinspector.agent.collection.windows_sensor_process import WindowsSensorProcess  # noqa: PLC0415 - Windows only

        return WindowsSensorProcess()
    else:  # noqa: RET505 - as above
        return SensorProcess()


def with_system_proxy(settings: AgentSettings, host: Host) -> AgentSettings:
    """Return ``settings`` with the operating system's proxy for services, if they name none."""
    if sys.platform == "win32" and settings.proxy is None:
        from openinspector.agent.connection.windows_proxy import with_winhttp_proxy  # noqa: PLC0415 - Windows only

        return with_winhttp_proxy(settings, host)
    return settings
