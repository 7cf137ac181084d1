import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.agent.windows.hotfix_list import HotfixListError, ListedHotfix, parse_hotfix_list

WMIC_CSV = (
    "\r\r\nNode,Caption,CSName,Description,FixComments,HotFixID,InstallDate,InstalledBy,InstalledOn,Name,Status\r\r\n"
    "WIN,https://example.org/?kbid=5031364,WIN,Update,,KB5031364,,NT AUTHORITY\\SYSTEM,10/31/2023,,\r\r\n"
)
EXPORT_CSV = (
    '#TYPE System.Management.ManagementObject#root\\cimv2\\Win32_QuickFixEngineering\r\n"PSComputerName","InstalledOn",'
    '"HotFixID"\r\n"WIN","10/31/2023 12:00:00 AM","KB5031364"\r\n'
)
TABLE = (
    "Source        Description      HotFixID      InstalledBy          InstalledOn\r\n"
    "------        -----------      --------      -----------          -----------\r\n"
    "WIN           Security Update  KB5031364     NT AUTHORITY\\SYSTEM  10/31/2023 12:00:00 AM\r\n"
)
WMIC_TABLE = (
    "Description      FixComments  HotFixID   InstallDate  InstalledBy          InstalledOn  Name\r\r\n"
    "Security Update               KB5031364               NT AUTHORITY\\SYSTEM  10/31/2023       \r\r\n"
)
JSON_5 = json.dumps(
    {
        "HotFixID": "KB5031364",
        "InstalledOn": {"value": "/Date(1698710400000)/", "DateTime": "Tuesday, October 31, 2023 12:00:00 AM"},
    }
)
JSON_7 = json.dumps([{"HotFixID": "kb5031364", "InstalledOn": "2023-10-31T00:00:00"}])
FORMS = [WMIC_CSV, EXPORT_CSV, TABLE, WMIC_TABLE, JSON_5, JSON_7]
IDS = ["wmic csv", "Export-Csv", "Get-HotFix", "wmic", "JSON of 5.1", "JSON of 7"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("text", FORMS, ids=IDS)
def test_each_form(text: str, encoding: str) -> None:
    found = parse_hotfix_list(text.encode(encoding))
    assert found == ((ListedHotfix(kb="KB5031364", installed_on="2023-10-31"),), 0)


@pytest.mark.parametrize(
    ("reported", "date"),
    [
        ("31/10/2023", "2023-10-31"),
        ("10/31/2023", "2023-10-31"),
        ("5/5/2023", "2023-05-05"),
        ("10/11/2023", "10/11/2023"),
        ("2023-10-31", "2023-10-31"),
        ("31.10.2023", "31.10.2023"),
        ("01d9fbdd4d1b2c00", "01d9fbdd4d1b2c00"),
        ("/Date(999999999999999)/", ""),
        ("x" * 100, "x" * 40),
        ("", ""),
    ],
)
def test_ambiguous_dates_are_omitted(reported: str, date: str) -> None:
    found, _ = parse_hotfix_list(f"HotFixID,InstalledOn\nKB123456,{reported}\n".encode())
    assert [hotfix.installed_on for hotfix in found] == [date]


def test_entries_without_an_article_are_counted() -> None:
    assert parse_hotfix_list(b"Node,HotFixID\nWIN,File 1\nWIN,KB123456\nWIN\n") == (
        (ListedHotfix(kb="KB123456", installed_on=""),),
        2,
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no column"),
        (b"Node,Name\n", "no column"),
        (b"[", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "not a list of objects"),
        (b'HotFixID,x\n"open', "not CSV"),
        (b"\xff\xfea", "not text"),
        (bytes(5 * 1024 * 1024), "larger than"),
    ],
)
def test_other_data_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(HotfixListError, match=message):
        parse_hotfix_list(data)


@settings(deadline=None)
@given(st.sampled_from(FORMS), st.binary(max_size=40), st.integers(0, 400))
def test_damage_is_an_error_or_another_list(text: str, damage: bytes, start: int) -> None:
    whole = text.encode()
    with suppress(HotfixListError):
        parse_hotfix_list(whole[:start] + damage + whole[start + len(damage) :])
