import sys
from pathlib import Path

import pytest

from openinspector.agent.files.windows_acl import FileAccess, others_may_access, read_access

SYSTEM, ADMINISTRATORS, USERS = "S-1-5-18", "S-1-5-32-544", "S-1-5-32-545"


@pytest.mark.parametrize(
    ("entries", "others"),
    [
        ([(0, SYSTEM), (0, ADMINISTRATORS)], False),
        ([], False),
        ([(0, SYSTEM), (0, USERS)], True),
        ([(9, USERS)], True),
        ([(1, USERS), (0, SYSTEM)], False),
        (None, True),
    ],
    ids=["both trusted", "nobody", "users", "users on a condition", "users denied", "no list"],
)
def test_only_the_system_and_administrators_are_trusted(entries: list[tuple[int, str]] | None, *, others: bool) -> None:
    listed = None if entries is None else tuple(entries)
    assert others_may_access(FileAccess(owner=ADMINISTRATORS, entries=listed)) is others


def test_an_owner_that_is_not_trusted_could_change_the_list() -> None:
    assert others_may_access(FileAccess(owner="S-1-5-21-1-2-3-1001", entries=((0, SYSTEM),)))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has such lists")
def test_requires_windows(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="only Windows"):
        read_access(tmp_path)


@pytest.mark.skipif(sys.platform != "win32", reason="has not run: needs a real Windows")
def test_file_of_everyone_is_accessible_to_others(tmp_path: Path) -> None:
    assert others_may_access(read_access(tmp_path))
