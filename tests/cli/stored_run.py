"""An installation in a folder, with a run of two Debian hosts that has ended, and with stored advisories."""

from datetime import UTC, datetime
from pathlib import Path

from openinspector.model.activity import Process
from openinspector.model.arn import RunArn
from openinspector.model.inventory import (
    MonitoringStart,
    OperatingSystem,
    Package,
    PackageManager,
    SensorState,
    SensorStatus,
)
from openinspector.model.record import Record
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.ports.advisory_store import FeedSnapshot
from openinspector.service.settings import Settings
from openinspector.service.stored_run_access import open_stored_runs
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import open_installation
from openinspector.testing.match_builders import advisory, fix
from openinspector.wire.codec import encode_batch, encode_record
from openinspector.wire.envelope import encode_envelope

HOSTS = (builders.agent_id(1), builders.agent_id(2))
ADVISORIES = (
    advisory("CVE-2026-0001", fix("openssl", "3.0.16-1")),
    advisory("CVE-2026-0002", fix("openssl", "3.0.17-1"), fix("curl", "8.0-1")),
)
_S = AssessmentRunState


def make_stored_run(folder: Path) -> RunArn:
    """Make the installation and return the run's ARN."""
    built = open_installation(folder)
    runs = open_stored_runs(Settings(data_dir=folder))
    stores = built.stores
    for number in (1, 2):
        built.heartbeat(number)
    stores.assessments.add_resource_group(builders.resource_group())
    stores.assessments.add_target(builders.target())
    stores.assessments.add_template(builders.template())
    run = builders.run()
    stores.assessments.add_run(run, HOSTS)
    built.reached(run.arn, _S.START_DATA_COLLECTION_PENDING, _S.START_DATA_COLLECTION_IN_PROGRESS, _S.COLLECTING_DATA)
    runs.telemetry.run_began(run.arn)
    for agent in HOSTS:
        plaintext = encode_batch(encode_record(sensor, record) for sensor, record in records(agent))
        runs.telemetry.ingest(
            agent, encode_envelope(run_arn=run.arn, agent_id=agent, stream="collection", seq=1, plaintext=plaintext)
        )
    built.reached(run.arn, _S.STOP_DATA_COLLECTION_PENDING, _S.DATA_COLLECTED, _S.EVALUATING_RULES, _S.COMPLETED)
    snapshot = FeedSnapshot(
        feed="debian",
        fingerprint="1",
        origin="here",
        fetched_at=datetime(2026, 11, 25, tzinfo=UTC),
        published_at=None,
        advisories=2,
        unparsed=0,
        validators={},
    )
    stores.advisories.replace(snapshot, ADVISORIES, ())
    return run.arn


def records(agent: str) -> list[tuple[str, Record]]:
    """Return what a host sends: two vulnerable packages, and a service that runs one of them."""
    return [
        ("agent", MonitoringStart(agent_version="1", sensors=("os_release", "dpkg", "processes"))),
        ("os_release", OperatingSystem(id="debian", version_id="12", hostname=f"name-of-{agent}")),
        ("os_release", _done("os_release", 1)),
        ("dpkg", _package("openssl", "3.0.15-1")),
        ("dpkg", _package("curl", "7.9-1")),
        ("dpkg", _done("dpkg", 2)),
        (
            "processes",
            Process(process_id=7, parent_id=1, uid=0, name="curl", package="curl", unit="mirror.service"),
        ),
        ("processes", _done("processes", 1)),
    ]


def _package(name: str, version: str) -> Package:
    return Package(
        manager=PackageManager.DPKG,
        name=name,
        version=version,
        architecture="amd64",
        source_name=name,
        source_version=version,
    )


def _done(sensor: str, count: int) -> SensorStatus:
    return SensorStatus(sensor=sensor, state=SensorState.OK, records=count)
