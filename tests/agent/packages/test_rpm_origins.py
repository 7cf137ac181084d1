import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.packages.rpm_origins import (
    DNF4,
    DNF5,
    YUMDB,
    ZYPP,
    origin_of,
    parse_dnf4,
    parse_dnf5,
    read_origins,
)
from openinspector.testing.fake_host import FakeHost

SCHEMA = """
CREATE TABLE repo (id INTEGER PRIMARY KEY, repoid TEXT);
CREATE TABLE rpm (item_id INTEGER, name TEXT, epoch INTEGER, version TEXT, release TEXT, arch TEXT);
CREATE TABLE trans_item (id INTEGER PRIMARY KEY, item_id INTEGER, repo_id INTEGER);
INSERT INTO repo VALUES (1, 'anaconda'), (2, 'baseos'), (3, 'epel');
INSERT INTO rpm VALUES (1, 'bash', 0, '5.1.8', '9.el9', 'x86_64'), (2, 'bind-libs', 32, '9.16', '1.el9', 'x86_64'),
  (3, 'htop', 0, '3.3', '1.el9', 'x86_64');
INSERT INTO trans_item VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 1, 2);
"""
TOML = """version = "1.0"
[nevras]
"acl-0:2.3.2-2.fc41.x86_64" = {from_repo = "fedora"}
"broken" = {from_repo = "x"}
"bash-5.2-1.fc41.x86_64" = 1
"""
HISTORY = """# 2026-01-01 zypper installed
2026-01-01 10:00:00|install|bash|4.4-150400.27.1|x86_64||SLE-Module-Basesystem15-SP5-Updates|abc|
2026-01-01 10:00:00|remove |ed|1.0-1|x86_64|root@host|
2026-01-01 10:00:00|radd|repo|https://x|
"""


def database(schema: str = SCHEMA) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema)
        return connection.serialize()


def test_newest_dnf_transaction_wins() -> None:
    assert read_origins(FakeHost({DNF4: database()})) == {
        ("bash", "5.1.8-9.el9", "x86_64"): "baseos",
        ("bind-libs", "32:9.16-1.el9", "x86_64"): "baseos",
        ("htop", "3.3-1.el9", "x86_64"): "epel",
    }


def test_dnf_5_and_zypper() -> None:
    assert read_origins(FakeHost({DNF5: TOML, ZYPP: HISTORY})) == {
        ("acl", "2.3.2-2.fc41", "x86_64"): "fedora",
        ("bash", "4.4-150400.27.1", "x86_64"): "SLE-Module-Basesystem15-SP5-Updates",
    }


def test_a_view_in_place_of_a_table_is_refused() -> None:
    hostile = SCHEMA.replace("CREATE TABLE repo (id INTEGER PRIMARY KEY, repoid TEXT);", "").replace(
        "INSERT INTO repo VALUES (1, 'anaconda'), (2, 'baseos'), (3, 'epel');",
        "CREATE VIEW repo AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) "
        "SELECT id, 'x' AS repoid FROM n;",
    )
    with pytest.raises(ValueError, match="no history"):
        list(parse_dnf4(database(hostile)))


@pytest.mark.parametrize("path", [DNF4, DNF5, ZYPP])
def test_unreadable_history_is_treated_as_absent(path: str) -> None:
    assert read_origins(FakeHost({})) == {}
    for content in (b"", b"\xff\x00", database()[:2000], b"nevras = 1", b"|||||||||"):
        assert read_origins(FakeHost({path: content})) == {}


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    read_origins(FakeHost({DNF4: content, DNF5: content, ZYPP: content}))
    with pytest.raises((ValueError, sqlite3.Error)):
        list(parse_dnf4(content))
    try:
        list(parse_dnf5(content))
    except ValueError:
        return


def test_yum_3_notes_a_repository_in_a_folder_a_package_without_the_epoch() -> None:
    digest = "c" * 40
    files = {
        f"{YUMDB}/b/{digest}-bind-libs-9.11.4-26.P2.amzn2-x86_64/from_repo": "amzn2-core",
        f"{YUMDB}/n/{digest}-nginx-1.22.1-1.amzn2.0.1-x86_64/from_repo": "amzn2extra-nginx1\n",
        f"{YUMDB}/n/{digest}-nano-2.9-1-x86_64/reason": "user",
        f"{YUMDB}/x/not-a-package": "x",
    }
    origins = read_origins(FakeHost(files))
    assert origin_of(("nginx", "1:1.22.1-1.amzn2.0.1", "x86_64"), origins) == "amzn2extra-nginx1"
    assert origin_of(("bind-libs", "32:9.11.4-26.P2.amzn2", "x86_64"), origins) == "amzn2-core"
    assert origin_of(("nano", "2.9-1", "x86_64"), origins) == ""
