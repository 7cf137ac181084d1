"""`openinspector release`: signing with offline keys, and publishing (docs/howto/release-and-update.md)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openinspector.cli.presentation import print_json, print_table, time_text

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, SSlibKey

    from openinspector.release.folder import ReleaseFolder
    from openinspector.release.metadata_file import SignatureStatus

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DIGEST_LENGTH = 64
_ROLES = ("root", "targets", "snapshot", "timestamp")

_folder_argument = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
_passphrase_option = click.option(
    "--passphrase-file", type=_FILE, help="Read the passphrase from the file's first line instead of a prompt."
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def release() -> None:
    """Sign and publish releases of the agent. Private keys stay in their files; key holders pass on FOLDER."""


@release.group("key")
def key_group() -> None:
    """Manage signing keys: Ed25519, in files encrypted with a passphrase."""


@key_group.command("create")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_passphrase_option
@_json_option
def make_key(file: Path, *, passphrase_file: Path | None, as_json: bool) -> None:
    """Create an Ed25519 key in FILE, encrypted with a passphrase, and its public key in FILE.pub."""
    import os

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from openinspector.release.error import ReleaseError
    from openinspector.release.key_file import parse_public_key, render_key

    passphrase = _passphrase(passphrase_file, f"Passphrase of the new key {file.name}", confirm=True)
    private, public = render_key(Ed25519PrivateKey.generate(), passphrase)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as opened:
            opened.write(private)
        public_file = file.with_name(f"{file.name}.pub")
        public_file.write_bytes(public)
    except OSError as error:
        raise ReleaseError(f"{file} cannot be made: {error.strerror}", advice="A key is never overwritten.") from error
    keyid = parse_public_key(public).keyid
    if as_json:
        print_json({"keyId": keyid, "privateKey": str(file), "publicKey": str(public_file)})
        return
    click.echo(f"{keyid}\nPrivate key, to be kept offline:\n  {file}\nPublic key:\n  {public_file}")


@release.command("init")
@_folder_argument
@click.option("--root-key", "root_keys", type=_FILE, multiple=True, required=True, help="Public key; give five.")
@click.option("--targets-key", "targets_keys", type=_FILE, multiple=True, required=True, help="Public key; give three.")
@click.option("--snapshot-key", type=_FILE, required=True, help="Public key of the online role.")
@click.option("--timestamp-key", type=_FILE, required=True, help="Public key of the online role.")
@click.option("--root-threshold", type=click.IntRange(1, 100), default=3, show_default=True, metavar="N")
@click.option("--targets-threshold", type=click.IntRange(1, 100), default=2, show_default=True, metavar="N")
@click.option("--root-days", type=click.IntRange(1, 3650), default=365, show_default=True, metavar="N")
@click.option("--targets-days", type=click.IntRange(1, 3650), default=90, show_default=True, metavar="N")
@_json_option
def init(folder: Path, **options: Any) -> None:
    """Draft the first root and an empty list of releases in FOLDER. Sign both next."""
    from openinspector.release import ceremony
    from openinspector.release.error import ReleaseError
    from openinspector.release.folder import ReleaseFolder

    if folder.is_dir() and any(folder.iterdir()):
        raise ReleaseError(f"{folder} is not empty", advice="A first root is drafted in a new folder.")
    roles = {
        "root": ceremony.RoleKeys(keys=_public_keys(options["root_keys"]), threshold=options["root_threshold"]),
        "targets": ceremony.RoleKeys(
            keys=_public_keys(options["targets_keys"]), threshold=options["targets_threshold"]
        ),
        "snapshot": ceremony.RoleKeys(keys=_public_keys([options["snapshot_key"]])),
        "timestamp": ceremony.RoleKeys(keys=_public_keys([options["timestamp_key"]])),
    }
    drafts = ReleaseFolder(folder)
    drafts.save(ceremony.first_root(roles, _in_days(options["root_days"])))
    drafts.save(ceremony.first_targets(_in_days(options["targets_days"])))
    _show(drafts, as_json=options["as_json"])


@release.command("rotate-root")
@_folder_argument
@click.option("--add", "added", type=(click.Choice(_ROLES), _FILE), multiple=True, metavar="ROLE PUBLIC_KEY")
@click.option("--remove", "removed", type=(click.Choice(_ROLES), str), multiple=True, metavar="ROLE KEY_ID")
@click.option("--threshold", "thresholds", type=(click.Choice(_ROLES), int), multiple=True, metavar="ROLE N")
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, metavar="N")
@_json_option
def rotate_root(folder: Path, **options: Any) -> None:
    """Draft the next root: keys added and removed, thresholds, a new expiry. Old and new root keys must sign it."""
    from openinspector.release.ceremony import RootChange, next_root
    from openinspector.release.error import ReleaseError
    from openinspector.release.folder import ReleaseFolder

    drafts = ReleaseFolder(folder)
    current = drafts.roots()[-1]
    if not drafts.signature_statuses()[current.signed.version - 1].complete:
        raise ReleaseError(f"root {current.signed.version} still lacks signatures", advice="Have it signed first.")
    added: dict[str, list[SSlibKey]] = {}
    for role, path in options["added"]:
        added.setdefault(role, []).extend(_public_keys([path]))
    removed: dict[str, list[str]] = {}
    for role, keyid in options["removed"]:
        removed.setdefault(role, []).append(keyid)
    change = RootChange(add=added, remove=removed, thresholds=dict(options["thresholds"]))
    drafts.save(next_root(current, change, _in_days(options["days"])))
    _show(drafts, as_json=options["as_json"])


@release.command("add")
@_folder_argument
@click.argument("bundle", type=_FILE)
@click.option(
    "--min-release", type=click.IntRange(1), required=True, metavar="N", help="Lowest release that an agent may run."
)
@click.option("--days", type=click.IntRange(1, 3650), default=90, show_default=True, metavar="N")
@_json_option
def add(folder: Path, bundle: Path, *, min_release: int, days: int, as_json: bool) -> None:
    """Add BUNDLE to the list of releases. Holders of targets keys must sign the new list."""
    import msgspec

    from openinspector.release.bundle import read_release
    from openinspector.release.ceremony import with_release
    from openinspector.release.folder import ReleaseFolder
    from openinspector.wire.release import SignedRelease, target_name

    content = bundle.read_bytes()
    found = read_release(content)
    listed = SignedRelease(min_release=min_release, **msgspec.structs.asdict(found))
    drafts = ReleaseFolder(folder)
    changed = with_release(drafts.targets(), listed, content, _in_days(days))
    drafts.save_bundle(target_name(found.version, found.platform), content)
    drafts.save(changed)
    _show(drafts, as_json=as_json)


@release.command("sign")
@click.argument("file", type=_FILE)
@click.option("--key", type=_FILE, required=True, help="Encrypted private key.")
@_passphrase_option
@click.option("--yes", is_flag=True, help="Sign without asking.")
@_json_option
def sign_draft(file: Path, *, key: Path, passphrase_file: Path | None, yes: bool, as_json: bool) -> None:
    """Add one signature to FILE, a draft in its folder. Shows the content first."""
    from openinspector.release.folder import ReleaseFolder
    from openinspector.release.metadata_file import parse_any, sign

    drafts = ReleaseFolder(file.absolute().parent)
    metadata = parse_any(file.read_bytes())
    click.echo("\n".join(_description(metadata.signed)), err=as_json)
    if not yes:
        click.confirm("Sign this?", abort=True, err=as_json)
    trusted, previous = drafts.trust_of(metadata)
    sign(metadata, _signer(key, passphrase_file), trusted, previous)
    drafts.save(metadata)
    _show(drafts, as_json=as_json)


@release.command("publish")
@_folder_argument
@click.argument("destination")
@click.option("--snapshot-key", type=_FILE, required=True, help="Encrypted private key of the online role.")
@click.option("--timestamp-key", type=_FILE, required=True, help="Encrypted private key of the online role.")
@_passphrase_option
@_json_option
def publish(folder: Path, destination: str, **options: Any) -> None:
    """Publish FOLDER to DESTINATION: a folder, or s3://bucket/prefix. Agents see all of it or nothing."""
    from openinspector.release.destination import Destination
    from openinspector.release.folder import ReleaseFolder
    from openinspector.release.metadata_file import render_metadata
    from openinspector.release.publication import plan_publication

    drafts, place = ReleaseFolder(folder), Destination(destination)
    targets = drafts.targets()
    bundles = {name: found for name in targets.signed.targets if (found := drafts.bundle(name)) is not None}
    roots = [render_metadata(root) for root in drafts.roots()]
    plan = plan_publication(place.read(), (roots, render_metadata(targets)), bundles, _online_keys(options), _now())
    place.write(plan)
    _tell_written([upload.name for upload in plan], destination, as_json=options["as_json"])


@release.command("refresh-timestamp")
@click.argument("destination")
@click.option("--snapshot-key", type=_FILE, required=True, help="Encrypted private key of the online role.")
@click.option("--timestamp-key", type=_FILE, required=True, help="Encrypted private key of the online role.")
@click.option("--hours", type=click.IntRange(1, 48), default=48, show_default=True, metavar="N")
@_passphrase_option
@_json_option
def refresh_timestamp(destination: str, **options: Any) -> None:
    """Sign a new snapshot and timestamp at DESTINATION; run it daily, they are valid for at most two days."""
    from openinspector.release.destination import Destination
    from openinspector.release.publication import plan_refresh

    place = Destination(destination)
    plan = plan_refresh(place.read(), _online_keys(options), _now(), timedelta(hours=options["hours"]))
    place.write(plan)
    _tell_written([upload.name for upload in plan], destination, as_json=options["as_json"])


@release.command("status")
@_folder_argument
@_json_option
def status(folder: Path, *, as_json: bool) -> None:
    """Show signatures, missing signatures and expiry dates."""
    from openinspector.release.folder import ReleaseFolder

    _show(ReleaseFolder(folder), as_json=as_json)


def _show(drafts: "ReleaseFolder", *, as_json: bool) -> None:
    signature_statuses = drafts.signature_statuses()
    if as_json:
        print_json([_status_json(one) for one in signature_statuses])
        return
    print_table(
        ("FILE", "SIGNED BY", "MISSING", "EXPIRES", "STATE"),
        [_status_row(one) for one in signature_statuses],
        empty="No drafts.",
    )


def _status_json(one: "SignatureStatus") -> Mapping[str, Any]:
    return {
        "role": one.role,
        "version": one.version,
        "threshold": one.threshold,
        "signed": one.signed,
        "unsigned": one.unsigned,
        "expires": one.expires,
        "complete": one.complete,
        "expired": one.expires <= _now(),
    }


def _status_row(one: "SignatureStatus") -> Sequence[str]:
    signed = f"{len(one.signed)} of {one.threshold}: {', '.join(keyid[:8] for keyid in one.signed)}".rstrip(": ")
    missing = "–" if one.complete else ", ".join(keyid[:8] for keyid in one.unsigned)
    state = "expired" if one.expires <= _now() else "complete" if one.complete else "to be signed"
    return (f"{one.role} {one.version}", signed, missing, time_text(one.expires)[:16], state)


def _description(signed: Any) -> Sequence[str]:
    """Describe the content that a key holder is about to sign."""
    from tuf.api.metadata import Root

    from openinspector.release.ceremony import releases

    lines = [f"{signed.type} {signed.version}, expires {time_text(signed.expires)} UTC"]
    if isinstance(signed, Root):
        for name, role in signed.roles.items():
            lines += [f"  {name}: {role.threshold} of", *(f"    {keyid}" for keyid in sorted(role.keyids))]
        return lines
    for path, found in releases(signed).items():
        lines += [f"  {path}", f"    release {found.release}, at least {found.min_release}, SHA-256:"]
        lines.append(f"    {signed.targets[path].hashes['sha256']}")
    return lines


def _tell_written(names: Sequence[str], destination: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"destination": destination, "written": names})
        return
    for name in names:
        folder, _, file = name.partition("/")
        digest, _, rest = file.partition(".")
        shown = f"{folder}/{digest[:8]}….{rest}" if len(digest) == _DIGEST_LENGTH else name
        click.echo(f"wrote {shown}")


def _online_keys(options: Mapping[str, Any]) -> Any:
    from openinspector.release.publication import OnlineKeys

    return OnlineKeys(
        snapshot=_signer(options["snapshot_key"], options["passphrase_file"]),
        timestamp=_signer(options["timestamp_key"], options["passphrase_file"]),
    )


def _signer(key: Path, passphrase_file: Path | None) -> "CryptoSigner":
    from openinspector.release.key_file import parse_key

    return parse_key(key.read_bytes(), _passphrase(passphrase_file, f"Passphrase of {key.name}"))


def _public_keys(paths: Sequence[Path]) -> tuple["SSlibKey", ...]:
    from openinspector.release.key_file import parse_public_key

    return tuple(parse_public_key(path.read_bytes()) for path in paths)


def _passphrase(file: Path | None, question: str, *, confirm: bool = False) -> bytes:
    """Return a passphrase from a file or a prompt: on the command line every user of the machine could read it."""
    if file is not None:
        return file.read_bytes().split(b"\n", 1)[0]
    return str(click.prompt(question, hide_input=True, confirmation_prompt=confirm, err=True)).encode()


def _in_days(days: int) -> Any:
    return _now().replace(microsecond=0) + timedelta(days=days)


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)
