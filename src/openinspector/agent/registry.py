"""The sensors built into this agent, by name."""

from collections.abc import Mapping

from openinspector.agent.sensor import Sensor
from openinspector.plugins import discover


def sensors() -> Mapping[str, Sensor]:
    """Return every sensor of `openinspector.agent.sensors`, in name order; raises PluginError for a bad one."""
    return discover("openinspector.agent.sensors", "SENSOR", Sensor)
