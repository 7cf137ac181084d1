"""Partial snapshots: without the answer of one call, an answer stays or becomes "not known"; it never turns over."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from openinspector.network.aws.document import SnapshotDocument
from openinspector.network.question import ask, parse_question
from openinspector.network.topology import Topology
from openinspector.service.snapshot_folder import read_snapshot

pytestmark = pytest.mark.shared
MOST_PROBES = 20
"""Probes of each folder that are asked again for every call left out, spread over its file."""


@pytest.fixture(scope="module")
def folders(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    archive = shared / "data" / "reachability" / "labs-and-flows.tar.xz"
    if not archive.exists():
        pytest.skip(f"{archive} is not there")
    folder = tmp_path_factory.mktemp("partial")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return sorted((folder / "data").glob("*/*"))


def _without_one_call(documents: list[SnapshotDocument]) -> Iterator[tuple[str, list[SnapshotDocument]]]:
    for operation in sorted({one.operation for one in documents}):
        yield operation, [one for one in documents if one.operation != operation]


def test_missing_call_never_turns_an_answer_over(folders: list[Path]) -> None:
    turned = []
    asked = 0
    for folder in folders:
        documents = list(read_snapshot(folder / "snapshot"))
        lines = (folder / "probes.jsonl").read_bytes().splitlines()
        questions = [parse_question(line) for line in lines[:: max(1, len(lines) // MOST_PROBES)]]
        whole = Topology(documents)
        known = {question.id: ask(whole, question).reachable for question in questions}
        for operation, rest in _without_one_call(documents):
            topology = Topology(rest)
            for question in questions:
                reachable = ask(topology, question).reachable
                asked += 1
                if reachable is not None and reachable is not known[question.id]:
                    turned.append((question.id, operation, known[question.id], reachable))
    assert asked > 1000
    assert turned == []
