"""OpenPGP signatures of archives and feeds, verified by gpgv: of an InRelease, and beside a document.

Only gpgv's output is used: text around the signed part of the file is ignored.
"""

import base64
import binascii
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openinspector.model.errors import FeedError

KEYRINGS: Final = (Path("/usr/share/keyrings/debian-archive-keyring.gpg"), Path("/etc/apt/trusted.gpg"))
TRUSTED_FOLDER: Final = Path("/etc/apt/trusted.gpg.d")
_ARMOUR: Final = re.compile(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[^\n]*:[^\n]*\n)*\s*([A-Za-z0-9+/=\s]+?)(?:\n=[A-Za-z0-9+/]{4}\s*)?"
    r"-----END"
)
_CLEARSIGNED: Final = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----\r?\n(?:Hash: [^\n]*\n)*\r?\n(.*?)\r?\n-----BEGIN PGP SIGNATURE-----", re.DOTALL
)
_STATUS: Final = re.compile(r"^\[GNUPG:\] ([A-Z_]+)", re.MULTILINE)
_BAD: Final = frozenset(("BADSIG", "REVKEYSIG", "NODATA"))
_SECONDS: Final = 20


class SignatureError(FeedError):
    """An InRelease whose signature is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseText:
    """The text of an InRelease."""

    text: str
    verified: bool
    note: str
    """How it was verified, or why not."""


def open_release(in_release: bytes, signed_by: Sequence[str] = (), *, gpgv: str | None = None) -> ReleaseText:
    """Return the signed text of an InRelease; SignatureError if a signature was checked and is invalid.

    ``signed_by`` are keyring paths or armoured keys as apt's Signed-By has them; empty: the keyrings apt trusts.
    """
    tool = gpgv or shutil.which("gpgv")
    with tempfile.TemporaryDirectory(prefix="openinspector-") as folder:
        keyrings = tuple(_keyrings(signed_by, Path(folder)))
        if tool is None or not keyrings:
            missing = "no gpgv on this host" if tool is None else "no archive keyring on this host"
            return ReleaseText(text=_unverified(in_release), verified=False, note=f"signature not verified: {missing}")
        text = _verify(tool, in_release, keyrings, Path(folder))
    return ReleaseText(text=text, verified=True, note="signature verified")


def verify_beside(content: Path, signature: Path, keyrings: Sequence[Path], *, gpgv: str | None = None) -> None:
    """Verify the signature beside a document. SignatureError: it is not by a key of these keyrings, or gpgv is absent.

    A keyring that ends with ``.asc`` may be armoured.
    """
    tool = gpgv or shutil.which("gpgv")
    if tool is None:
        raise SignatureError(
            "a signature cannot be verified: no gpgv on this host",
            advice="Install gpgv, or remove the keyring to do without verification.",
        )
    with tempfile.TemporaryDirectory(prefix="openinspector-") as folder:
        rings = tuple(_keyrings([str(keyring) for keyring in keyrings], Path(folder)))
        statuses, reason = _statuses(tool, rings, [str(signature), str(content)])
    if not _is_good(statuses):
        raise SignatureError(
            f"a document has no signature trusted here: {reason}",
            advice="Check the source; put the publisher's newest key in the keyring.",
        )


def _verify(gpgv: str, in_release: bytes, keyrings: Sequence[Path], folder: Path) -> str:
    signed, output = folder / "InRelease", folder / "Release"
    signed.write_bytes(in_release)
    statuses, reason = _statuses(gpgv, keyrings, ["--output", str(output), str(signed)])
    if not _is_good(statuses) or not output.is_file():
        raise SignatureError(
            f"the archive's InRelease has no signature trusted here: {reason}",
            advice="Check the mirror; install the newest debian-archive-keyring.",
        )
    return output.read_bytes().decode("utf-8", "replace")


def _is_good(statuses: AbstractSet[str]) -> bool:
    # one good signature is enough: an archive signs with several keys, and older keyrings lack the newest
    return "GOODSIG" in statuses and "VALIDSIG" in statuses and not statuses & _BAD


def _statuses(gpgv: str, keyrings: Sequence[Path], arguments: Sequence[str]) -> tuple[AbstractSet[str], str]:
    """Return the words of gpgv's status, and the last line of its complaint."""
    rings = [argument for keyring in keyrings for argument in ("--keyring", str(keyring))]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program and arguments, no shell
            [gpgv, "--status-fd", "1", *rings, *arguments],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SignatureError(f"gpgv did not run: {error}", advice="Repair gpgv, or remove it.") from error
    reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return set(_STATUS.findall(done.stdout.decode("ascii", "replace"))), reason[-1] if reason else "gpgv refused it"


def _unverified(in_release: bytes) -> str:
    text = in_release.decode("utf-8", "replace")
    signed = _CLEARSIGNED.search(text)
    return signed[1] if signed else text


def _keyrings(signed_by: Sequence[str], folder: Path) -> Iterator[Path]:
    """Yield binary keyrings; armoured ones are converted in ``folder``, because gpgv reads only binary ones.

    A keyring that the apt sources name must exist: without it the archive cannot be trusted.
    """
    named = [entry for entry in signed_by if entry.startswith("/") or "\n" in entry]
    for number, entry in enumerate(named or map(str, _trusted())):
        path = Path(entry)
        if "\n" in entry:
            yield _binary(entry.encode(), folder / f"{number}.gpg")
        elif path.is_file():
            yield _binary(path.read_bytes(), folder / f"{number}.gpg") if path.suffix == ".asc" else path
        elif named:
            raise SignatureError(
                f"the keyring {path}, named for this source, is missing",
                advice="Put it there; for Debian's archive, install debian-archive-keyring.",
            )


def _trusted() -> list[Path]:
    return [*KEYRINGS, *sorted(TRUSTED_FOLDER.glob("*.gpg")), *sorted(TRUSTED_FOLDER.glob("*.asc"))]


def _binary(armoured: bytes, path: Path) -> Path:
    blocks = _ARMOUR.findall(armoured.decode("ascii", "replace"))
    try:
        path.write_bytes(b"".join(base64.b64decode("".join(block.split())) for block in blocks))
    except binascii.Error:
        path.write_bytes(b"")
    return path
