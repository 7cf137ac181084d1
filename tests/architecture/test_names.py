"""Folders and files carry the field's words; the ones that say nothing are not used."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "base", "misc", "lib"}


def test_no_meaningless_file_names() -> None:
    names = {path.stem.strip("_") for folder in ("src", "tests") for path in (ROOT / folder).rglob("*")}
    assert not names & SAYS_NOTHING
