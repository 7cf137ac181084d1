import shutil
from functools import cache
from pathlib import Path

import pytest

from openinspector.service.worker.release_signature import SignatureError, open_release
from openinspector.testing.openpgp_signer import OpenPgpSigner

TEXT = "Origin: Debian\nCodename: bookworm-security\nSHA256:\n 00 1 main/Packages\n"
needs_gpgv = pytest.mark.skipif(shutil.which("gpgv") is None, reason="no gpgv on this host")


@cache
def signer() -> OpenPgpSigner:
    return OpenPgpSigner()


@cache
def signed() -> bytes:
    return signer().clearsign(TEXT)


@pytest.fixture
def keyring(tmp_path: Path) -> str:
    path = tmp_path / "archive.gpg"
    path.write_bytes(signer().keyring())
    return str(path)


@needs_gpgv
def test_valid_signature(keyring: str) -> None:
    release = open_release(signed(), (keyring,))
    assert (release.text, release.verified, release.note) == (TEXT, True, "signature verified")


@needs_gpgv
def test_armoured_keys_from_a_file_or_inline(tmp_path: Path) -> None:
    path = tmp_path / "archive.asc"
    path.write_text(signer().armoured_key())
    assert open_release(signed(), (str(path),)).verified
    assert open_release(signed(), (signer().armoured_key(),)).verified


@needs_gpgv
def test_unsigned_text_is_ignored(keyring: str) -> None:
    around = b"Codename: evil\n" + signed() + b"\nCodename: evil\n"
    try:
        release = open_release(around, (keyring,))
    except SignatureError:
        return
    assert release.text == TEXT


@needs_gpgv
@pytest.mark.parametrize(
    "content",
    [signed().replace(b"bookworm", b"bookwurm"), TEXT.encode(), b"", OpenPgpSigner().clearsign(TEXT)],
    ids=["altered", "unsigned", "empty", "another key"],
)
def test_invalid_signature_is_refused(keyring: str, content: bytes) -> None:
    with pytest.raises(SignatureError, match="no signature trusted here"):
        open_release(content, (keyring,))


@needs_gpgv
def test_a_keyring_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match="is missing"):
        open_release(signed(), (str(tmp_path / "absent.gpg"),))


@needs_gpgv
@pytest.mark.parametrize("key", ["\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!\n-----END", "\nnothing"])
def test_invalid_keys_are_refused(key: str) -> None:
    with pytest.raises(SignatureError):
        open_release(signed(), (key,))


def test_missing_gpgv_is_noted(keyring: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    release = open_release(signed(), (keyring,))
    assert (release.text.strip(), release.verified) == (TEXT.strip(), False)
    assert "no gpgv" in release.note


def test_a_gpgv_that_does_not_run_is_an_error(keyring: str, tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match="did not run"):
        open_release(signed(), (keyring,), gpgv=str(tmp_path / "absent"))
