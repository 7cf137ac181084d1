"""`openinspector admin`: administer an installation through its data folder: tokens, access keys, agents."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from openinspector.cli.backup import make_backup, restore_backup
from openinspector.cli.client import REFUSED
from openinspector.cli.console_users import users
from openinspector.cli.installation_check import check_installation
from openinspector.cli.presentation import print_json, print_table, time_text
from openinspector.cli.rollouts import rollouts
from openinspector.cli.serve import settings_from
from openinspector.cli.targets import parsed_tag

if TYPE_CHECKING:
    from openinspector.model.asset import Tag
    from openinspector.service.assembly import Stores

_POLICIES = ("full-access", "read-only")


@click.group()
@click.option("--data-dir", type=click.Path(path_type=Path), help="The service's data folder.")
@click.pass_context
def admin(ctx: click.Context, data_dir: Path | None) -> None:
    """Administer this installation. Works on the data folder, whether or not the service is running."""
    ctx.obj = data_dir


admin.add_command(rollouts)
admin.add_command(users)
admin.add_command(check_installation)
admin.add_command(make_backup)
admin.add_command(restore_backup)


@admin.group()
def tokens() -> None:
    """Manage enrolment tokens, which let hosts enrol."""


@tokens.command("create")
@click.option("--tag", "tags", multiple=True, metavar="KEY[=VALUE]", help="Tag of the hosts that enrol with the token.")
@click.option(
    "--uses",
    type=click.IntRange(1, 1_000_000),
    default=1,
    show_default=True,
    metavar="N",
    help="Maximum number of hosts that may enrol with it.",
)
@click.option(
    "--hours",
    type=click.IntRange(1, 8760),
    default=24,
    show_default=True,
    metavar="N",
    help="How long it is valid.",
)
@click.pass_obj
def create_enrolment_token(data_dir: Path | None, *, tags: tuple[str, ...], uses: int, hours: int) -> None:
    """Create a token and print it. It is shown once; only its digest is stored."""
    import os

    from openinspector.model.asset import Tag
    from openinspector.service.app.enrolment import Grant, create_token
    from openinspector.service.system_clock import SystemClock

    now = SystemClock().now()
    grant = Grant(
        tags=tuple(Tag(**parsed_tag(tag)) for tag in tags), uses=uses, expires_at=now + timedelta(hours=hours)
    )
    click.echo(create_token(_stores(data_dir).agents, grant, now, os.urandom))


@tokens.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_tokens(data_dir: Path | None, *, as_json: bool) -> None:
    """List tokens by the beginning of their digest."""
    found = _stores(data_dir).agents.list_tokens()
    if as_json:
        print_json(
            [
                {
                    "digest": t.digest,
                    "usesLeft": t.uses_left,
                    "expiresAt": t.expires_at,
                    "tags": {tag.key: tag.value for tag in t.tags},
                }
                for t in found
            ]
        )
        return
    print_table(
        ("DIGEST", "USES LEFT", "EXPIRES", "TAGS"),
        [
            (t.digest[:16], str(t.uses_left), time_text(t.expires_at), ", ".join(_tag_text(tag) for tag in t.tags))
            for t in found
        ],
        empty="No enrolment tokens.",
    )


@tokens.command("delete")
@click.argument("digest")
@click.pass_obj
def delete_token(data_dir: Path | None, *, digest: str) -> None:
    """Delete the token whose digest begins with DIGEST."""
    store = _stores(data_dir).agents
    matching = [t.digest for t in store.list_tokens() if t.digest.startswith(digest)]
    if len(matching) != 1:
        _refuse(f"{len(matching)} tokens have a digest that begins with {digest}")
    store.delete_token(matching[0])


@admin.group()
def keys() -> None:
    """Manage access keys, which let people and programs use the API, and the master keys that protect stored data."""


@keys.command("create")
@click.argument("user")
@click.option("--policy", type=click.Choice(_POLICIES), help="Permissions; default full-access.")
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="ACTION",
    help="Permitted action, such as inspector:ListFindings or inspector:Describe*; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def create_key(
    data_dir: Path | None, *, user: str, policy: str | None, allowed: tuple[str, ...], as_json: bool
) -> None:
    """Create an access key for USER, who may have two. The secret is shown once."""
    from openinspector.service.app.access_keys import FULL_ACCESS, READ_ONLY
    from openinspector.service.store_access import open_access_keys

    if policy and allowed:
        raise click.UsageError("use either --policy or --allow")
    actions = allowed or (READ_ONLY if policy == "read-only" else FULL_ACCESS)
    made = open_access_keys(_stores(data_dir)).create(user, actions)
    if as_json:
        print_json({"accessKeyId": made.id, "secretAccessKey": made.secret})
        return
    click.echo(f"AWS_ACCESS_KEY_ID={made.id}\nAWS_SECRET_ACCESS_KEY={made.secret}")


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_keys(data_dir: Path | None, *, as_json: bool) -> None:
    """List access keys, without their secrets."""
    found = _stores(data_dir).access_keys.list_all()
    if as_json:
        print_json([{"id": k.id, "user": k.user, "actions": k.actions, "createdAt": k.created_at} for k in found])
        return
    print_table(
        ("KEY", "USER", "MAY", "CREATED"),
        [(k.id, k.user, ", ".join(k.actions), time_text(k.created_at)) for k in found],
        empty="No access keys. Create one: openinspector admin keys create USER",
    )


@keys.command("temporary")
@click.argument("key_id")
@click.option("--minutes", type=click.IntRange(15, 2160), default=60, show_default=True, metavar="N")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def make_temporary(data_dir: Path | None, *, key_id: str, minutes: int, as_json: bool) -> None:
    """Create temporary credentials with the permissions of the access key KEY_ID. They end with it."""
    from openinspector.service.store_access import open_stores, open_temporary_credentials
    from openinspector.service.system_clock import SystemClock

    settings = settings_from(data_dir)
    stores = open_stores(settings)
    key = stores.access_keys.get(key_id)
    if key is None:
        _refuse(f"no access key {key_id}")
    made = open_temporary_credentials(settings, stores).make(key, timedelta(minutes=minutes), SystemClock().now())
    if as_json:
        # In the format for `credential_process` of the AWS clients.
        print_json(
            {
                "Version": 1,
                "AccessKeyId": made.id,
                "SecretAccessKey": made.secret,
                "SessionToken": made.token,
                "Expiration": made.expires_at,
            }
        )
        return
    click.echo(f"AWS_ACCESS_KEY_ID={made.id}\nAWS_SECRET_ACCESS_KEY={made.secret}\nAWS_SESSION_TOKEN={made.token}")


@keys.command("delete")
@click.argument("key_id")
@click.pass_obj
def delete_key(data_dir: Path | None, *, key_id: str) -> None:
    """Delete an access key; requests signed with it are refused from then on."""
    if not _stores(data_dir).access_keys.delete(key_id):
        _refuse(f"no access key {key_id}")


@keys.command("rotate")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def rotate_master_key(data_dir: Path | None, *, as_json: bool) -> None:
    """Add a master key to the key file and make it current. `rewrap` then moves stored keys to it.

    Running nodes that read this file use the new key at once. With KMS, rotate the key there.
    """
    from openinspector.service.store_access import add_master_key

    key_id = add_master_key(settings_from(data_dir))
    if as_json:
        print_json({"masterKeyId": key_id})
        return
    click.echo(f"Master key {key_id} is current. Back up the key file, then run:\nopeninspector admin keys rewrap")


@keys.command("rewrap")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def rewrap_keys(data_dir: Path | None, *, as_json: bool) -> None:
    """Move all stored data keys and secrets to the current master key.

    Run it after `rotate`, or after a move from a key file to KMS. Nodes may run meanwhile. The command can be repeated;
    telemetry and reports themselves are not written again.
    """
    from openinspector.service.store_access import open_master_key_move

    move = open_master_key_move(settings_from(data_dir))
    with click.progressbar(length=move.count(), label="Keys", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        results = move.run(bar.update)
    failures = {key_id: why for result in results.values() for key_id, why in result.failed.items()}
    if as_json:
        print_json(
            {
                kind: {"moved": one.moved, "current": one.current, "gone": one.gone, "failed": one.failed}
                for kind, one in results.items()
            }
        )
    else:
        print_table(
            ("KEYS OF", "MOVED", "CURRENT ALREADY", "DELETED MEANWHILE", "FAILED"),
            [
                (f"{kind}s", str(r.moved), str(r.current), str(r.gone), str(len(r.failed)))
                for kind, r in results.items()
            ],
            empty="No keys are stored.",
        )
        for key_id, why in failures.items():
            click.echo(f"openinspector: {key_id}: {why}", err=True)
    if failures:
        sys.exit(REFUSED)


@admin.group()
def agents() -> None:
    """Manage agents: the hosts that have enrolled."""


@agents.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_agents(data_dir: Path | None, *, as_json: bool) -> None:
    """List agents and their health."""
    from openinspector.cli.presentation import state_text
    from openinspector.service.system_clock import SystemClock

    now = SystemClock().now()
    stores = _stores(data_dir)
    found = stores.agents.list_agents()
    proved = {proof.agent_id: proof.method for proof in stores.identities.list_attestations()}
    if as_json:
        print_json(
            [
                {
                    "agentId": a.id,
                    "hostname": a.host.hostname,
                    "health": a.health(now),
                    "tags": {tag.key: tag.value for tag in a.tags},
                    "method": proved.get(a.id, "join_token"),
                    "lastHeartbeatAt": a.last_heartbeat_at,
                }
                for a in found
            ]
        )
        return
    print_table(
        ("AGENT", "HOST", "PROVED BY", "HEALTH", "LAST HEARTBEAT"),
        [
            (
                a.id,
                a.host.hostname,
                proved.get(a.id, "join_token"),
                state_text(a.health(now)),
                time_text(a.last_heartbeat_at),
            )
            for a in found
        ],
        empty="No agents. Let one enrol: openinspector admin tokens create",
    )


@agents.command("revoke")
@click.argument("agent_id")
@click.pass_obj
def revoke_agent(data_dir: Path | None, *, agent_id: str) -> None:
    """Revoke an agent: its sessions end within seconds, and its key can neither open a session nor enrol."""
    from openinspector.model.agent import AgentId
    from openinspector.service.system_clock import SystemClock

    if not _stores(data_dir).agents.revoke(AgentId(agent_id), SystemClock().now()):
        _refuse(f"no agent {agent_id}")


@agents.command("release")
@click.argument("agent_id")
@click.pass_obj
def release_agent(data_dir: Path | None, *, agent_id: str) -> None:
    """Release an EC2 instance from its host key, so that it can enrol with a new one. Revoked keys stay revoked."""
    from openinspector.model.agent import AgentId

    if not _stores(data_dir).identities.release(AgentId(agent_id)):
        _refuse(f"no EC2 instance {agent_id} has enrolled here")


@agents.command("reattest")
@click.argument("agent_id")
@click.pass_obj
def reattest_agent(data_dir: Path | None, *, agent_id: str) -> None:
    """Require an agent to prove its identity at its next heartbeat. Without a proof it gets no new session."""
    from openinspector.model.agent import AgentId
    from openinspector.service.system_clock import SystemClock

    if not _stores(data_dir).identities.ask_reattestation(AgentId(agent_id), SystemClock().now()):
        _refuse(f"no agent {agent_id}")


@agents.command("tag")
@click.argument("agent_id")
@click.option(
    "--tag", "tags", multiple=True, metavar="KEY[=VALUE]", help="New tag; repeatable. Without it, all tags are removed."
)
@click.pass_obj
def tag_agent(data_dir: Path | None, *, agent_id: str, tags: tuple[str, ...]) -> None:
    """Replace an agent's tags."""
    from openinspector.model.agent import AgentId
    from openinspector.model.asset import Tag

    new = tuple(Tag(**parsed_tag(tag)) for tag in tags)
    if not _stores(data_dir).identities.set_tags(AgentId(agent_id), new):
        _refuse(f"no agent {agent_id}")


@admin.group()
def nodes() -> None:
    """Show the nodes of this installation: the processes that serve its database."""


@nodes.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_nodes(data_dir: Path | None, *, as_json: bool) -> None:
    """List the nodes. A node whose lease has ended is removed within seconds, and the others take over its work."""
    found = _stores(data_dir).nodes.nodes()
    if as_json:
        print_json(
            [
                {
                    "id": node.id,
                    "address": node.address,
                    "version": node.version,
                    "roles": node.roles,
                    "startedAt": node.started_at,
                    "leaseUntil": node.until,
                }
                for node in found
            ]
        )
        return
    print_table(
        ("NODE", "ADDRESS", "VERSION", "ROLES", "STARTED", "LEASE UNTIL"),
        [(n.id, n.address, n.version, ",".join(n.roles), time_text(n.started_at), time_text(n.until)) for n in found],
        empty="No node serves this installation.",
    )


def _stores(data_dir: Path | None) -> "Stores":
    from openinspector.service.store_access import open_stores

    return open_stores(settings_from(data_dir))


def _tag_text(tag: "Tag") -> str:
    return tag.key if tag.value is None else f"{tag.key}={tag.value}"


def _refuse(message: str) -> NoReturn:
    click.echo(f"openinspector: {message}", err=True)
    sys.exit(REFUSED)
