"""`openinspector account`: the AWS accounts whose instances and networks are assessed.

Exit statuses: 0 everything was read; 1 nothing was read, or a part could not be; 2 wrong usage.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from openinspector.cli.presentation import print_json, print_table
from openinspector.cli.serve import settings_from

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openinspector.model.asset import Tag
    from openinspector.network.snapshot import ReadGap
    from openinspector.service.ports.cloud import CloudAccounts, SnapshotProgress

_PART_MISSING: Final = 1
_role = click.option("--role", metavar="ARN", default="", help="Role to read the installation's own account with.")
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def account() -> None:
    """Read the AWS accounts that the settings OPENINSPECTOR_CLOUD… name; nothing is ever changed in them."""


@account.command("policy")
@click.option("--extra-reads", is_flag=True, help="Also allow what OPENINSPECTOR_REACH_EXTRA_READS=yes reads.")
@click.option("--trust", metavar="ARN", help="Print the trust policy instead, for the service's principal ARN.")
@click.option("--external-id", metavar="ID", help="External id that the trust policy demands.")
def policy(*, extra_reads: bool, trust: str | None, external_id: str | None) -> None:
    """Print the least IAM policy for the role in an account: the reads that are made, and nothing else."""
    from openinspector.network.aws.read_call import actions

    if trust is None and external_id is not None:
        raise click.UsageError("--external-id is a part of the trust policy: give --trust too")
    if trust is None:
        statement: dict[str, object] = {"Effect": "Allow", "Action": actions(extra_reads=extra_reads), "Resource": "*"}
    else:
        statement = {"Effect": "Allow", "Principal": {"AWS": trust}, "Action": "sts:AssumeRole"}
        if external_id is not None:
            statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    click.echo(json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2))


@account.command("instances")
@_role
@_as_json
def instances(*, role: str, as_json: bool) -> None:
    """List the instances that targets select from."""
    listing = _cloud(role).instances()
    if as_json:
        rows = [
            {
                "id": one.id,
                "account": one.account,
                "region": one.region,
                "state": one.state,
                "autoScalingGroup": one.auto_scaling_group,
                "tags": {tag.key: tag.value for tag in one.tags},
            }
            for one in listing.instances
        ]
        print_json({"instances": rows, "gaps": [_gap(one) for one in listing.gaps]})
    else:
        print_table(
            ("instance", "account", "region", "state", "name"),
            [(one.id, one.account, one.region, one.state, _name(one.tags)) for one in listing.instances],
            empty="No instance.",
        )
        _print_gaps(listing.gaps)
    sys.exit(_PART_MISSING if listing.gaps else 0)


@account.command("snapshot")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@_role
@click.option("--keep-ids", is_flag=True, help="Keep the ids of accounts and instances.")
@_as_json
def snapshot(folder: Path, *, role: str, keep_ids: bool, as_json: bool) -> None:
    """Write what Network Reachability reads into FOLDER, for `openinspector reach findings` or a bug report.

    Ids of accounts and instances are replaced, each always by the same one. Addresses, names and tags stay: read the
    files before you send them.
    """
    from openinspector.network.pseudonym import pseudonymous
    from openinspector.service.snapshot_folder import write_snapshot

    taken = _cloud(role).snapshot(_report)
    written = taken if keep_ids else pseudonymous(taken)
    write_snapshot(folder, written)
    if as_json:
        print_json(
            {
                "documents": len(written.documents),
                "digest": written.digest,
                "takenAt": written.taken_at,
                "gaps": [_gap(one) for one in written.gaps],
            }
        )
    else:
        click.echo(f"{len(written.documents)} documents in {folder}, SHA-256 {written.digest}")
        _print_gaps(written.gaps)
    sys.exit(_PART_MISSING if written.gaps else 0)


def _cloud(role: str) -> "CloudAccounts":
    from openinspector.service.cloud_access import open_cloud

    settings = settings_from(None)
    if settings.cloud == "none":
        # The command is asked to read an account, whatever the service does.
        settings = replace(settings, cloud="aws")
    cloud = open_cloud(settings, lambda: role)
    if cloud is None:
        raise click.UsageError("set OPENINSPECTOR_CLOUD to aws or files")
    return cloud


def _report(progress: "SnapshotProgress") -> None:
    done = f"{progress.regions_done} of {progress.regions}"
    click.echo(f"Read {progress.region} of {progress.account} ({done}).", err=True)


def _gap(gap: "ReadGap") -> dict[str, str]:
    return {
        "account": gap.account,
        "region": gap.region,
        "operation": gap.operation,
        "subject": gap.subject,
        "reason": gap.reason,
    }


def _print_gaps(gaps: "tuple[ReadGap, ...]") -> None:
    for gap in gaps:
        place = " ".join(filter(None, (gap.account, gap.region, gap.operation, gap.subject)))
        click.echo(f"not read: {place}: {gap.reason}", err=True)


def _name(tags: "Iterable[Tag]") -> str:
    return next((tag.value or "" for tag in tags if tag.key == "Name"), "")
