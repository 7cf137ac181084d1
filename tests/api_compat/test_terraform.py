"""The terraform command with the vendor's own provider: apply, plan, import, change and destroy."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from tests.api_compat.endpoint import REGION, Endpoint

from openinspector.testing.record_builders import topic

PROVIDER: Final = "registry.terraform.io/hashicorp/aws"
TARGET: Final = "aws_inspector_assessment_target.web"
TEMPLATE: Final = "aws_inspector_assessment_template.nightly"
CONFIGURATION: Final = """
terraform {{
  required_providers {{ aws = {{ source = "hashicorp/aws" }} }}
}}
provider "aws" {{
  region                      = "{region}"
  custom_ca_bundle            = "{ca}"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {{ inspector = "{url}" }}
}}
data "aws_inspector_rules_packages" "all" {{}}
resource "aws_inspector_resource_group" "web" {{ tags = {{ Env = "test", Tier = "web" }} }}
resource "aws_inspector_assessment_target" "web" {{
  name               = "web"
  resource_group_arn = aws_inspector_resource_group.web.arn
}}
resource "aws_inspector_assessment_template" "nightly" {{
  name               = "nightly"
  target_arn         = aws_inspector_assessment_target.web.arn
  duration           = 3600
  rules_package_arns = data.aws_inspector_rules_packages.all.arns
  tags               = {{ {tags} }}
  {subscriptions}
}}
"""
SUBSCRIPTION: Final = """event_subscription {{
    event     = "{event}"
    topic_arn = "{topic}"
  }}
"""


def provider_folders() -> Iterator[Path]:
    """Yield the folders that hold provider programs: the ones Terraform looks into itself, and those below /opt."""
    homes = (Path.home() / ".terraform.d", Path("/usr/local/share/terraform"), Path("/usr/share/terraform"))
    for folder in (*(home / "plugins" for home in homes), *Path("/opt").glob("*/")):
        if (folder / PROVIDER).is_dir():
            yield folder


class Workspace:
    """A folder with a configuration, and the command that is run in it."""

    def __init__(self, folder: Path, endpoint: Endpoint, plugins: Path) -> None:
        self._folder = folder
        self._endpoint = endpoint
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
        absent = str(folder / "absent")
        self._environment = kept | {
            "AWS_ACCESS_KEY_ID": endpoint.key.id,
            "AWS_SECRET_ACCESS_KEY": endpoint.key.secret,
            "AWS_CONFIG_FILE": absent,
            "AWS_SHARED_CREDENTIALS_FILE": absent,
            "CHECKPOINT_DISABLE": "1",
            "NO_PROXY": "127.0.0.1",
            "TF_CLI_CONFIG_FILE": os.devnull,
            "TF_INPUT": "0",
        }
        self.write(tags="")
        self.succeeds("init", f"-plugin-dir={plugins}")

    def write(
        self, *, tags: str, subscribed: tuple[tuple[str, str], ...] = (), imported: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """Write the configuration: the template's tags and subscriptions (event, topic); resources to take over."""
        place = {"region": REGION, "ca": self._endpoint.listener.ca, "url": self._endpoint.url}
        subscriptions = "".join(SUBSCRIPTION.format(event=event, topic=arn) for event, arn in subscribed)
        text = CONFIGURATION.format(**place, tags=tags, subscriptions=subscriptions)
        blocks = (f'import {{\n  to = {resource}\n  id = "{arn}"\n}}\n' for resource, arn in imported)
        (self._folder / "main.tf").write_text(text + "".join(blocks))

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run terraform."""
        return subprocess.run(
            ["terraform", *words],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def succeeds(self, *words: str) -> str:
        """Run terraform and return what it prints."""
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def arn(self, resource: str) -> str:
        """Return the ARN of a resource in the state."""
        state = json.loads((self._folder / "terraform.tfstate").read_text())
        found = {f"{one['type']}.{one['name']}": one["instances"][0]["attributes"] for one in state["resources"]}
        return str(found[resource]["arn"])


@pytest.fixture
def workspace(endpoint: Endpoint, tmp_path: Path) -> Workspace:
    plugins = next(provider_folders(), None)
    if shutil.which("terraform") is None or plugins is None:
        pytest.skip("terraform, or its provider for AWS, is absent: no client")
    folder = tmp_path / "terraform"
    folder.mkdir()
    return Workspace(folder, endpoint, plugins)


def test_apply_import_change_and_destroy(workspace: Workspace, client: Any) -> None:
    workspace.write(tags='Name = "nightly"', subscribed=(("ASSESSMENT_RUN_COMPLETED", topic(1)),))
    workspace.succeeds("apply", "-auto-approve")
    target, template = workspace.arn(TARGET), workspace.arn(TEMPLATE)
    (made,) = client.describe_assessment_templates(assessmentTemplateArns=[template])["assessmentTemplates"]
    assert (made["name"], made["assessmentTargetArn"], made["durationInSeconds"]) == ("nightly", target, 3600)
    assert sorted(made["rulesPackageArns"]) == sorted(client.list_rules_packages()["rulesPackageArns"])
    assert client.list_tags_for_resource(resourceArn=template)["tags"] == [{"key": "Name", "value": "nightly"}]
    unchanged = workspace.run("plan", "-detailed-exitcode")
    assert unchanged.returncode == 0, unchanged.stdout + unchanged.stderr

    workspace.succeeds("state", "rm", TARGET, TEMPLATE)
    subscription = ("FINDING_REPORTED", topic(2))
    workspace.write(tags='Team = "blue"', subscribed=(subscription,), imported=((TARGET, target), (TEMPLATE, template)))
    assert "2 imported, 0 added, 1 changed, 0 destroyed" in workspace.succeeds("apply", "-auto-approve")
    assert client.list_tags_for_resource(resourceArn=template)["tags"] == [{"key": "Team", "value": "blue"}]
    (subscribed,) = client.list_event_subscriptions(resourceArn=template)["subscriptions"]
    assert (subscribed["topicArn"], [one["event"] for one in subscribed["eventSubscriptions"]]) == (
        topic(2),
        ["FINDING_REPORTED"],
    )

    workspace.succeeds("destroy", "-auto-approve")
    assert client.list_assessment_targets()["assessmentTargetArns"] == []
    assert client.list_event_subscriptions()["subscriptions"] == []
