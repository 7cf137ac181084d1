"""Administration through the data folder: real stores on disk."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.api_answers import widest
from tests.cli.conftest import Command, Outcome

from openinspector.cli.serve import settings_from
from openinspector.model.agent import Agent, AgentId, HostDescription
from openinspector.service.app.access_keys import FULL_ACCESS, READ_ONLY
from openinspector.service.app.enrolment import token_digest
from openinspector.service.assembly import Stores
from openinspector.service.ports.identity_store import Attestation, Hindrance
from openinspector.service.store_access import open_access_keys, open_stores

ENROLLED = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def stores(folder: Path) -> Stores:
    return open_stores(settings_from(folder))


class Admin:
    def __init__(self, command: Command, folder: Path) -> None:
        self._command = command
        self._folder = folder

    def __call__(self, *arguments: str, status: int = 0) -> Outcome:
        done = self._command("admin", "--data-dir", str(self._folder), *arguments)
        assert done.status == status, done
        whole = {"--json", "temporary"}  # a session token does not wrap
        assert whole.intersection(arguments) or widest(done.out) <= 80
        return done


@pytest.fixture
def admin(command: Command, folder: Path) -> Admin:
    return Admin(command, folder)


def test_a_token_is_shown_once_and_kept_as_a_digest(admin: Admin, stores: Stores, folder: Path) -> None:
    before = datetime.now(UTC)
    token = admin("tokens", "create", "--tag", "Env=prod", "--tag", "Web", "--uses", "50", "--hours", "2").out.strip()
    after = datetime.now(UTC)
    (kept,) = stores.agents.list_tokens()
    assert kept.digest == token_digest(token)
    assert kept.uses_left == 50
    rounding = timedelta(seconds=1)
    assert before - rounding <= kept.expires_at - timedelta(hours=2) <= after + rounding
    listed = admin("tokens", "list")
    assert token not in listed.out
    assert "Env=prod" in listed.out
    assert "Web=None" not in listed.words
    assert token.encode() not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    (shown,) = json.loads(admin("tokens", "list", "--json").out)
    assert (shown["digest"], shown["usesLeft"]) == (kept.digest, 50)
    assert shown["tags"] == {"Env": "prod", "Web": None}


def test_token_is_deleted_by_its_listed_prefix(admin: Admin, stores: Stores) -> None:
    for _ in range(2):
        admin("tokens", "create")
    digests = [token.digest for token in stores.agents.list_tokens()]
    assert "2 tokens" in admin("tokens", "delete", "", status=1).err
    assert "0 tokens" in admin("tokens", "delete", "xyz", status=1).err
    admin("tokens", "delete", digests[0][:16])
    assert [token.digest for token in stores.agents.list_tokens()] == digests[1:]


def test_stored_keys_move_to_a_new_master_key(admin: Admin, folder: Path) -> None:
    secret = json.loads(admin("keys", "create", "alice", "--json").out)
    old = json.loads((folder / "keys.json").read_text())["current"]
    rotated = admin("keys", "rotate").words
    new = json.loads((folder / "keys.json").read_text())["current"]
    assert f"Master key {new} is current" in rotated
    assert new != old
    table = admin("keys", "rewrap").out.splitlines()
    (row,) = (line.split() for line in table if line.startswith("access-keys"))
    assert row == ["access-keys", "1", "0", "0", "0"]
    again = json.loads(admin("keys", "rewrap", "--json").out)
    assert again["access-key"] == {"moved": 0, "current": 1, "gone": 0, "failed": {}}
    held = json.loads((folder / "keys.json").read_text())
    (folder / "keys.json").write_text(json.dumps({"current": new, "keys": {new: held["keys"][new]}}))
    opened = open_access_keys(open_stores(settings_from(folder))).secret_of(secret["accessKeyId"])
    assert opened is not None
    assert opened[0] == secret["secretAccessKey"]


def test_a_master_key_of_kms_is_not_rotated_here(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENINSPECTOR_KEY_URL", "aws-kms:alias/openinspector")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert "Rotate the key in KMS" in admin("keys", "rotate", status=1).err


def test_keys_that_cannot_be_moved_are_named(admin: Admin, folder: Path) -> None:
    key_id = json.loads(admin("keys", "create", "alice", "--json").out)["accessKeyId"]
    (folder / "keys.json").unlink()
    refused = admin("keys", "rewrap", status=1)
    assert f"{key_id}: the data key was wrapped under master key" in refused.err
    assert json.loads(admin("keys", "rewrap", "--json", status=1).out)["access-key"]["failed"].keys() == {key_id}


def test_empty_lists_print_a_sentence(admin: Admin) -> None:
    assert admin("tokens", "list").out == "No enrolment tokens.\n"
    assert "openinspector admin keys create" in admin("keys", "list").words
    assert "openinspector admin tokens create" in admin("agents", "list").words
    for noun in ("tokens", "keys", "agents"):
        assert admin(noun, "list", "--json").out == "[]\n"


def test_the_secret_of_a_key_is_shown_once_and_kept_sealed(admin: Admin, folder: Path) -> None:
    lines = admin("keys", "create", "alice").out.splitlines()
    key_id, secret = (line.partition("=")[2] for line in lines)
    assert [line.partition("=")[0] for line in lines] == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    listed = admin("keys", "list")
    assert key_id in listed.out
    assert secret not in listed.out + admin("keys", "list", "--json").out
    assert secret.encode() not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("policy", "actions"), [("read-only", READ_ONLY), ("full-access", FULL_ACCESS)])
def test_policy_of_a_key(admin: Admin, policy: str, actions: tuple[str, ...]) -> None:
    made = json.loads(admin("keys", "create", "bob", "--policy", policy, "--json").out)
    (listed,) = json.loads(admin("keys", "list", "--json").out)
    assert (listed["id"], listed["user"], tuple(listed["actions"])) == (made["accessKeyId"], "bob", actions)


def test_a_key_may_be_for_single_operations(admin: Admin) -> None:
    admin("keys", "create", "erin", "--allow", "inspector:ListFindings", "--allow", "inspector:Describe*")
    (listed,) = json.loads(admin("keys", "list", "--json").out)
    assert listed["actions"] == ["inspector:ListFindings", "inspector:Describe*"]
    assert "is not an action" in admin("keys", "create", "erin", "--allow", "s3:*", status=1).err
    both = admin("keys", "create", "erin", "--allow", "inspector:*", "--policy", "read-only", status=2)
    assert "either" in both.err


def test_temporary_credentials_are_made_of_a_key(admin: Admin) -> None:
    key_id = json.loads(admin("keys", "create", "frank", "--json").out)["accessKeyId"]
    lines = admin("keys", "temporary", key_id).out.splitlines()
    assert [line.partition("=")[0] for line in lines] == [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ]
    made = json.loads(admin("keys", "temporary", key_id, "--minutes", "15", "--json").out)
    assert made.keys() == {"Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert "no access key AKIANONE" in admin("keys", "temporary", "AKIANONE", status=1).err


def test_a_third_key_of_a_user_is_refused(admin: Admin) -> None:
    for _ in range(2):
        admin("keys", "create", "carol")
    refused = admin("keys", "create", "carol", status=1)
    assert "carol" in refused.err
    assert refused.out == ""


def test_deleted_key_is_not_listed(admin: Admin) -> None:
    key_id = json.loads(admin("keys", "create", "dave", "--json").out)["accessKeyId"]
    admin("keys", "delete", key_id)
    assert admin("keys", "list", "--json").out == "[]\n"
    assert f"no access key {key_id}" in admin("keys", "delete", key_id, status=1).err


def test_agents_are_listed_and_revoked(admin: Admin, stores: Stores) -> None:
    token = admin("tokens", "create", "--tag", "Env=prod").out.strip()
    newcomer = Agent(
        id=AgentId("host-00000000000000001"),
        public_key=bytes(32),
        tags=(),
        enrolled_at=ENROLLED,
        host=HostDescription(hostname="[/x]web-1"),
    )
    assert stores.agents.enrol(token_digest(token), newcomer) is not None
    assert "[/x]web-1" in admin("agents", "list").out
    (shown,) = json.loads(admin("agents", "list", "--json").out)
    assert (shown["agentId"], shown["health"], shown["tags"]) == (newcomer.id, "UNKNOWN", {"Env": "prod"})
    admin("agents", "revoke", newcomer.id)
    assert admin("agents", "list", "--json").out == "[]\n"
    assert f"no agent {newcomer.id}" in admin("agents", "revoke", newcomer.id, status=1).err


def attested(stores: Stores) -> AgentId:
    instance = AgentId("i-0123456789abcdef0")
    proof = Attestation(
        agent_id=instance, method="aws_instance", account="123456789012", region="eu-west-1", attested_at=ENROLLED
    )
    newcomer = Agent(id=instance, public_key=bytes(32), tags=(), enrolled_at=ENROLLED)
    assert stores.identities.attest(newcomer, proof, None) == newcomer
    return instance


def test_an_instance_is_revoked_and_released(admin: Admin, stores: Stores) -> None:
    instance = attested(stores)
    assert "aws_instance" in admin("agents", "list").out
    (shown,) = json.loads(admin("agents", "list", "--json").out)
    assert shown["method"] == "aws_instance"
    admin("agents", "revoke", instance)
    anew = Agent(id=instance, public_key=bytes([1]) * 32, tags=(), enrolled_at=ENROLLED)
    proof = stores.identities.attestation(instance)
    assert proof is not None
    assert stores.identities.attest(anew, proof, None) is Hindrance.OTHER_KEY
    admin("agents", "release", instance)
    assert stores.identities.attest(anew, proof, None) == anew
    assert "no EC2 instance i-0" in admin("agents", "release", "i-0", status=1).err


def test_an_agent_is_tagged(admin: Admin, stores: Stores) -> None:
    instance = attested(stores)
    admin("agents", "tag", instance, "--tag", "Env=prod", "--tag", "bare")
    assert json.loads(admin("agents", "list", "--json").out)[0]["tags"] == {"Env": "prod", "bare": None}
    admin("agents", "tag", instance)
    assert json.loads(admin("agents", "list", "--json").out)[0]["tags"] == {}
    assert "no agent i-0" in admin("agents", "tag", "i-0", "--tag", "a=b", status=1).err


def test_an_agent_is_asked_to_attest_again(admin: Admin, stores: Stores) -> None:
    instance = attested(stores)
    admin("agents", "reattest", instance)
    assert list(stores.identities.reattestations_asked()) == [instance]
    assert "no agent i-0" in admin("agents", "reattest", "i-0", status=1).err


def test_the_folder_is_private(admin: Admin, folder: Path) -> None:
    admin("keys", "list")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
