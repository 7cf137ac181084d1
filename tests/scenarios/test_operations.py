"""Operators of an installation check it, let others read it in the console, back it up and restore it."""

import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.scenarios.test_main_job import findings_of, wait_for_end

from openinspector.service.console.browser import MARK
from openinspector.testing.vault_transit import vault_transit
from openinspector.testing.whole_system import CVE, WholeSystem, distribution_of_this_host

PASSWORD = "a long enough password"


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, str]]:
    """Settings of an installation whose master key is in Vault."""
    with vault_transit() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield {"OPENINSPECTOR_KEY_URL": "vault-transit:transit/openinspector"}


def test_an_installation_is_checked_read_backed_up_and_restored(tmp_path: Path, vault: Mapping[str, str]) -> None:
    system = WholeSystem(tmp_path / "before", vault)
    data_dir = system.processes.settings().data_dir
    try:
        assert all(one["ok"] for one in json.loads(admin(data_dir, vault, "check", "--json")))
        system.start_agent()
        system.store_advisory(distribution_of_this_host())
        template = system.make_template()
        kept, shredded = finished_run(system, template), finished_run(system, template)
        check_console(system, data_dir, vault)
        made = json.loads(admin(data_dir, vault, "backup", str(tmp_path / "backup"), "--json"))
        assert made["objects"] > 0
        system.client.delete_assessment_run(assessmentRunArn=shredded)
    finally:
        system.processes.stop()
    restored = restore(tmp_path, data_dir, vault)
    try:
        assert CVE in {finding["id"] for finding in findings_of(restored.client, kept)}
    finally:
        restored.processes.stop()


def finished_run(system: WholeSystem, template: str) -> str:
    run_arn = str(system.client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])
    assert wait_for_end(system.client, run_arn)["state"] in ("COMPLETED", "COMPLETED_WITH_ERRORS")
    return run_arn


def check_console(system: WholeSystem, data_dir: Path, settings: Mapping[str, str]) -> None:
    """A viewer signs in with a link and reads issues, and may not change anything."""
    link = admin(data_dir, settings, "users", "create", "vera").strip()
    trusted = ssl.create_default_context(cafile=str(system.processes.ca_file))
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": system.url, MARK: "1"}
    with httpx.Client(base_url=system.url, verify=trusted, headers=headers) as browser:
        (secret,) = parse_qs(urlsplit(link).query)["secret"]
        signed_in = browser.post("/console/link", data={"secret": secret, "password": PASSWORD})
        assert signed_in.status_code == httpx.codes.SEE_OTHER
        issues = browser.post("/console/api/ListIssues", json={}).json()["issues"]
        assert CVE in {issue["ruleName"] for issue in issues}
        refused = browser.post("/console/api/CreateResourceGroup", json={"resourceGroupTags": [{"key": "a"}]})
        assert refused.status_code != httpx.codes.OK
    (listed,) = json.loads(admin(data_dir, settings, "users", "list", "--json"))
    assert (listed["name"], listed["role"], listed["hasPassword"]) == ("vera", "viewer", True)
    admin(data_dir, settings, "users", "delete", "vera")


def restore(folder: Path, data_dir: Path, settings: Mapping[str, str]) -> WholeSystem:
    """Restore the backup beside the objects and start a service on it."""
    other = folder / "after"
    shutil.copytree(data_dir / "objects", other / data_dir.name / "objects")
    done = json.loads(admin(other / data_dir.name, settings, "restore", str(folder / "backup"), "--json"))
    assert (done["shreddedAgain"], done["absentObjects"]) == (1, [])
    return WholeSystem(other, settings)


def admin(data_dir: Path, settings: Mapping[str, str], *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "openinspector.cli", "admin", "--data-dir", str(data_dir), *arguments],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
