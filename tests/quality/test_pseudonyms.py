"""Deployed labs judge the same after their account and instance ids were replaced."""

import tarfile
from collections import Counter
from pathlib import Path

import pytest

from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.pseudonym import pseudonymous
from openinspector.network.snapshot import Snapshot
from openinspector.network.topology import Topology
from openinspector.service.snapshot_folder import load_snapshot

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def snapshots(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Snapshot]:
    archive = shared / "data" / "reachability" / "labs-and-flows.tar.xz"
    if not archive.exists():
        pytest.skip(f"{archive} does not exist")
    folder = tmp_path_factory.mktemp("labs")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    found = sorted((folder / "data").glob("*/*/snapshot"))
    return {path.parent.name: load_snapshot(path) for path in found}


def exposures(snapshot: Snapshot) -> Counter[tuple[object, ...]]:
    judged = JudgedNetwork(Topology(snapshot.documents)).whole()
    return Counter(
        (one.rule_type, one.route, one.severity, one.port, one.protocol, one.interface.network_interface_id)
        for one in judged.exposures
    )


def test_findings_of_a_snapshot_stay(snapshots: dict[str, Snapshot]) -> None:
    total = 0
    for name, snapshot in snapshots.items():
        before = exposures(snapshot)
        total += before.total()
        assert exposures(pseudonymous(snapshot)) == before, name
    assert len(snapshots) > 15
    assert total > 50


def test_no_account_of_a_snapshot_is_left(snapshots: dict[str, Snapshot]) -> None:
    for name, snapshot in snapshots.items():
        written = b"".join(one.content for one in pseudonymous(snapshot).documents)
        accounts = {one.account for one in snapshot.documents if one.account.isdecimal()}
        assert [one for one in accounts if one.encode() in written] == [], name
