"""An installation that moves its master keys from a file to KMS (moto's server)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.test_main_job import findings_of, wait_for_end

from openinspector.testing.moto_sns import REGION, MotoSns, moto_sns
from openinspector.testing.whole_system import CVE, WholeSystem, distribution_of_this_host


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoSns]:
    with moto_sns() as server:
        for name, value in {**server.environment, "AWS_DEFAULT_REGION": REGION}.items():
            monkeypatch.setenv(name, value)
        yield server


def test_an_installation_moves_to_kms(tmp_path: Path, kms: MotoSns) -> None:
    before = WholeSystem(tmp_path)
    key = before.processes.access_key()
    before.processes.stop()
    kms_key = kms.client("kms").create_key()["KeyMetadata"]["KeyId"]
    settings = {"OPENINSPECTOR_KEY_URL": f"aws-kms:{kms_key}", "OPENINSPECTOR_KMS_ENDPOINT": kms.url}
    after = WholeSystem(tmp_path, settings)
    try:
        # 1. the access key was sealed under the file's master key
        assert after.processes.access_key() == key
        after.client.list_rules_packages()
        # 2. the run's data key is wrapped by KMS
        after.start_agent()
        after.store_advisory(distribution_of_this_host())
        run_arn = after.start_run()
        assert wait_for_end(after.client, run_arn)["state"] in ("COMPLETED", "COMPLETED_WITH_ERRORS")
        assert CVE in {finding["id"] for finding in findings_of(after.client, run_arn)}
        # 3. after a rewrap, while the service runs, the key file is not needed any more
        data_dir = after.processes.settings().data_dir
        administer(data_dir, settings, "rewrap")
        assert {kind["current"] == 0 for kind in administer(data_dir, settings, "rewrap").values()} == {False, True}
        (data_dir / "keys.json").rename(data_dir / "keys.json.retired")
        after.processes.stop()
        after.start_service()
        assert after.processes.access_key() == key
        assert findings_of(after.client, run_arn)
    finally:
        after.processes.stop()


def administer(data_dir: Path, settings: Mapping[str, str], command: str) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "openinspector.cli", "admin", "--data-dir", str(data_dir), "keys", command, "--json"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    answered: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return answered
