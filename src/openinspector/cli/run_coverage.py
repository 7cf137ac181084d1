"""Coverage of a run as people read it: a table of packages, and the numbers in three lines."""

from collections.abc import Mapping, Sequence
from typing import Any

from openinspector.cli.presentation import print_table
from openinspector.model.foreign_text import printable_line

_WORDS = {"AFFECTED": "affected", "NOT_AFFECTED": "not affected", "NOT_ASSESSED": "not assessed"}


def print_coverage(packages: Sequence[Mapping[str, Any]]) -> None:
    """Print one line per package."""
    print_table(
        ("HOST", "PACKAGE", "VERSION", "CONCLUSION", "BECAUSE"),
        [
            (row["agentId"], row["name"], row["version"], _WORDS[row["verdict"]], printable_line(_because(row)))
            for row in packages
        ],
        empty="No packages. The run has no rules package that judges packages, or no host was assessed.",
    )


def coverage_lines(counts: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return three lines: packages by conclusion, reasons of those not assessed (may be empty), and scores."""
    gaps = counts["notAssessed"]
    unassessed = sum(int(gap["packages"]) for gap in gaps)
    total = counts["affected"] + counts["notAffected"] + unassessed
    packages = (
        f"{total} packages on {counts['hosts']} host{'s' * (counts['hosts'] != 1)}: {counts['affected']} affected, "
        f"{counts['notAffected']} not affected, {unassessed} not assessed."
    )
    ordered = sorted(gaps, key=lambda gap: (-gap["packages"], gap["reason"]))
    reasons = "; ".join(f"{gap['packages']}: {gap['message']}" for gap in ordered)
    dates = ", ".join(f"{source['feed']} of {source['date'][:10]}" for source in counts["scoreSources"])
    scored = f"{counts['scoredFindings']} vulnerability findings have a CVSS score, {counts['unscoredFindings']} do not"
    return (
        packages,
        f"Not assessed: {reasons}." if reasons else "",
        f"{scored}; scores of {dates}." if dates else f"{scored}; no scores were loaded.",
    )


def _because(row: Mapping[str, Any]) -> str:
    if "message" in row:
        return str(row["message"])
    statement = f"{row.get('advisory', '')} ({row.get('stream', '')})"
    fixed, compared = row.get("fixedVersion"), row.get("comparedVersion", "")
    if row["verdict"] == "AFFECTED":
        many = f"{row['vulnerabilities']} vulnerabilities" if row["vulnerabilities"] != 1 else "1 vulnerability"
        return f"{many}, such as {statement}: {f'fixed in {fixed}' if fixed else 'no fix yet'}"
    return f"{statement}: fixed in {fixed}, has {compared}" if fixed else f"{statement}: {row.get('statement', '')}"
