"""The PAM stacks that check and set passwords (F5.63 rules 5 and 6)."""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING
from openinspector.agent.linux.pam_stack import FACILITIES, FOLDERS, PamStacks
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import PamConfiguration

SERVICES: Final = (
    "passwd",
    "common-password",
    "common-auth",
    "common-account",
    "common-session",
    "system-auth",
    "password-auth",
    "sshd",
    "login",
)
"""The stacks that all services share on Debian and SUSE, those of Red Hat's family, and the services to log in with."""


def collect(host: Host) -> Iterator[PamConfiguration | Incomplete | Absent]:
    """Yield one PamConfiguration: the modules of each listed service of the host, in order."""
    if not any(_is_folder(host, folder) for folder in FOLDERS):
        yield Absent(reason=f"No {FOLDERS[0]} on this host.")
        return
    stacks = PamStacks(host)
    modules = [module for service in SERVICES for module in stacks.modules(service)]
    yield from stacks.problems.values()
    yield PamConfiguration(modules=tuple(module for module in modules if module.facility in FACILITIES))


def _is_folder(host: Host, path: str) -> bool:
    try:
        return host.status(path).is_directory
    except MISSING:
        return False
    except OSError:  # it exists; reading its files reports the error
        return True


SENSOR: Final = Sensor(
    name="pam",
    title="PAM password stacks",
    records=(PamConfiguration,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
