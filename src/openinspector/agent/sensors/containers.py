"""Running containers: processes whose root folder differs from the host's, whatever started them.

A container's root is reached through ``/proc/<pid>/root``, which docker, podman and containerd cannot hide from root.
So the sensor needs neither the engine nor the layout of its storage. A root without os-release and package database
(the sandbox of a browser, the empty folder of sshd) is not a container.
"""

import re
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import unread
from openinspector.agent.linux.os_release_file import read_os_release
from openinspector.agent.registry import sensors
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.inventory import ContainerRoot, Package, PackageManager

MAX_ROOTS: Final = 500
_CONTAINER_ID: Final = re.compile(rb"\b[0-9a-f]{64}\b")
_MAX_CGROUP_BYTES: Final = 64 * 1024


def collect(host: Host) -> Iterator[ContainerRoot | Incomplete | Absent]:
    """Yield the root of each running container, by its first process."""
    found = False
    for root in _roots(host):
        for item in _container(host, root) if isinstance(root, int) else (root,):
            found = True
            yield item
    if not found:
        yield Absent(reason="No running container on this host.")


def _roots(host: Host) -> Iterator[int | Incomplete]:
    """Yield the first process of each root folder that is not the host's."""
    try:
        seen = {host.status("/").identity}
    except OSError as error:
        yield unread("/", error)
        return
    refused = 0
    for process in host.processes():
        try:
            identity = host.status(f"/proc/{process}/root/.").identity
        except PermissionError:
            refused += 1
            continue
        except OSError:
            continue  # the process has ended
        if identity in seen:
            continue
        if len(seen) > MAX_ROOTS:
            yield Incomplete(reason=f"Stopped after {MAX_ROOTS} root folders; processes have more.")
            break
        seen.add(identity)
        yield process
    if refused:
        yield Incomplete(reason=f"Processes whose root folder is not accessible: {refused}.")


def _container(host: Host, process: int) -> Iterator[ContainerRoot | Incomplete]:
    place = f"/proc/{process}/root"
    inside = host.inside(place)
    system = ""
    try:
        values = read_os_release(inside) or {}
        system = f"{values.get('ID', '')}:{values.get('VERSION_ID', '')}" if values else ""
    except OSError as error:
        yield unread(f"{place}/etc/os-release", error)
    packages, known = 0, sensors()
    for manager in PackageManager:
        for item in known[manager.value].collect(inside) if manager.of_distribution else ():
            host.is_root()  # checks the time limit, because the loop asks the host for nothing else
            packages += isinstance(item, Package)
            if isinstance(item, Incomplete):
                yield Incomplete(reason=f"In {place}: {item.reason}")
    if system or packages:
        yield ContainerRoot(
            process_id=process, container_id=_container_id(host, process), system=system, packages=packages
        )


def _container_id(host: Host, process: int) -> str:
    """Return the id that docker, podman and containerd put into the control group's name; empty without one."""
    try:
        ids = _CONTAINER_ID.findall(host.read(f"/proc/{process}/cgroup", _MAX_CGROUP_BYTES))
    except OSError:
        return ""
    return ids[-1].decode() if ids else ""


SENSOR: Final = Sensor(
    name="containers",
    title="Running containers",
    records=(ContainerRoot,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
    needs=Needs(root=True),
)
