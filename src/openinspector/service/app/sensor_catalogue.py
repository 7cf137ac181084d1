"""The sensors that agents of this version have: the service's one import of the agent (.importlinter)."""

from collections.abc import Iterable
from functools import cache

from openinspector.agent.registry import sensors, sensors_of_run
from openinspector.engine.rule import Rule
from openinspector.model.system_family import SystemFamily, system_family


def sensors_for(rules: Iterable[Rule], system: SystemFamily) -> tuple[str, ...]:
    """Return the names of the sensors that a run with ``rules`` collects from on a host of ``system``, sorted."""
    read = {name for rule in rules for name in (*rule.sensors, *rule.optional_sensors)}
    return sensors_of_run(sensors().values(), read, system)


def is_supported(system_id: str) -> bool:
    """Return True if some sensor reads hosts with this os-release ``ID``.

    Whether a rules package can judge the host is decided by feeds and rules during the evaluation.
    """
    return system_family(system_id) in _families()


@cache
def _families() -> frozenset[SystemFamily]:
    return frozenset().union(*(sensor.systems for sensor in sensors().values()))
