"""`openinspector evaluate`: the service's own evaluation on a file of facts, offline."""

from typing import TYPE_CHECKING, Final

import click

from openinspector.garbage import no_garbage
from openinspector.model.rules_package import RulesPackageName

if TYPE_CHECKING:
    from openinspector.engine.evaluate import HostEvaluation
    from openinspector.engine.match import AdvisoryIndex
    from openinspector.engine.rule import Rule
    from openinspector.model.facts import HostFacts
    from openinspector.model.finding import Finding
    from openinspector.sbom.facts import SbomFacts

_RUN: Final = "arn:aws:inspector:us-east-1:000000000000:target/0-OFFLINE0/template/0-OFFLINE0/run/0-OFFLINE0"
_NEEDS_ADVISORIES: Final = RulesPackageName.COMMON_VULNERABILITIES
_BENCHMARKS: Final = RulesPackageName.CIS_BENCHMARKS
_NETWORK: Final = RulesPackageName.NETWORK_REACHABILITY


package_option: Final = click.option(
    "--package",
    "packages",
    multiple=True,
    type=click.Choice([name.value for name in RulesPackageName]),
    help="Only this rules package; repeat for more.",
)
"""Options shared by `evaluate` and `scan`."""

by_products_option: Final = click.option(
    "--single-by-products",
    is_flag=True,
    help="Report packages without vulnerable code (headers, documentation) for each CVE, not once.",
)


@click.command()
@click.argument("facts_file")
@click.option(
    "--advisories",
    "advisories_file",
    metavar="FILE|DIR",
    help="Advisories: JSON lines, an array, or a folder, which may hold vulnerabilities.jsonl with scores.",
)
@package_option
@by_products_option
@click.option("--agent-id", metavar="ID", help="What to call the host.")
@click.option("--why", is_flag=True, help="Show evidence and remedy of each finding.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; the same file gives the same bytes.")
@no_garbage(process_ends=True)
def evaluate(  # noqa: PLR0913 - one option a thing to choose
    *,
    facts_file: str,
    advisories_file: str | None,
    packages: tuple[str, ...],
    single_by_products: bool,
    agent_id: str | None,
    why: bool,
    as_json: bool,
) -> None:
    """Evaluate FACTS_FILE ("-" for standard input) offline, with the rules of the service.

    FACTS_FILE is what `openinspector agent collect --dry-run --json` prints, which makes a good bug report, or an
    SBOM: CycloneDX or SPDX, as JSON. An SBOM is judged by the CVE rules alone unless --package names others.
    """
    from openinspector.cli.facts_file import read_host
    from openinspector.cli.presentation import print_json

    host = read_host(facts_file, agent_id)
    if host.sbom is not None and not packages:
        packages = (_NEEDS_ADVISORIES,)
    rules = chosen_rules(packages, has_advisories=advisories_file is not None)
    index = index_of(advisories_file)
    result = judge(host.facts, rules, index, single_by_products=single_by_products)
    if as_json:
        covered = coverage_json(host.facts, index) if _NEEDS_ADVISORIES in rules else {}
        print_json({**evaluation_json(host.facts, result), **covered, **(_sbom_json(host.sbom) if host.sbom else {})})
    else:
        _print(host.facts, result, why=why)
        if host.sbom is not None:
            _print_not_assessed(host.sbom)


def chosen_rules(packages: tuple[str, ...], *, has_advisories: bool) -> "dict[str, tuple[Rule, ...]]":
    """Return the rules of the named packages, by default of all; rules that need advisories only if there are any."""
    from openinspector.service.app.rule_catalogue import discover_rules

    if _NETWORK in packages:
        raise click.UsageError(f"{_NETWORK} judges an account, not a host: use `openinspector reach findings`.")
    names = [name for name in RulesPackageName if name is not _NETWORK and (not packages or name in packages)]
    chosen = {str(name): tuple(rules.values()) for name, rules in discover_rules(names).items()}
    missing = [name for name in packages if name not in chosen]
    if missing:
        raise click.BadParameter(f"has no rules yet: {', '.join(missing)}", param_hint="--package")
    if _NEEDS_ADVISORIES in chosen and not has_advisories:
        if packages == (_NEEDS_ADVISORIES,):
            raise click.UsageError(f"{_NEEDS_ADVISORIES} needs --advisories.")
        del chosen[_NEEDS_ADVISORIES]
        click.echo("No vulnerabilities are looked for: that needs --advisories.", err=True)
    return chosen


def index_of(advisories_file: str | None) -> "AdvisoryIndex":
    """Return the advisories of a file or folder, indexed with the scores beside them; an empty index without one."""
    from openinspector.cli.facts_file import read_advisories, read_feeds, read_vulnerabilities
    from openinspector.engine.match import AdvisoryIndex
    from openinspector.plugins import discover
    from openinspector.version import VersionScheme

    if advisories_file is None:
        return AdvisoryIndex.empty()
    schemes = discover("openinspector.versions", "SCHEME", VersionScheme)
    feeds = read_feeds(advisories_file)
    return AdvisoryIndex(
        read_advisories(advisories_file),
        schemes=schemes,
        fingerprints=feeds.fingerprints,
        days=feeds.days,
        vulnerabilities=read_vulnerabilities(advisories_file),
    )


def judge(
    facts: "HostFacts",
    rules: "dict[str, tuple[Rule, ...]]",
    index: "AdvisoryIndex",
    *,
    single_by_products: bool = False,
) -> "HostEvaluation":
    """Return the evaluation of one host by ``rules``, outside of any run."""
    from datetime import UTC, datetime

    from openinspector.engine.asset import asset_of
    from openinspector.engine.evaluate import RunEvaluation
    from openinspector.engine.evaluate import evaluate as evaluate_host
    from openinspector.engine.rule import RuleContext
    from openinspector.engine.subject import subject_of
    from openinspector.model.agent import Agent, AgentId
    from openinspector.model.arn import RulesPackageArn, RunArn

    # The time reaches no output: a replayed evaluation must print what the first one did.
    now = datetime.fromtimestamp(0, UTC)
    run = RunEvaluation(
        run_arn=RunArn(_RUN),
        rules={RulesPackageArn(name): package_rules for name, package_rules in rules.items()},
        context=RuleContext(advisories=index, single_by_products=single_by_products),
        now=now,
    )
    agent = Agent(id=AgentId(facts.agent_id), public_key=b"", tags=(), enrolled_at=now)
    return evaluate_host(run, subject_of(facts), asset_of(facts, agent))


def evaluation_json(facts: "HostFacts", result: "HostEvaluation") -> dict[str, object]:
    """Return an evaluation as the command line prints it in JSON."""
    from openinspector.model.inventory import OperatingSystem

    system = facts.only(OperatingSystem)
    return {
        "agentId": facts.agent_id,
        "hostname": system.hostname if system else "",
        "distribution": facts.distribution,
        "undecodedMessages": facts.undecoded,
        "benchmarks": benchmark_counts(facts, result),
        "findings": [_finding_json(finding) for finding in result.findings],
        "exclusions": [
            {
                "title": exclusion.preview.title,
                "description": exclusion.preview.description,
                "recommendation": exclusion.preview.recommendation,
                "rulesPackage": exclusion.preview.scopes[-1].value,
            }
            for exclusion in result.exclusions
        ],
        "rules": [
            {
                "rule": noted.rule,
                "rulesPackage": noted.rules_package_arn,
                "outcome": noted.outcome,
                "because": noted.because,
            }
            for noted in result.rule_results
        ],
    }


def coverage_json(facts: "HostFacts", index: "AdvisoryIndex") -> dict[str, object]:
    """Return the conclusion on each package, and the number of packages of each conclusion."""
    from openinspector.engine.coverage import counts_of, coverage_of

    covered = coverage_of(facts, index)
    return {
        "coverage": {
            "counts": dict(sorted(counts_of(covered).items())),
            "packages": [
                {
                    "name": item.name,
                    "version": item.version,
                    "architecture": item.architecture,
                    "verdict": item.verdict.value,
                    "reason": item.reason,
                    "vulnerabilities": item.vulnerabilities,
                    "advisory": item.advisory,
                    "stream": item.stream,
                    "statement": item.statement,
                    "compared": item.compared,
                    "withVersion": item.with_version,
                }
                for item in covered
            ],
        }
    }


def benchmark_counts(facts: "HostFacts", result: "HostEvaluation") -> list[dict[str, object]]:
    """Return passed, failed and not judged controls of each profile, if the CIS benchmarks were evaluated."""
    from openinspector.cli.benchmark import profile_counts

    evaluated = any(str(noted.rules_package_arn) == _BENCHMARKS for noted in result.rule_results)
    return profile_counts(facts) if evaluated else []


def _sbom_json(sbom: "SbomFacts") -> dict[str, object]:
    return {
        "notAssessed": [
            {
                "name": found.component.name,
                "version": found.component.version,
                "purl": found.component.purl,
                "reason": found.reason,
            }
            for found in sbom.not_assessed
        ],
        "epochsAssumed": sbom.epochs_assumed,
    }


def _print_not_assessed(sbom: "SbomFacts") -> None:
    from collections import Counter

    from openinspector.cli.presentation import print_paragraph

    for reason, count in sorted(Counter(found.reason for found in sbom.not_assessed).items()):
        print_paragraph(f"Not assessed: {count} components, {reason.lower().replace('_', ' ')}.", "yellow")
    if sbom.epochs_assumed:
        print_paragraph(f"{sbom.epochs_assumed} rpm packages have no epoch in the SBOM; epoch 0 was assumed.")


def _finding_json(finding: "Finding") -> dict[str, object]:
    from openinspector.engine.finding_text import finding_text

    text = finding_text(finding)
    return {
        "id": finding.rule_id,
        "rulesPackage": finding.rules_package_arn,
        "severity": finding.severity,
        "title": text.title,
        "description": text.description,
        "recommendation": text.recommendation,
        "attributes": [{"key": attribute.key, "value": attribute.value} for attribute in text.attributes],
        "evidence": text.evidence,
    }


def _print(facts: "HostFacts", result: "HostEvaluation", *, why: bool) -> None:
    from openinspector.cli.layout import Styled
    from openinspector.cli.presentation import SEVERITY_ORDER, print_line, print_paragraph, print_table, severity_text
    from openinspector.engine.finding_text import finding_text

    found = sorted(result.findings, key=lambda finding: SEVERITY_ORDER.index(finding.severity))
    if why:
        for finding in found:
            print_line(severity_text(finding.severity), Styled(" "), Styled(finding.rule_id, "bold"))
            text = finding_text(finding)
            for part in (text.title, text.evidence, text.recommendation):
                print_paragraph(part, indent=2)
            print_paragraph()
    else:
        rows = [(severity_text(f.severity), f.rule_id, finding_text(f).title) for f in found]
        print_table(("SEVERITY", "RULE", "TITLE"), rows, empty="No findings.")
        print_paragraph()
    print_exclusions(result)
    print_benchmarks(facts, result)
    print_paragraph(_summary(facts, result))


def print_exclusions(result: "HostEvaluation") -> None:
    """Print what could not be completed, and how to fix that."""
    from openinspector.cli.presentation import print_paragraph

    for exclusion in result.exclusions:
        print_paragraph(f"Not completed: {exclusion.preview.title}", "yellow")
        print_paragraph(exclusion.preview.description, indent=2)
        print_paragraph(exclusion.preview.recommendation, indent=2)
        print_paragraph()


def print_benchmarks(facts: "HostFacts", result: "HostEvaluation") -> None:
    """Print the three numbers of each profile of the host's benchmark."""
    from openinspector.cli.presentation import print_paragraph

    for counted in benchmark_counts(facts, result):
        numbers = f"{counted['passed']} passed, {counted['failed']} failed, {counted['notJudged']} not judged"
        print_paragraph(f"{counted['title']}: {numbers}")


def _summary(facts: "HostFacts", result: "HostEvaluation") -> str:
    from openinspector.engine.outcome_kind import OutcomeKind

    counts = {kind: sum(noted.outcome is kind for noted in result.rule_results) for kind in OutcomeKind}
    words = [f"{count} {kind.lower().replace('_', ' ')}" for kind, count in counts.items() if count]
    lost = f" Messages that could not be decoded: {facts.undecoded}." if facts.undecoded else ""
    return f"{facts.agent_id}: findings: {len(result.findings)}; rules: {', '.join(words) or 'none'}.{lost}"
