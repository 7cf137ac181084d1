"""The glossary's "don't say" column holds where it is clear-cut: in names of modules, public classes and functions."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "openinspector"

CLEAR_CUT = {
    "scan": "assessment run",
    "host group": "assessment target",
    "ruleset": "rules package",
    "detector": "rule",
    "alert": "finding",
    "vuln": "finding",
    "criticality": "severity",
    "certainty": "confidence",
    "suppression": "exclusion",
    "dry run": "exclusions preview",
    "daemon": "agent",
    "ping": "heartbeat",
    "probe": "sensor",
    "updater": "feed",
    "importer": "feed",
    "comparator": "version scheme",
    "repository": "store",
    "DAO": "store",
}
"""Unwanted words and their replacements. Words with a second meaning ("check", "job", "client") are left to review."""

THE_SCAN = "cli/scan.py"
"""The one place that may say scan: its command assesses a folder, outside any assessment run."""


def words(name: str) -> list[str]:
    """Return the words of a snake-case or camel-case name, in lower case."""
    return [word.lower() for part in name.split("_") for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", part)]


def says(name: str, unwanted: str) -> bool:
    held, sought = words(name), unwanted.lower().split()
    return any(held[start : start + len(sought)] == sought for start in range(len(held)))


def names() -> Iterator[tuple[str, str]]:
    for path in SOURCE.rglob("*.py"):
        where = str(path.relative_to(SOURCE))
        yield where, path.stem
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
                yield where, node.name


def glossary() -> dict[str, str]:
    """Return the refused words and their replacements."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "glossary.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    return {word.strip(): row[0] for row in rows[1:] for word in row[3].split(",") if word.strip()}


def test_names_follow_the_glossary() -> None:
    found = [
        f"{where}: {name} (say {wanted}, not {unwanted})"
        for where, name in names()
        for unwanted, wanted in CLEAR_CUT.items()
        if says(name, unwanted) and (where, unwanted) != (THE_SCAN, "scan")
    ]
    assert found == []


def test_checked_words_are_in_the_glossary() -> None:
    unwanted = glossary()
    assert {word: message for word, message in CLEAR_CUT.items() if word not in unwanted} == {}
    for word, wanted in CLEAR_CUT.items():
        assert wanted in unwanted[word], word


def test_detects_violations() -> None:
    assert words("HTTPScanResult_of") == ["http", "scan", "result", "of"]
    assert says("scan_hosts", "scan")
    assert says("DryRun", "dry run")
    assert not says("scanned", "scan")
