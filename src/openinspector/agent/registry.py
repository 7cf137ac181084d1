"""The sensors built into this agent, by name."""

from collections.abc import Collection, Iterable, Mapping

from openinspector.agent.sensor import Sensor, Trigger
from openinspector.model.system_family import SystemFamily
from openinspector.plugins import discover


def sensors() -> Mapping[str, Sensor]:
    """Return every sensor of `openinspector.agent.sensors`, in name order; raise PluginError for an invalid one."""
    return discover("openinspector.agent.sensors", "SENSOR", Sensor)


def sensors_of_run(known: Iterable[Sensor], read: Collection[str], system: SystemFamily) -> tuple[str, ...]:
    """Return the names of the sensors that a run collects from on a host of ``system``, sorted.

    ``read`` names the sensors whose records the run's rules read. They are all returned: a rule needs their status even
    if they find nothing.
    """
    every_run = {sensor.name for sensor in known if sensor.trigger is Trigger.EVERY_RUN and system in sensor.systems}
    return tuple(sorted(every_run.union(read)))
