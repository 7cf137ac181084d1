"""A run's snapshot is sealed, stands once it is there, and goes with the run's key."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.model.errors import StoreError
from openinspector.network.aws.document import SnapshotDocument
from openinspector.network.snapshot import ReadGap, snapshot_of
from openinspector.service.app.counters import Counters
from openinspector.service.app.run_keys import RunKeys
from openinspector.service.app.snapshot_vault import RunSnapshot, SnapshotVault
from openinspector.service.app.telemetry import Telemetry, TelemetryStores
from openinspector.service.app.vault import run_folder
from openinspector.service.sealing.chunked import SealError
from openinspector.testing.installation import BuiltInstallation, open_installation
from openinspector.testing.model_builders import run

RUN = run().arn
OTHER = run(2).arn
MARK = b"vpc-0a1b2c3d4e5f60718"


def seen(content: bytes = MARK) -> RunSnapshot:
    document = SnapshotDocument(
        account="123456789012", region="eu-west-1", operation="ec2-describe-vpcs", content=content
    )
    gap = ReadGap(account="123456789012", region="us-east-1", reason="denied")
    taken = datetime(2026, 11, 30, tzinfo=UTC)
    return RunSnapshot(
        snapshot=snapshot_of([document], [gap], taken),
        instances=(AgentId("i-0123456789abcdef0"),),
        gone=(AgentId("i-0123456789abcdef1"),),
    )


@pytest.fixture
def installation(tmp_path: Path) -> BuiltInstallation:
    return open_installation(tmp_path)


@pytest.fixture
def keys(installation: BuiltInstallation) -> RunKeys:
    return RunKeys(installation.stores.keys, installation.stores.telemetry, installation.clock, "123456789012")


@pytest.fixture
def vault(installation: BuiltInstallation, keys: RunKeys) -> SnapshotVault:
    return SnapshotVault(installation.stores.objects, keys)


def objects_of(installation: BuiltInstallation, arn: RunArn) -> list[bytes]:
    objects = installation.stores.objects
    return [objects.get(name) for name in objects.names(run_folder(arn))]


def test_opening_returns_what_was_put(vault: SnapshotVault) -> None:
    assert vault.put(RUN, seen())
    assert vault.open(RUN) == seen()
    assert vault.has(RUN)
    assert not vault.has(OTHER)


def test_nothing_is_stored_in_the_clear(vault: SnapshotVault, installation: BuiltInstallation) -> None:
    vault.put(RUN, seen())
    (sealed,) = objects_of(installation, RUN)
    assert MARK not in sealed
    assert b"eu-west-1" not in sealed


def test_the_first_snapshot_stands(vault: SnapshotVault) -> None:
    vault.put(RUN, seen())
    assert vault.put(RUN, seen(b"another"))
    assert vault.open(RUN) == seen()


def test_a_snapshot_opens_for_its_run_alone(vault: SnapshotVault, installation: BuiltInstallation) -> None:
    vault.put(RUN, seen())
    vault.put(OTHER, seen())
    objects = installation.stores.objects
    objects.put(f"{run_folder(OTHER)}/snapshot", objects_of(installation, RUN)[0])
    with pytest.raises(SealError):
        vault.open(OTHER)


def test_a_run_without_one_is_an_error(vault: SnapshotVault, keys: RunKeys) -> None:
    keys.make(RUN)
    with pytest.raises(StoreError, match="has no snapshot"):
        vault.open(RUN)


def test_shredding_telemetry_shreds_the_snapshot(
    vault: SnapshotVault, keys: RunKeys, installation: BuiltInstallation
) -> None:
    vault.put(RUN, seen())
    stores = TelemetryStores(
        index=installation.stores.telemetry, objects=installation.stores.objects, runs=installation.stores.assessments
    )
    receipt = Telemetry(stores, keys, Counters(), installation.clock, os.urandom).shred(RUN)
    assert receipt.key_deleted
    assert receipt.objects_deleted == 1
    assert objects_of(installation, RUN) == []
    with pytest.raises(StoreError, match="shredded"):
        vault.open(RUN)
    assert not vault.put(RUN, seen())
