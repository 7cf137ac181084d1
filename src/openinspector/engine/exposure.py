"""Exposure of installed packages: how an attacker reaches their code on this host, as far as it is known.

The strongest of a package's processes counts. A library is as exposed as the processes that have it mapped. Processes
in a container or chroot do not count: they run other packages than the host's.
"""

from collections import defaultdict
from collections.abc import Iterable
from ipaddress import ip_address

from openinspector.engine.kernel import KernelRole
from openinspector.engine.match import Match
from openinspector.model.activity import CodeModule, Process
from openinspector.model.exposure import EXPOSURE_ORDER, Exposure
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import ListeningPort


class HostExposure:
    """The exposure of every package of one host."""

    def __init__(self, facts: HostFacts) -> None:
        ports = [port for port in facts.all(ListeningPort) if not _is_loopback(port.address)]
        listening = {port.process_id for port in ports if port.process_id is not None}
        processes = [process for process in facts.all(Process) if not process.contained]
        root = {process.process_id for process in processes if process.uid == 0}
        users: defaultdict[str, set[int]] = defaultdict(set)
        for process in processes:
            users[process.package].add(process.process_id)
        for module in facts.all(CodeModule):
            if not module.contained:
                users[module.package].update(module.process_ids)
        self._found = {name: _of_processes(ids, listening, root) for name, ids in users.items() if name}
        for port in ports:
            if port.package and self.of_package(port.package) not in (Exposure.LISTENING_AS_ROOT, Exposure.LISTENING):
                self._found[port.package] = Exposure.LISTENING

    @property
    def known(self) -> bool:
        """Return True if any package is more exposed than installed."""
        return bool(self._found)

    def of_package(self, name: str) -> Exposure:
        """Return the exposure of a binary package."""
        return self._found.get(name, Exposure.INSTALLED)

    def of_matches(self, matches: Iterable[Match]) -> Exposure:
        """Return the strongest exposure of the packages of ``matches``; at least one is needed."""
        return min(map(self._of_match, matches), key=EXPOSURE_ORDER.index)

    def _of_match(self, match: Match) -> Exposure:
        if match.role is KernelRole.RUNNING:
            return Exposure.RUNNING_KERNEL
        return self.of_package(match.package.name)


def _of_processes(ids: set[int], listening: set[int], root: set[int]) -> Exposure:
    if ids & listening & root:
        return Exposure.LISTENING_AS_ROOT
    if ids & listening:
        return Exposure.LISTENING
    return Exposure.RUNNING_AS_ROOT if ids & root else Exposure.RUNNING


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
