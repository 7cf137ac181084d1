"""Reachability of every port of every interface from every class of sources, on networks of three sizes."""

import time

import pytest

from openinspector.network.reach import Reach
from openinspector.network.topology import Topology
from openinspector.testing.network_builders import documents
from openinspector.testing.network_generator import large_network
from openinspector.testing.process_usage import peak_memory_mib


@pytest.mark.parametrize(("interfaces", "vpcs", "rules"), [(400, 20, 300), (2_000, 50, 300), (10_000, 50, 300)])
def test_reach_of_all_interfaces(interfaces: int, vpcs: int, rules: int) -> None:
    content = documents(large_network(interfaces, vpcs, rules))
    start = time.process_time()
    topology = Topology(content)
    read = time.process_time()
    reach = Reach(topology)
    found = [one for interface in topology.interfaces.values() for one in reach.of(interface)]
    judged = len(found)
    spent = time.process_time() - read
    peak = peak_memory_mib()
    each = 1000 * spent / interfaces
    print(f"\n{interfaces} interfaces, {vpcs} VPCs, {rules} rules: read {read - start:.2f} s, reach {spent:.2f} s,")
    print(f"{each:.2f} ms an interface, {judged} answers, peak {peak:.0f} MiB")
    assert judged == interfaces
    assert all(one.not_known is None for one in found)
    assert any(one.tcp_cells for one in found)
