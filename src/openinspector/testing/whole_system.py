"""The whole system in separate processes, for scenarios: the service, an agent on this host, a real client."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from openinspector.agent.collection.collection import collect
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.registry import sensors
from openinspector.cli.demo_processes import ANY_PORT, QUICK_HEARTBEATS, DemoProcesses
from openinspector.cli.templates import rules_package_arns
from openinspector.model.advisory import Advisory, Fix, PackageKind, Priority, Target
from openinspector.model.inventory import OperatingSystem
from openinspector.service.ports.advisory_store import FeedSnapshot

if TYPE_CHECKING:
    from botocore.client import BaseClient

PACKAGES: Final = ("Common Vulnerabilities", "Best Practices")
CVE: Final = "CVE-2026-99999"
AFFECTED: Final = "base-files"
"""A package of every Debian host; the test's advisory says that all versions are affected."""


class WholeSystem:
    """A service and, once started, an agent; and a client of the service."""

    def __init__(self, folder: Path, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        self.processes = DemoProcesses(folder, {**QUICK_HEARTBEATS, "OPENINSPECTOR_LISTEN": ANY_PORT, **settings})
        self.url, self.client = self.start_service()

    def start_service(self) -> "tuple[str, BaseClient]":
        """Start the service, for the first time or after it was killed."""
        self.url = self.processes.start_service()
        self.client = self.processes.client(self.url, self.processes.access_key())
        return self.url, self.client

    def start_agent(self) -> str:
        """Enrol this host, start its agent, and return its id."""
        return self.processes.start_agent(self.url)

    def agent_pid(self) -> int:
        """Return the agent's process id."""
        return int((self.processes.data_dir.parent / "agent.pid").read_text())

    def store_advisory(self, distribution: str) -> None:
        """Store one advisory: `CVE` affects every version of `AFFECTED`."""
        target = Target(stream=distribution, kind=PackageKind.SOURCE, name=AFFECTED)
        fix = Fix(target=target, version="999:1-1")
        advisory = Advisory(id=CVE, feed="scenario", vulnerabilities=(CVE,), fixes=(fix,), priority=Priority.HIGH)
        snapshot = FeedSnapshot(
            feed="scenario",
            fingerprint="0" * 64,
            origin="the test",
            fetched_at=datetime.now(UTC),
            published_at=None,
            advisories=1,
            unparsed=0,
            validators={},
        )
        self.processes.stores().advisories.replace(snapshot, [advisory], ())

    def start_run(self, packages: tuple[str, ...] = PACKAGES) -> str:
        """Make resource group, target and template, start a run, and return its ARN."""
        started = self.client.start_assessment_run(assessmentTemplateArn=self.make_template(packages))
        return str(started["assessmentRunArn"])

    def make_template(self, packages: tuple[str, ...] = PACKAGES) -> str:
        """Make resource group, target and template, and return the template's ARN."""
        client = self.client
        group = client.create_resource_group(resourceGroupTags=[{"key": "Demo", "value": "this host"}])
        target = client.create_assessment_target(
            assessmentTargetName="scenario", resourceGroupArn=group["resourceGroupArn"]
        )
        template = client.create_assessment_template(
            assessmentTargetArn=target["assessmentTargetArn"],
            assessmentTemplateName="scenario",
            durationInSeconds=180,
            rulesPackageArns=rules_package_arns(client, packages),
            userAttributesForFindings=[{"key": "Team", "value": "blue"}],
        )
        return str(template["assessmentTemplateArn"])


def distribution_of_this_host() -> str:
    """Return ``<ID>:<VERSION_ID>`` of this host."""
    found = collect([sensors()["os_release"]], LocalHost(), lambda: 0.0, agent_version="test")
    record = next(record for _, record in found if isinstance(record, OperatingSystem))
    return f"{record.id}:{record.version_id}"
