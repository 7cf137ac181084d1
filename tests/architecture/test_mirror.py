"""Tests mirror the tree: a plugin without its test fails here."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "openinspector"
PLUGIN_FOLDERS = (
    "agent/sensors",
    "agent/identities",
    "agent/commands",
    "feeds",
    "versions",
    "rules/security_best_practices",
    "rules/common_vulnerabilities",
    "service/stores",
    "service/attestors",
    "service/api/operations",
)
NOT_ADAPTERS = {"columns", "dialect", "engine", "finding_row", "finding_text", "query", "schema"}
"""Parts that the SQL stores share; their suites cover them."""

PLUGINS = sorted(
    path.relative_to(SOURCE)
    for folder in PLUGIN_FOLDERS
    for path in (SOURCE / folder).glob("[!_]*.py")
    if path.stem not in NOT_ADAPTERS
)


@pytest.mark.parametrize("plugin", PLUGINS, ids=str)
def test_every_plugin_has_a_test(plugin: Path) -> None:
    expected = ROOT / "tests" / plugin.parent / f"test_{plugin.stem}.py"
    assert expected.is_file(), f"{plugin} needs {expected.relative_to(ROOT)}"


def test_there_are_plugins() -> None:
    assert len(PLUGINS) > 20
