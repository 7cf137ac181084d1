"""`openinspector explain`: why a finding was stated, and how to replay it offline.

It reads findings and telemetry from the stores, as the API returns no telemetry: run it where the service's data is.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from openinspector.model.errors import OpenInspectorError

if TYPE_CHECKING:
    from openinspector.model.facts import HostFacts
    from openinspector.model.finding import Finding
    from openinspector.service.worker.stored_runs import StoredRuns

FACTS: Final = "facts.jsonl"
ADVISORIES: Final = "advisories"


class ExplainError(OpenInspectorError):
    """A finding that cannot be explained or replayed."""


@click.command()
@click.argument("finding")
@click.option("--run", "run_arn", metavar="ARN", help="Run of a FINDING given by its id; default the newest.")
@click.option(
    "--export",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write the host's facts and the advisories to a new folder, and replay them.",
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the installation.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(finding: str, *, run_arn: str | None, folder: Path | None, data_dir: Path | None, as_json: bool) -> None:
    """Print the evidence of FINDING, an ARN or the id at its end: from the conclusion down to the facts."""
    from openinspector.cli.presentation import print_json
    from openinspector.cli.serve import settings_from
    from openinspector.engine.finding_text import finding_text
    from openinspector.service.stored_run_access import open_stored_runs

    settings = settings_from(data_dir)
    runs = open_stored_runs(settings)
    found = _finding(runs, finding, run_arn)
    text = finding_text(found)
    replay = _export(runs, found, folder, single=settings.by_products == "each") if folder is not None else None
    if as_json:
        print_json(
            {
                "arn": found.arn,
                "agentId": found.asset.agent_id,
                "severity": found.severity,
                "title": text.title,
                "evidence": text.evidence.splitlines(),
                "replay": replay,
            }
        )
        return
    _print(found, text.title, text.evidence)
    if replay is None:
        click.echo(f"To replay it offline: openinspector explain {found.arn} --export DIR")
        return
    if not replay["same"]:
        click.echo("The feeds have changed since the run: now this finding is another, or gone.", err=True)
    click.echo(f"Replay it: {replay['command']}")


def _finding(runs: "StoredRuns", name: str, run_arn: str | None) -> "Finding":
    from openinspector.model.arn import FindingArn, finding_arn

    arn = FindingArn(name) if name.startswith("arn:") else None
    if arn is None:
        arn = finding_arn((runs.run(run_arn) if run_arn else runs.newest()).arn, name)
    found = runs.findings.findings_by_arn([arn]).get(arn)
    if found is None:
        raise ExplainError(f"there is no finding {arn}", advice="`openinspector findings list` shows them.")
    return found


def _export(runs: "StoredRuns", finding: "Finding", folder: Path, *, single: bool) -> dict[str, object]:
    """Write the inputs of the finding, evaluate them, and return the command and True if the result is the same."""
    import shlex

    import msgspec

    from openinspector.cli.facts_file import FEEDS, VULNERABILITIES, FeedStates
    from openinspector.model.agent import AgentId

    run, agent = runs.run(finding.run_arn), AgentId(finding.asset.agent_id)
    facts = runs.facts(run, agent)
    if not facts.sensors:
        raise ExplainError(f"{agent} has no telemetry in {run.arn}")
    advisories, vulnerabilities = runs.statements_for(facts)
    try:
        folder.mkdir(mode=0o700, parents=True)
        (folder / ADVISORIES).mkdir()
        _lines(folder / FACTS, map(msgspec.json.encode, runs.messages(run, agent)))
        _lines(folder / ADVISORIES / "advisories.jsonl", map(msgspec.json.encode, advisories))
        _lines(folder / ADVISORIES / f"{VULNERABILITIES}.jsonl", map(msgspec.json.encode, vulnerabilities))
        index = runs.index_for(facts)
        feeds = FeedStates(fingerprints=dict(index.fingerprints), days=dict(index.days))
        _lines(folder / ADVISORIES / f"{FEEDS}.json", map(msgspec.json.encode, [feeds]))
    except OSError as error:
        raise ExplainError(
            f"{folder} cannot be written: {error.strerror}", advice="Name a folder that does not exist yet."
        ) from error
    command = ["openinspector", "evaluate", str(folder / FACTS), "--advisories", str(folder / ADVISORIES)]
    command += ["--agent-id", agent, *(["--single-by-products"] if single else []), "--why"]
    return {"command": shlex.join(command), "same": _is_same(finding, facts, folder, single=single)}


def _lines(path: Path, lines: "map[bytes]") -> None:
    with path.open("xb") as file:
        file.writelines(line + b"\n" for line in lines)


def _is_same(finding: "Finding", facts: "HostFacts", folder: Path, *, single: bool) -> bool:
    """Return True if the files give a finding with the same body on the same host."""
    from openinspector.cli.evaluate import chosen_rules, index_of, judge

    result = judge(
        facts, chosen_rules((), has_advisories=True), index_of(str(folder / ADVISORIES)), single_by_products=single
    )
    return any(found.body == finding.body for found in result.findings)


def _print(finding: "Finding", title: str, evidence: str) -> None:
    from rich.text import Text

    from openinspector.cli.presentation import console, severity_text

    out = console()
    out.print(severity_text(finding.severity), Text(title, style="bold"))
    for line in evidence.splitlines():
        out.print(Text(line))
    out.print()
