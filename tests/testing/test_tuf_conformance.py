"""The conformance protocol as the public suite speaks it: a process, plain http on loopback, exit statuses.

The suite itself (theupdateframework/tuf-conformance) is in no package registry; these are its known cases, over a
publisher made with our tooling.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, MetaFile, TargetFile, Targets

from openinspector.testing.simulated_releases import SimulatedReleases, release
from openinspector.testing.tuf_conformance import main

DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class _Handler(SimpleHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        return


class Suite:
    """A client under test and the publisher it follows."""

    def __init__(self, folder: Path, releases: SimulatedReleases, url: str, asked: list[str]) -> None:
        self.folder, self.releases, self.url, self.asked = folder, releases, url, asked
        self.metadata, self.targets = folder / "metadata", folder / "targets"

    def init(self, root: bytes | None = None) -> int:
        initial = self.folder / "initial.json"
        initial.write_bytes(self.releases.trusted_root if root is None else root)
        return main(["--metadata-dir", str(self.metadata), "init", str(initial)])

    def refresh(self) -> int:
        self.asked.clear()
        return main(["--metadata-dir", str(self.metadata), "--metadata-url", f"{self.url}/metadata", "refresh"])

    def download(self, *names: str) -> int:
        self.asked.clear()
        place = ("--target-base-url", f"{self.url}/targets", "--target-dir", str(self.targets))
        where = ("--metadata-dir", str(self.metadata), "--metadata-url", f"{self.url}/metadata")
        named = [option for name in names for option in ("--target-name", name)]
        return main([*where, *named, *place, "download"])

    def version(self, role: str) -> int | None:
        path = self.metadata / f"{role}.json"
        return json.loads(path.read_bytes())["signed"]["version"] if path.exists() else None

    @property
    def versions(self) -> tuple[int | None, ...]:
        return tuple(self.version(role) for role in ("root", "timestamp", "snapshot", "targets"))

    @property
    def stored(self) -> list[bytes]:
        return [path.read_bytes() for path in self.targets.iterdir()]

    def forge_timestamp(self, **changes: Any) -> None:
        def change(signed: Any) -> None:
            for name, value in changes.items():
                setattr(signed, name, value)

        self.releases.forge("timestamp.json", change, [self.releases.online.timestamp])


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    releases = SimulatedReleases(tmp_path / "releases")
    releases.publish()
    asked: list[str] = []
    handler = type("Handler", (_Handler,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(releases.folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Suite(tmp_path, releases, f"http://127.0.0.1:{server.server_address[1]}", asked)
    server.shutdown()
    server.server_close()
    thread.join()


def test_init_asks_nothing_and_refresh_asks_in_order(suite: Suite) -> None:
    assert suite.init() == 0
    assert suite.asked == []
    assert suite.refresh() == 0
    assert [path.removeprefix("/metadata/") for path in suite.asked] == [
        "2.root.json",
        "timestamp.json",
        "1.snapshot.json",
        "1.targets.json",
    ]
    assert suite.versions == (1, 1, 1, 1)


def test_unchanged_repository_needs_only_the_timestamp(suite: Suite) -> None:
    suite.init()
    suite.refresh()
    assert suite.refresh() == 0
    assert [path.removeprefix("/metadata/") for path in suite.asked] == ["2.root.json", "timestamp.json"]


@pytest.mark.parametrize("spoil", ["version", "signature"])
def test_invalid_root_is_refused_without_a_request(suite: Suite, spoil: str) -> None:
    root = json.loads(suite.releases.trusted_root)
    if spoil == "version":
        del root["signed"]["version"]
    else:
        for signature in root["signatures"]:
            signature["sig"] = "00" * 64
    suite.init(json.dumps(root).encode())
    assert suite.refresh() == 1
    assert suite.asked == []


def test_a_target_is_stored_once_and_fetched_once(suite: Suite) -> None:
    name = suite.releases.add(release("1.0", 1), {})
    suite.releases.publish()
    suite.init()
    assert suite.download(name) == 0
    assert suite.stored == [suite.releases.bundles[name]]
    assert suite.download(name) == 0
    assert not [path for path in suite.asked if path.startswith("/targets/")]
    assert suite.download("absent") == 1


def test_repeated_target_names_are_downloaded_in_order_by_one_updater(suite: Suite) -> None:
    names = [suite.releases.add(release(f"1.{number}", number), {}) for number in (1, 2, 3)]
    suite.releases.publish()
    suite.init()
    assert suite.download(names[2], names[0], names[2]) == 0
    fetched = [path for path in suite.asked if path.startswith("/targets/")]
    assert [name for path in fetched for name in names if name in path] == [names[2], names[0]]
    # One updater: its metadata is loaded once.
    assert sum(path.endswith("timestamp.json") for path in suite.asked) == 1
    assert suite.download(names[1], "absent", names[0]) == 1
    assert suite.releases.bundles[names[1]] in suite.stored


@pytest.mark.parametrize("content", [b"", b"short", None, b"x" * 100_000])
def test_another_length_or_digest_is_refused(suite: Suite, content: bytes | None) -> None:
    name = suite.releases.add(release("1.0", 1), {})
    suite.releases.publish()
    (stored,) = (suite.releases.folder / "targets").iterdir()
    stored.write_bytes(stored.read_bytes()[:-1] + b"?" if content is None else content)
    suite.init()
    assert suite.download(name) == 1
    assert list(suite.targets.iterdir()) == []


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_expired_metadata_is_refused(suite: Suite, role: str) -> None:
    suite.init()

    def expire(signed: Any) -> None:
        signed.expires = now() - DAY

    signers = {
        "timestamp": [suite.releases.online.timestamp],
        "snapshot": [suite.releases.online.snapshot],
        "targets": suite.releases.targets_keys[:2],
    }[role]
    name = "timestamp.json" if role == "timestamp" else f"1.{role}.json"
    if role == "snapshot":
        suite.forge_timestamp(snapshot_meta=MetaFile(1))
    suite.releases.forge(name, expire, signers)
    assert suite.refresh() == 1
    assert suite.version(role) is None


def test_expired_intermediate_root_is_accepted(suite: Suite) -> None:
    suite.releases.now -= timedelta(days=400)
    suite.releases.rotate(suite.releases.root_keys[:3])
    suite.releases.now += timedelta(days=400)
    suite.releases.rotate(suite.releases.root_keys[:3])
    suite.releases.publish()
    suite.init()
    assert suite.refresh() == 0
    assert suite.version("root") == 3


def test_a_last_root_that_has_expired_is_refused(suite: Suite) -> None:
    suite.init()
    suite.releases.now -= timedelta(days=400)
    suite.releases.rotate(suite.releases.root_keys[:3])
    suite.releases.publish()
    assert suite.refresh() == 1


def test_timestamp_rollback_is_refused(suite: Suite) -> None:
    suite.init()
    suite.releases.refresh()
    assert suite.refresh() == 0
    suite.forge_timestamp(version=1)
    assert suite.refresh() == 1
    assert suite.version("timestamp") == 2


def test_a_changed_timestamp_of_the_same_version_is_not_taken(suite: Suite) -> None:
    suite.init()
    suite.refresh()
    suite.forge_timestamp(snapshot_meta=MetaFile(100))
    suite.refresh()
    kept = json.loads((suite.metadata / "timestamp.json").read_bytes())
    assert kept["signed"]["meta"]["snapshot.json"]["version"] == 1


def test_snapshot_rollback_is_refused(suite: Suite) -> None:
    suite.init()
    suite.releases.refresh()
    suite.refresh()
    suite.forge_timestamp(version=3, snapshot_meta=MetaFile(1))
    assert suite.refresh() == 1
    assert (suite.version("timestamp"), suite.version("snapshot")) == (2, 2)


def test_targets_rollback_is_refused(suite: Suite) -> None:
    suite.releases.add(release("1.0", 1), {})
    suite.releases.publish()
    suite.init()
    assert suite.refresh() == 0

    def back(signed: Any) -> None:
        signed.version, signed.meta = 3, {"targets.json": MetaFile(1)}

    (suite.releases.folder / "metadata" / "3.snapshot.json").write_bytes(
        (suite.releases.folder / "metadata" / "2.snapshot.json").read_bytes()
    )
    suite.releases.forge("3.snapshot.json", back, [suite.releases.online.snapshot])
    suite.forge_timestamp(version=3, snapshot_meta=MetaFile(3))
    assert suite.refresh() == 1
    assert suite.version("targets") == 2


def test_fast_forward_attack_is_recovered_by_new_keys(suite: Suite) -> None:
    """Fast-forward: whoever had the timestamp key set its version to the highest; a new key starts again."""
    suite.init()
    suite.forge_timestamp(version=2**31 - 1)
    assert suite.refresh() == 0
    fresh = CryptoSigner.generate_ed25519()
    old = suite.releases.online.timestamp
    suite.releases.rotate(suite.releases.root_keys[:3], add={"timestamp": [fresh]}, remove={"timestamp": [old]})
    (suite.releases.folder / "metadata" / "timestamp.json").unlink()
    suite.releases.online = type(suite.releases.online)(snapshot=suite.releases.online.snapshot, timestamp=fresh)
    suite.releases.publish()
    assert suite.refresh() == 0
    assert suite.version("timestamp") == 1


def test_unmet_threshold_is_refused(suite: Suite) -> None:
    suite.init()
    suite.releases.forge("1.targets.json", lambda _: None, suite.releases.targets_keys[:1])
    assert suite.refresh() == 1
    assert suite.version("targets") is None


def test_one_key_twice_is_one_signature(suite: Suite) -> None:
    suite.init()
    path = suite.releases.folder / "metadata" / "1.targets.json"
    content = json.loads(path.read_bytes())
    content["signatures"] = [content["signatures"][0]] * 2
    path.write_text(json.dumps(content))
    assert suite.refresh() == 1


def test_a_signature_under_another_keys_id_is_refused(suite: Suite) -> None:
    suite.init()
    path = suite.releases.folder / "metadata" / "1.targets.json"
    content = json.loads(path.read_bytes())
    first, second = content["signatures"]
    first["keyid"], second["keyid"] = second["keyid"], first["keyid"]
    path.write_text(json.dumps(content))
    assert suite.refresh() == 1


@pytest.mark.parametrize("rotations", [1, 5])
def test_roots_are_updated_one_by_one(suite: Suite, rotations: int) -> None:
    suite.init()
    for _ in range(rotations):
        fresh = CryptoSigner.generate_ed25519()
        leaving = suite.releases.root_keys.pop(0)
        suite.releases.root_keys.append(fresh)
        signers = [leaving, *suite.releases.root_keys[:3]]
        suite.releases.rotate(signers, add={"root": [fresh]}, remove={"root": [leaving]})
    suite.releases.publish()
    assert suite.refresh() == 0
    assert suite.version("root") == rotations + 1


def test_a_root_its_predecessor_did_not_sign_is_refused(suite: Suite) -> None:
    suite.init()
    suite.releases.rotate(suite.releases.root_keys[:3])
    strangers = [CryptoSigner.generate_ed25519() for _ in range(3)]
    suite.releases.publish()

    def take_over(signed: Any) -> None:
        signed.roles["root"].keyids.clear()
        for key in strangers:
            signed.add_key(key.public_key, "root")

    suite.releases.forge("2.root.json", take_over, strangers)
    assert suite.refresh() == 1
    assert suite.version("root") == 1


def test_a_root_that_skips_a_version_is_refused(suite: Suite) -> None:
    suite.init()
    suite.releases.rotate(suite.releases.root_keys[:3])
    suite.releases.publish()

    def skip(signed: Any) -> None:
        signed.version = 3

    suite.releases.forge("2.root.json", skip, suite.releases.root_keys[:3])
    assert suite.refresh() == 1


def test_unknown_fields_are_part_of_the_signed_content(suite: Suite) -> None:
    suite.init()
    suite.releases.rotate(suite.releases.root_keys[:3])
    suite.releases.publish()

    def extend(signed: Any) -> None:
        signed.unrecognized_fields["of-tomorrow"] = {"a": [1, 2]}

    suite.releases.forge("2.root.json", extend, suite.releases.root_keys[:3])
    assert suite.refresh() == 0
    assert suite.version("root") == 2


@pytest.mark.parametrize(("role", "size"), [("timestamp", 20_000), ("1.snapshot", 300_000), ("2.root", 300_000)])
def test_endless_metadata_is_refused(suite: Suite, role: str, size: int) -> None:
    suite.init()
    (suite.releases.folder / "metadata" / f"{role}.json").write_bytes(b" " * size)
    assert suite.refresh() == 1


def test_delegations_are_followed_here(suite: Suite) -> None:
    """The public suite has them; the agent refuses them (tests/agent/update)."""
    key, content = CryptoSigner.generate_ed25519(), b"delegated"
    delegated = Metadata(Targets(expires=now() + DAY))
    delegated.signed.targets["d/file"] = TargetFile.from_data("d/file", content, ["sha256"])
    delegated.sign(key)
    delegated.to_file(str(suite.releases.folder / "metadata" / "1.d.json"))
    stored = suite.releases.folder / "targets" / "d"
    stored.mkdir(parents=True)
    (stored / f"{delegated.signed.targets['d/file'].hashes['sha256']}.file").write_bytes(content)

    def delegate(signed: Any) -> None:
        role = DelegatedRole("d", [key.public_key.keyid], 1, terminating=True, paths=["d/*"])
        signed.delegations = Delegations({key.public_key.keyid: key.public_key}, {"d": role})

    def listed(signed: Any) -> None:
        signed.meta["d.json"] = MetaFile(1)

    suite.releases.forge("1.targets.json", delegate, suite.releases.targets_keys[:2])
    suite.releases.forge("1.snapshot.json", listed, [suite.releases.online.snapshot])
    suite.forge_timestamp(snapshot_meta=MetaFile(1))
    suite.init()
    assert suite.download("d/file") == 0
    assert suite.stored == [content]


@pytest.mark.parametrize("url", ["http://192.0.2.1/metadata", "https://127.0.0.1/metadata", "file:///etc"])
def test_plain_http_is_limited_to_loopback(suite: Suite, url: str) -> None:
    suite.init()
    suite.url = url
    assert suite.refresh() == 1


def test_runs_as_a_program(suite: Suite) -> None:
    suite.init()
    command = [sys.executable, "-m", "openinspector.testing.tuf_conformance", "--metadata-dir", str(suite.metadata)]
    done = subprocess.run([*command, "--metadata-url", f"{suite.url}/metadata", "refresh"], check=False)
    assert done.returncode == 0
    suite.forge_timestamp(version=0)
    refused = subprocess.run(
        [*command, "--metadata-url", f"{suite.url}/metadata", "refresh"], check=False, capture_output=True, text=True
    )
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
