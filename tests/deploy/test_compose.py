"""The compose file and what it names. No container engine is here: images are not built and not started."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.packaging.scratch_host import needs

from openinspector.service.settings import read_settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
CONTAINERFILE = (DEPLOY / "container" / "Containerfile").read_text()
ENVIRONMENT = {
    "POSTGRES_PASSWORD": "secret",
    "SERVER_NAME": "inspector.example",
    "S3_ACCESS_KEY": "a",
    "S3_SECRET_KEY": "b",
}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services, with the variables of an .env file filled in."""
    text = (DEPLOY / "compose" / "compose.yaml").read_text()
    filled = re.sub(r"\$\{(\w+):\?\}", lambda found: ENVIRONMENT[found[1]], text)
    loaded: dict[str, Any] = yaml.safe_load(filled)["services"]
    return loaded


def test_nodes_have_settings_that_the_service_accepts(services: dict[str, Any]) -> None:
    nodes = [service for name, service in services.items() if name.startswith("node-")]
    assert len(nodes) == 2
    for node in nodes:
        own = {name: value for name, value in node["environment"].items() if name.startswith("OPENINSPECTOR_")}
        settings = read_settings(own)
        assert not settings.is_on_one_machine
        assert settings.objects == "s3://telemetry"
        seconds = int(node["stop_grace_period"].removesuffix("s"))
        assert seconds > settings.drain_seconds


def test_nodes_are_confined(services: dict[str, Any]) -> None:
    for name in ("node-one", "node-two"):
        node = services[name]
        assert (node["read_only"], node["cap_drop"], node["user"]) == (True, ["ALL"], "10001:10001")
        assert "no-new-privileges:true" in node["security_opt"]
    assert "USER 10001:10001" in CONTAINERFILE


def test_files_that_compose_mounts_and_containers_copy_exist(services: dict[str, Any]) -> None:
    mounted = [volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", ())]
    files = {name for name in mounted if name.startswith("./")} - {"./keys"}
    assert files == {"./haproxy.cfg", "./workflows.sql"}
    assert all((DEPLOY / "compose" / name).is_file() for name in files)
    copied = re.findall(r"^COPY (?!--from)(.+) /source\S*$", CONTAINERFILE, re.MULTILINE)
    assert len(copied) == 2
    assert all((DEPLOY.parent / name).exists() for names in copied for name in names.split())


def test_haproxy_takes_its_settings(services: dict[str, Any]) -> None:
    needs("haproxy")
    settings = DEPLOY / "compose" / "haproxy.cfg"
    judged = subprocess.run(["haproxy", "-c", "-f", str(settings)], capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    named = set(re.findall(r"^ +server \w+ ([\w-]+):8443$", settings.read_text(), re.MULTILINE))
    assert named == {name for name in services if name.startswith("node-")}
