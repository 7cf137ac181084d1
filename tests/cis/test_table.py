import pytest

from openinspector.cis.catalogue import FAMILIES, UnknownCheckError, checks
from openinspector.cis.named_checks import NAMED
from openinspector.cis.table import Row, TableError, controls
from openinspector.cis.tables import (
    almalinux_9,
    amazon_linux_2023,
    classic,
    debian_12,
    debian_13,
    rhel_8,
    rhel_9,
    rhel_10,
    sles_12,
    sles_15,
    ubuntu_22_04,
    ubuntu_24_04,
    windows,
)


@pytest.mark.parametrize(
    "rows",
    [
        [("1.1", "1")],
        [("1.1", "3", "absent:telnet")],
        [("1.1", "", "absent:telnet")],
        [("1.1", "1", "absent:telnet"), ("1.1", "1", "absent:rsh")],
    ],
)
def test_rejects_invalid_rows(rows: list[Row]) -> None:
    with pytest.raises(TableError):
        controls(rows)


@pytest.mark.parametrize("name", ["nothing", "nothing:x", "ufw?nothing", ""])
def test_unknown_family_names_are_refused(name: str) -> None:
    with pytest.raises(UnknownCheckError):
        checks(name)


def test_every_check_of_the_catalogue_is_used_by_some_table() -> None:
    modules = (almalinux_9, amazon_linux_2023, debian_12, debian_13, rhel_8, rhel_9, rhel_10, sles_12, sles_15)
    tables = [module.ROWS for module in (*modules, ubuntu_22_04, ubuntu_24_04)]
    rows = [row for table in (*tables, classic.RED_HAT, classic.UBUNTU, windows.SERVER_2016) for row in table]
    names = {name.rpartition("?")[2] for row in rows for name in row[2:]}
    assert {name for name in NAMED if name not in names} == set()
    assert {family for family in FAMILIES if not any(name.startswith(f"{family}:") for name in names)} == set()
