"""One pass against a publisher, a service and a mirror that are honest, broken or taken over."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.agent.update.conftest import agent_lock
from tests.agent.update.installed_host import InstalledHost
from tests.agent.update.version_bundle import version_files
from tuf.api.metadata import Delegations

from openinspector.agent.operation.update_outcome import UpdateCode, UpdateOutcome
from openinspector.agent.session.stream import StreamOrder
from openinspector.agent.spool.spool import Spool, SpoolLimits
from openinspector.agent.update.installation import AgentInstallation
from openinspector.agent.update.record import ReleaseRecord, save_record
from openinspector.agent.update.running import update_lock
from openinspector.agent.update.update_pass import UpdateHost, fall_back, run_pass
from openinspector.testing.simulated_gateway import Fault
from openinspector.testing.simulated_releases import PLATFORM, SimulatedReleases, make_bundle, release
from openinspector.wire.release import ROOT_FILE, Runtime, target_name

Attack = Callable[[InstalledHost], object]


def codes(host: InstalledHost, times: int = 1) -> list[UpdateCode]:
    return [host.run_pass().result for _ in range(times)]


def test_signed_and_offered_version_is_prepared(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    outcome = running.run_pass()
    assert (outcome.result, outcome.from_version, outcome.to_version) == (UpdateCode.PREPARED, "1.0", "2.0")
    assert (running.slot("stable"), running.slot("experiment")) == ("1.0", "2.0")
    assert not list(running.state.rglob("bundle*"))
    assert running.gateway.reports == []


def test_nothing_offered_is_up_to_date(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    running.gateway.offered = None
    assert codes(running) == [UpdateCode.UP_TO_DATE]
    running.gateway.offered = target_name("1.0", PLATFORM)
    assert codes(running) == [UpdateCode.RELEASE_REFUSED]


# When nothing is done


def test_disabled_updates(running: InstalledHost) -> None:
    host = running.host
    off = UpdateHost(settings=replace(host.settings, auto_update=False), installation=host.installation, now=host.now)
    assert run_pass(off).result is UpdateCode.UPDATE_DISABLED
    (running.root / "versions" / "1.0" / ROOT_FILE).unlink()
    outcome = running.run_pass()
    assert outcome.result is UpdateCode.UPDATE_DISABLED
    assert "root.json" in outcome.details
    assert running.gateway.fetched == []


def test_stopped_agent_is_not_updated(installed: InstalledHost) -> None:
    installed.offer("2.0", 2)
    assert codes(installed) == [UpdateCode.AGENT_NOT_RUNNING_NO_UPDATE]
    assert installed.gateway.fetched == []


def open_stream(host: InstalledHost) -> Spool:
    spool = Spool(host.state / "spool", "host-0", SpoolLimits(bytes=2**20, age=timedelta(days=1)))
    ends = host.host.now() + timedelta(hours=1)
    spool.open(StreamOrder(run_arn="arn:run", sensors=(), ends_at=ends, close_when_collected=True))
    return spool


def test_a_run_in_progress_delays(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    spool = open_stream(running)
    assert codes(running) == [UpdateCode.AGENT_RUNNING_ASSESSMENT]
    spool.finish("arn:run")
    assert codes(running) == [UpdateCode.AGENT_RUNNING_ASSESSMENT]
    assert running.gateway.fetched == []
    spool.end("arn:run")
    assert codes(running) == [UpdateCode.PREPARED]


def test_run_started_during_the_download_delays_the_update(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    running.gateway.on_fetch = lambda path: open_stream(running) if "targets/" in path else None
    assert codes(running) == [UpdateCode.AGENT_RUNNING_ASSESSMENT]
    assert running.slot("experiment") is None


def test_one_update_at_a_time(running: InstalledHost) -> None:
    with update_lock(running.state):
        assert codes(running) == [UpdateCode.UPDATE_RUNNING]


# A service that was taken over chooses among what is signed, and brings nothing


def test_a_name_that_is_not_signed_is_refused(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    running.gateway.offered = target_name("9.9", PLATFORM)
    (running.releases.folder / "targets" / running.gateway.offered).write_bytes(make_bundle(release("9.9", 9), {}))
    assert codes(running) == [UpdateCode.RELEASE_REFUSED]


def test_another_platform_is_refused(running: InstalledHost) -> None:
    for platform in (replace_platform(architecture="aarch64"), replace_platform(runtime=Runtime.STANDALONE)):
        described = release("2.0", 2, platform)
        running.gateway.offered = running.releases.add(described, version_files())
        running.releases.publish()
        assert codes(running) == [UpdateCode.RELEASE_REFUSED]


def replace_platform(**changes: Any) -> Any:
    return msgspec.structs.replace(PLATFORM, **changes)


def test_an_older_release_is_refused(running: InstalledHost) -> None:
    shutil.rmtree(running.root)
    running.install("3.0", 3)
    older = running.offer("2.0", 2)
    running.offer("4.0", 4)
    running.gateway.offered = older
    outcome = running.run_pass()
    assert outcome.result is UpdateCode.RELEASE_REFUSED
    assert "takes 4 and later" in outcome.details


def test_release_below_the_signed_minimum_is_refused(running: InstalledHost) -> None:
    between = running.offer("2.0", 2)
    running.offer("3.0", 3, min_release=3)
    running.gateway.offered = between
    assert codes(running) == [UpdateCode.RELEASE_REFUSED]
    assert running.record.min_release == 3


def test_release_counter_never_decreases(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    save_record(running.state, ReleaseRecord(highest_release=5))
    assert codes(running) == [UpdateCode.RELEASE_REFUSED]


def test_a_version_that_failed_three_times_is_not_tried_again(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    save_record(running.state, ReleaseRecord(attempts={"2.0": 3}))
    assert codes(running) == [UpdateCode.RELEASE_REFUSED]


def test_unreadable_record_is_not_treated_as_empty(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    (running.state / "releases.json").write_text("{")
    assert codes(running) == [UpdateCode.PACKAGE_INSTALLATION_ERROR]


# A mirror, or stolen online keys


def wrong_bytes(host: InstalledHost) -> None:
    path = next((host.releases.folder / "targets").iterdir())
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def longer_bytes(host: InstalledHost) -> None:
    path = next((host.releases.folder / "targets").iterdir())
    path.write_bytes(path.read_bytes() + b"!")


def endless_bytes(host: InstalledHost) -> None:
    host.gateway.endless.add(f"targets/{next((host.releases.folder / 'targets').iterdir()).name}")


def endless_metadata(host: InstalledHost) -> None:
    host.gateway.endless.add("metadata/timestamp.json")


def no_metadata(host: InstalledHost) -> None:
    shutil.rmtree(host.releases.folder / "metadata")


def one_signature_less(host: InstalledHost) -> None:
    host.releases.forge(host.releases.newest("targets"), lambda _: None, host.releases.targets_keys[:1])


def forged_targets(host: InstalledHost) -> None:
    """Whoever has both online keys writes a list of their own."""
    online = (host.releases.online.snapshot, host.releases.online.timestamp)
    host.releases.forge(host.releases.newest("targets"), lambda signed: signed.targets.clear(), online)


def forged_timestamp(host: InstalledHost) -> None:
    host.releases.forge("timestamp.json", lambda _: None, [host.releases.online.snapshot])


def expired_timestamp(host: InstalledHost) -> None:
    def expire(signed: Any) -> None:
        signed.expires = host.releases.now - timedelta(seconds=1)

    host.releases.forge("timestamp.json", expire, [host.releases.online.timestamp])


def garbage(host: InstalledHost) -> None:
    (host.releases.folder / "metadata" / "timestamp.json").write_bytes(b"\xff" * 100)


def deep_nesting(host: InstalledHost) -> None:
    (host.releases.folder / "metadata" / "timestamp.json").write_bytes(b"[" * 10_000)


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (wrong_bytes, UpdateCode.HASH_MISMATCH),
        (longer_bytes, UpdateCode.FILE_DOWNLOAD_ERROR),
        (endless_bytes, UpdateCode.FILE_DOWNLOAD_ERROR),
        (endless_metadata, UpdateCode.FILE_DOWNLOAD_ERROR),
        (no_metadata, UpdateCode.FILE_DOWNLOAD_ERROR),
        (one_signature_less, UpdateCode.SIGNATURE_MISMATCH),
        (forged_targets, UpdateCode.SIGNATURE_MISMATCH),
        (forged_timestamp, UpdateCode.SIGNATURE_MISMATCH),
        (expired_timestamp, UpdateCode.METADATA_EXPIRED),
        (garbage, UpdateCode.METADATA_REFUSED),
        (deep_nesting, UpdateCode.METADATA_REFUSED),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_attacks_prepare_nothing(running: InstalledHost, attack: Attack, code: UpdateCode) -> None:
    running.offer("2.0", 2)
    attack(running)
    assert codes(running) == [code]
    assert (running.slot("stable"), running.slot("experiment")) == ("1.0", None)
    assert [path.name for path in (running.root / "versions").iterdir()] == ["1.0"]


def test_metadata_rollback_is_refused(running: InstalledHost, tmp_path: Path) -> None:
    """Rollback: the mirror serves what it served before."""
    running.offer("2.0", 2)
    shutil.copytree(running.releases.folder, tmp_path / "before")
    running.releases.refresh()
    running.gateway.offered = None
    assert codes(running) == [UpdateCode.UP_TO_DATE]
    running.gateway.releases = tmp_path / "before"
    assert codes(running) == [UpdateCode.METADATA_REFUSED]


def test_mixed_metadata_is_refused(running: InstalledHost) -> None:
    """Mix and match: an old list under a new snapshot's name."""
    running.offer("2.0", 2)
    old = (running.releases.folder / "metadata" / running.releases.newest("targets")).read_bytes()
    running.offer("3.0", 3)
    (running.releases.folder / "metadata" / running.releases.newest("targets")).write_bytes(old)
    assert codes(running) == [UpdateCode.METADATA_REFUSED]


def test_frozen_metadata_is_detected_after_two_days(running: InstalledHost, releases: SimulatedReleases) -> None:
    """Freeze: nothing new comes, and what is there expires."""
    releases.now -= timedelta(days=2, seconds=5)
    running.offer("2.0", 2)
    assert codes(running) == [UpdateCode.METADATA_EXPIRED]


def test_delegations_are_refused(running: InstalledHost) -> None:
    def delegate(signed: Any) -> None:
        signed.delegations = Delegations(keys={}, roles={})

    running.offer("2.0", 2)
    running.releases.forge(running.releases.newest("targets"), delegate, running.releases.targets_keys[:2])
    outcome = running.run_pass()
    assert outcome.result is UpdateCode.METADATA_REFUSED
    assert "delegations" in outcome.details


def test_revoked_targets_keys_are_refused(running: InstalledHost) -> None:
    releases = running.releases
    stolen = releases.targets_keys
    running.offer("2.0", 2)
    running.gateway.offered = None
    assert codes(running) == [UpdateCode.UP_TO_DATE]
    fresh = SimulatedReleases(running.folder / "other").targets_keys
    for replaced, following in zip(stolen[:2], fresh, strict=False):
        releases.rotate(releases.root_keys[:3], add={"targets": [following]}, remove={"targets": [replaced]})
    assert [root.signed.version for root in releases.roots] == [1, 2, 3]
    releases.targets_keys = [fresh[0], fresh[1], stolen[2]]
    running.offer("3.0", 3)
    assert codes(running) == [UpdateCode.PREPARED]
    releases.forge(releases.newest("targets"), lambda _: None, stolen[:2])
    shutil.rmtree(running.state / "tuf")
    assert codes(running) == [UpdateCode.SIGNATURE_MISMATCH]


def test_redirects_are_not_followed(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    running.gateway.redirect = "https://127.0.0.1:1/"
    assert codes(running) == [UpdateCode.FILE_DOWNLOAD_ERROR]


def test_the_bundle_must_be_the_release_that_was_signed(running: InstalledHost) -> None:
    bundle = make_bundle(release("2.0", 7), version_files())
    running.gateway.offered = running.releases.add_bundle(release("2.0", 2), bundle)
    running.releases.publish()
    assert codes(running) == [UpdateCode.PACKAGE_INSTALLATION_ERROR]
    assert [path.name for path in (running.root / "versions").iterdir()] == ["1.0"]


def test_unreachable_service_does_not_count_as_a_failure(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    running.gateway.end_sessions()
    running.gateway.agents.clear()
    assert codes(running) == [UpdateCode.SERVICE_UNREACHABLE]


# The way back


def test_rollback_by_an_administrator_excludes_the_newer_version(running: InstalledHost) -> None:
    running.install("2.0", 2, slot="two")
    running.host.installation.point("stable", "2.0")
    outcome = fall_back(running.host)
    assert (outcome.result, outcome.from_version, outcome.to_version) == (UpdateCode.FELL_BACK, "2.0", "1.0")
    assert running.slot("stable") == "1.0"
    running.offer("2.0", 2)
    assert codes(running) == [UpdateCode.RELEASE_REFUSED]
    running.offer("3.0", 3)
    assert codes(running) == [UpdateCode.PREPARED]


def test_no_rollback_below_the_signed_minimum(running: InstalledHost) -> None:
    running.install("2.0", 2, slot="two")
    running.host.installation.point("stable", "2.0")
    save_record(running.state, ReleaseRecord(min_release=2))
    assert fall_back(running.host).result is UpdateCode.RELEASE_REFUSED
    assert running.slot("stable") == "2.0"


# Reporting


def test_only_failures_are_reported(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    wrong_bytes(running)
    assert codes(running, 2) == [UpdateCode.HASH_MISMATCH] * 2
    assert {report.result for report in running.gateway.reports} == {"HASH_MISMATCH"}
    report = running.gateway.reports[0]
    assert report.__struct_fields__ == ("from_version", "to_version", "succeeded", "result", "diagnostics")
    assert not report.succeeded


def test_failed_report_is_sent_later(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    wrong_bytes(running)
    running.gateway.faults.append(Fault(endpoint="release-report", status=503))
    assert codes(running) == [UpdateCode.HASH_MISMATCH]
    assert running.gateway.reports == []
    running.gateway.offered = None
    assert codes(running) == [UpdateCode.UP_TO_DATE]
    assert [report.result for report in running.gateway.reports] == ["HASH_MISMATCH"]
    assert running.outcome.reported


# Killed, and without power, at any instant

KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from openinspector.agent.settings.settings import load_settings
from openinspector.agent.update.installation import find_installation
from openinspector.agent.update.update_pass import UpdateHost, fall_back, run_pass

left = int(sys.argv[1])
changes = {"open", "os.rename", "os.mkdir", "os.symlink", "os.remove", "os.rmdir", "shutil.rmtree", "os.link"}

def watch(event, arguments):
    global left
    if event not in changes or not any(os.environ["WITHIN"] in str(word) for word in arguments):
        return
    if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
        return
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

settings = load_settings(Path(os.environ["CONFIG"]), {})
host = UpdateHost(settings=settings, installation=find_installation(os.environ), now=lambda: datetime.now(UTC))
sys.addaudithook(watch)
print(run_pass(host).result.value)
"""


def test_killed_pass_leaves_complete_versions(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    config = running.folder / "agent.cfg"
    settings = running.settings
    config.write_text(
        f"endpoint = https://{settings.endpoint}\nca_file = {settings.ca_file}\nstate_directory = {running.state}\n"
    )
    environment = {
        **os.environ,
        "CONFIG": str(config),
        "WITHIN": str(running.folder),
        "OPENINSPECTOR_AGENT_VERSION_FOLDER": str(running.root / "versions" / "1.0"),
    }
    killed = 0
    for step in range(1, 200):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(step)], env=environment, capture_output=True, text=True, check=False
        )
        assert running.slot("stable") == "1.0"
        assert running.slot("experiment") in (None, "2.0")
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        killed += 1
        if step % 4 == 0:
            # Whatever was left, the next pass goes on from it.
            assert codes(running) == [UpdateCode.PREPARED]
            running.host.installation.clear_experiment()
    assert (killed > 20, done.stdout.strip()) == (True, "PREPARED")
    assert sorted(path.name for path in (running.root / "versions").iterdir()) == ["1.0", "2.0"]
    assert running.gateway.reports == []


def test_power_lost_between_the_links_of_a_promotion(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    assert codes(running) == [UpdateCode.PREPARED]
    running.host.installation.point("stable", "2.0")
    outcome: UpdateOutcome = running.run_pass()
    assert (outcome.result, outcome.from_version, outcome.to_version) == (UpdateCode.UPDATED, "1.0", "2.0")
    assert running.slot("experiment") is None
    assert running.record.highest_release == 2
    assert [report.succeeded for report in running.gateway.reports] == [True]


def test_power_lost_before_the_trial_began_prepares_it_again(running: InstalledHost) -> None:
    running.offer("2.0", 2)
    assert codes(running, 2) == [UpdateCode.PREPARED] * 2
    assert running.gateway.reports == []


def test_full_disk_is_reported_and_leaves_nothing(running: InstalledHost, tmp_path: Path) -> None:
    running.offer("2.0", 2)
    full = tmp_path / "full"
    full.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(full)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    try:
        big = {**version_files(), "large": (os.urandom(200_000), 0o644)}
        running.gateway.offered = running.releases.add(release("3.0", 3), big)
        running.releases.publish()
        shutil.copytree(running.root, full / "root", symlinks=True)
        host = running.host
        there = UpdateHost(
            settings=host.settings,
            installation=AgentInstallation(root=full / "root", own=host.installation.own),
            now=host.now,
        )
        outcome = run_pass(there)
        assert outcome.result is UpdateCode.PACKAGE_INSTALLATION_ERROR
        assert os.strerror(errno.ENOSPC) in outcome.details
        assert [path.name for path in (full / "root" / "versions").iterdir()] == ["1.0"]
        assert [report.result for report in running.gateway.reports] == ["PACKAGE_INSTALLATION_ERROR"]
    finally:
        subprocess.run(["umount", str(full)], check=True)


def test_the_lock_of_the_test_is_the_agents(installed: InstalledHost) -> None:
    installed.offer("2.0", 2)
    with agent_lock(installed.state):
        assert codes(installed) == [UpdateCode.PREPARED]
    assert codes(installed) == [UpdateCode.AGENT_NOT_RUNNING_NO_UPDATE]
