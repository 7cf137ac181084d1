"""The report of the demo: findings by severity, the ten most important ones, and the coverage."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from openinspector.cli.client import arns, described
from openinspector.cli.findings import what_matters_first
from openinspector.cli.presentation import attribute, attribute_values, console, facts_table, print_table, severity_text
from openinspector.cli.run_coverage import coverage_lines
from openinspector.cli.run_progress import run_summary

if TYPE_CHECKING:
    from botocore.client import BaseClient

_TOP: Final = 10
_SHOWN_EXCLUSIONS: Final = 5


def print_report(client: "BaseClient", run: Mapping[str, Any], covered: Mapping[str, Any], advisories: str) -> None:
    """Print the summary of a run; ``covered`` is its coverage, and ``advisories`` describes the advisories used."""
    out = console()
    out.print()
    out.print(run_summary(run))
    wanted = list(arns(client, "list_findings", "findingArns", assessmentRunArns=[run["arn"]]))
    found = sorted(described(client, "describe_findings", "findingArns", "findings", wanted), key=what_matters_first)
    groups = _grouped([one for one in found if not attribute(one, "REACHABILITY_TYPE")])[:_TOP]
    out.print(f"\n[bold]The {len(groups)} that matter most[/bold], findings with the same remedy taken together")
    print_table(
        ("SEVERITY", "FINDING", "PACKAGE", "FIXED IN"),
        [(severity_text(g[0]["severity"]), _ids(g), _packages(g[0]), attribute(g[0], "fixed_version")) for g in groups],
        empty="Nothing was found.",
    )
    _print_network(found)
    out.print("\n[bold]Coverage[/bold]")
    fetched = advisories.partition("✓[/green] ")[2] or advisories
    out.print(facts_table([*_coverage(client, run, covered), ("Advisories", fetched)]))


def _print_network(found: Sequence[Mapping[str, Any]]) -> None:
    """Print what can be reached in the sample account: one line a port that is open to a kind of source."""
    ports = [one for one in found if attribute(one, "REACHABILITY_TYPE") and attribute(one, "PORT")]
    out = console()
    out.print("\n[bold]Network Reachability[/bold] of the sample account, without an agent on its instances")
    print_table(
        ("SEVERITY", "INSTANCE", "PORT", "FROM", "RULE"),
        [
            (
                severity_text(one["severity"]),
                _instance_name(one),
                f"{attribute(one, 'PORT')}/{attribute(one, 'PROTOCOL')} {attribute(one, 'PORT_GROUP_NAME')}",
                attribute(one, "REACHABILITY_TYPE"),
                attribute(one, "SECURITY_GROUP"),
            )
            for one in ports
        ],
        empty="Nothing is reachable.",
    )


def _instance_name(finding: Mapping[str, Any]) -> str:
    tags = finding["assetAttributes"].get("tags", ())
    return str(next((tag["value"] for tag in tags if tag["key"] == "Name"), finding["assetAttributes"]["agentId"]))


def _grouped(findings: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Return findings of one severity, grouped by package and fix, in the order of the first of each group."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for finding in findings:
        package, fix = attribute(finding, "package_name"), attribute(finding, "fixed_version")
        key = (finding["severity"], package or finding["id"], fix)
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _ids(group: Sequence[Mapping[str, Any]]) -> str:
    return str(group[0]["id"]) if len(group) == 1 else f"{group[0]['id']} and {len(group) - 1} more"


def _packages(finding: Mapping[str, Any]) -> str:
    names = list(dict.fromkeys(attribute_values(finding, "package_name")))
    more = len(names) - 1 + int(attribute(finding, "PACKAGES_OMITTED") or 0)
    return f"{names[0]} and {more} more" if more > 0 else "".join(names)


def _coverage(client: "BaseClient", run: Mapping[str, Any], covered: Mapping[str, Any]) -> list[tuple[str, str]]:
    agents = client.list_assessment_run_agents(assessmentRunArn=run["arn"])["assessmentRunAgents"]
    metadata = client.get_telemetry_metadata(assessmentRunArn=run["arn"])["telemetryMetadata"]
    counts = {entry["messageType"]: int(entry["count"]) for entry in metadata}
    sent = sum(1 for agent in agents if agent["telemetryMetadata"])
    packages, gaps, scores = coverage_lines(covered)
    return [
        ("Hosts", f"{sent} of {len(agents)} sent telemetry"),
        ("Telemetry", f"{counts.get('Total', 0)} messages"),
        ("Packages", " ".join(filter(None, (packages, gaps)))),
        ("Scores", scores),
        ("Rules", _rules(client, run)),
        ("Excluded", _exclusions(client, run)),
    ]


def _rules(client: "BaseClient", run: Mapping[str, Any]) -> str:
    wanted = list(run["rulesPackageArns"])
    found = described(client, "describe_rules_packages", "rulesPackageArns", "rulesPackages", wanted)
    return ", ".join(f"{package['name']} {package['version']}" for package in found)


def _exclusions(client: "BaseClient", run: Mapping[str, Any]) -> str:
    wanted = list(arns(client, "list_exclusions", "exclusionArns", assessmentRunArn=run["arn"]))
    if not wanted:
        return "nothing; every check was completed"
    found = client.describe_exclusions(exclusionArns=wanted[:100])["exclusions"].values()
    kinds = Counter(str(exclusion["title"]) for exclusion in found)
    listed = "; ".join(f"{title} ({count})" for title, count in kinds.most_common(_SHOWN_EXCLUSIONS))
    return f"{listed} - see openinspector runs exclusions"
