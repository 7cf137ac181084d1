import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openinspector.model.errors import FeedError
from openinspector.service.worker.feed_bundle import read_bundle
from openinspector.service.worker.score_file import build_scores
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore

DATA = Path(__file__).resolve().parents[2] / "feeds" / "data"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 12, 1, tzinfo=UTC)


def built(folder: Path, origins: dict[str, str]) -> MemoryAdvisoryStore:
    """Return a store that imported the scores of ``origins``."""
    path = folder / "scores.bundle"
    arguments = {"store": MemoryAdvisoryStore(), "clock": FixedClock(), "workspace": folder / "feeds"}
    build_scores(path, KEY, origins=origins, **arguments)  # type: ignore[arg-type]
    store = MemoryAdvisoryStore()
    assert read_bundle(store, path, KEY.public_key()) == [
        name for name in ("cve", "nvd", "epss", "kev") if name in origins
    ]
    return store


def test_one_cve_of_four_sources(tmp_path: Path) -> None:
    store = built(tmp_path, {name: str(DATA / name / "upstream") for name in ("cve", "nvd", "epss", "kev")})
    one = store.vulnerabilities(["CVE-2026-0001"])["CVE-2026-0001"]
    assert {(score.origin, score.base) for score in one.scores} >= {("nvd", 9.8), ("cve", 9.8), ("adp", 7.5)}
    assert one.epss is not None
    assert one.epss.probability == 0.97567
    assert one.kev is not None
    assert one.kev.ransomware
    assert store.documents("cve") == {}


def test_a_source_that_cannot_be_had_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(FeedError):
        built(tmp_path, {"kev": str(tmp_path / "absent")})
    assert not (tmp_path / "scores.bundle").exists()


@pytest.mark.shared
def test_scores_of_the_shared_catalogue(shared: Path, tmp_path: Path) -> None:
    with tarfile.open(shared / "data" / "feeds" / "cisa-kev.tar.xz") as archive:
        name = next(one.name for one in archive if one.name.endswith("known_exploited_vulnerabilities.json"))
        archive.extract(name, tmp_path, filter="data")
    store = built(tmp_path, {"kev": str(tmp_path / name)})
    (snapshot,) = store.snapshots()
    assert snapshot.advisories > 1000
    assert store.vulnerabilities(["CVE-2021-44228"])["CVE-2021-44228"].kev is not None
