"""Contents that must never be committed: registries' host names, this machine's paths, TLS verification turned off."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BANNED = {
    "a package registry's host name": re.compile(
        rb"(files\.python" rb"hosted\.org|py" rb"pi\.org/simple|deb\." rb"debian\.org|registry\.npm" rb"js\.org)"
    ),
    "TLS verification turned off": re.compile(
        rb"(verify\s*=\s*Fal" rb"se|CERT_" rb"NONE|_create_unverified" rb"_context)"
    ),
    "pickle": re.compile(rb"^\s*(import|from) pick" rb"le", re.MULTILINE),
    "a shell built from data": re.compile(rb"shell\s*=\s*Tr" rb"ue|os\.sys" rb"tem\("),
    "a private key": re.compile(rb"BEGIN (RSA |EC |OPENSSH )?PRIVATE" rb" KEY-----\n[A-Za-z0-9+/]"),
}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_no_banned_content_is_committed() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {what}"
        for path in tracked()
        if path.is_file()
        for what, pattern in BANNED.items()
        if pattern.search(path.read_bytes())
    ]
    assert not found
