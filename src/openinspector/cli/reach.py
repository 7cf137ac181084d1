"""`openinspector reach`: what can be reached in a network, by which path, and what stops the rest.

Exit statuses of `check`: 0 every probe was answered; 1 some answer is not known; 2 bad input.
Exit statuses of `ask`: 0 yes; 1 no; 2 wrong usage; 3 not known.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from openinspector.cli.client import with_own_client

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from openinspector.network.answer import Answer
    from openinspector.network.question import Question
    from openinspector.network.topology import Topology

_SOME_NOT_KNOWN: Final = 1
_BAD_INPUT: Final = 2
_NO: Final = 1
_NOT_KNOWN: Final = 3
_snapshot = click.option(
    "--snapshot",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder DIR/<account>/<region>/<service>-<operation>.json of raw `aws` output.",
)
_facts = click.option(
    "--facts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON: listening ports by instance id; an instance that is named has an agent.",
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def reach() -> None:
    """Ask what can be reached in a network, by which path, and why not."""


@reach.command("check")
@_snapshot
@click.option(
    "--probes", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="One probe a line."
)
@_as_json
def check(*, snapshot: Path, probes: Path, as_json: bool) -> None:
    """Answer every line of a file of probes, in its order."""
    from openinspector.network.question import ask, render_answer

    parsed = _questions(probes)
    topology = _topology(snapshot)
    unknown = 0
    for question in parsed:
        answer = ask(topology, question)
        unknown += answer.reachable is None
        if as_json:
            click.echo(json.dumps(render_answer(question, answer), ensure_ascii=False))
        else:
            click.echo(f"{_word(answer)}  {question.id}  {_why(answer)}".rstrip())
    sys.exit(_SOME_NOT_KNOWN if unknown else 0)


@reach.command("findings")
@_snapshot
@_facts
@click.option(
    "--waivers",
    "waiver_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Accepted findings, as TOML: the [[waiver]] tables of a tailoring file.",
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write findings and paths as a page.")
@_as_json
def findings(*, snapshot: Path, facts: Path | None, waiver_file: Path | None, html: Path | None, as_json: bool) -> None:
    """List what the internet, peered VPCs and VPNs reach on the instances of a snapshot.

    Exit statuses: 0 every leg was judged; 1 some leg is not known; 2 bad input.
    """
    from openinspector.cli.reach_findings import print_judgement, read_listeners, waived, write_page
    from openinspector.network.judged_network import JudgedNetwork

    judgement = JudgedNetwork(_topology(snapshot)).whole(read_listeners(facts))
    if html is not None:
        write_page(html, judgement)
    print_judgement(judgement, waived(judgement, waiver_file), as_json=as_json)
    sys.exit(_SOME_NOT_KNOWN if judgement.not_known else 0)


@reach.command("outbound")
@click.argument("host", metavar="HOST")
@_snapshot
@_as_json
def outbound_of(*, host: str, snapshot: Path, as_json: bool) -> None:
    """List the TCP and UDP ports that HOST, an i- or eni- id, reaches in the internet and on premises.

    Exit statuses: 0 every way was judged; 1 some way is not known; 2 bad input.
    """
    from openinspector.cli.reach_findings import print_outbound
    from openinspector.network.outbound import outbound

    topology = _topology(snapshot)
    single = topology.interfaces.get(host)
    interfaces = [single] if single else topology.of_instance.get(host, [])
    if not interfaces:
        raise click.UsageError(f"{host} has no interface in the snapshot")
    judged = [outbound(topology, interface) for interface in interfaces]
    for found in judged:
        print_outbound(found, as_json=as_json)
    sys.exit(_SOME_NOT_KNOWN if any(found.not_known for found in judged) else 0)


@reach.command("simulate")
@_snapshot
@_facts
@click.option(
    "--probes", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Probes instead of findings."
)
@click.option("--remove", "removed", multiple=True, metavar="RULE", help="Rule as paths name it: sg-…/ingress/0.")
@click.option(
    "--add", "added", multiple=True, metavar="RULE", help="Rule to add: sg-…/ingress/tcp/443/10.0.0.0/8 (or 80-90)."
)
@_as_json
def simulate(  # noqa: PLR0913 - one option a choice
    *,
    snapshot: Path,
    facts: Path | None,
    probes: Path | None,
    removed: tuple[str, ...],
    added: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show which findings, or answers to probes, change when rules are removed or added."""
    if not removed and not added:
        raise click.UsageError("give at least one rule to --remove or --add")
    topology = _topology(snapshot)
    if probes is None:
        _simulate_findings(topology, facts, (removed, added), as_json=as_json)
    else:
        _simulate_probes(topology, _questions(probes), (removed, added), as_json=as_json)


def _simulate_findings(
    topology: "Topology", facts: Path | None, rules: tuple[tuple[str, ...], tuple[str, ...]], *, as_json: bool
) -> None:
    from openinspector.cli.reach_findings import print_difference, read_listeners
    from openinspector.network.judged_network import JudgedNetwork

    listeners = read_listeners(facts)
    network = JudgedNetwork(topology)
    before = network.whole(listeners)
    _change(topology, rules)
    changed = network.after_change(rule.partition("/")[0] for named in rules for rule in named)
    print_difference(before, changed.whole(listeners), as_json=as_json)


def _simulate_probes(
    topology: "Topology",
    questions: "list[Question]",
    rules: tuple[tuple[str, ...], tuple[str, ...]],
    *,
    as_json: bool,
) -> None:
    from openinspector.network.question import ask

    before = [ask(topology, question) for question in questions]
    _change(topology, rules)
    after = [ask(topology, question) for question in questions]
    for question, old, new in zip(questions, before, after, strict=True):
        if old.reachable is new.reachable:
            continue
        if as_json:
            click.echo(json.dumps({"id": question.id, "before": old.reachable, "after": new.reachable}))
        else:
            click.echo(f"{question.id}: {_word(old)} -> {_word(new)}  {_why(new)}".rstrip())


def _change(topology: "Topology", rules: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    from openinspector.network.simulation import add_rule, remove_rule

    removed, added = rules
    for rule in removed:
        if not remove_rule(topology, rule):
            raise click.UsageError(f"no rule {rule} is in the snapshot")
    for rule in added:
        if not add_rule(topology, rule):
            raise click.UsageError(f"{rule} cannot be added: write <group>/ingress/tcp/<port>/<range>")


@reach.command("ask")
@click.argument("source", metavar="FROM")
@click.argument("destination", metavar="TO")
@_snapshot
@click.option("--port", type=click.IntRange(0, 65535), help="Destination port; any by default.")
@click.option("--protocol", default="tcp", show_default=True, help="tcp, udp, icmp or a number.")
@_as_json
def ask_one(  # noqa: PLR0913 - one option a choice
    *, source: str, destination: str, snapshot: Path, port: int | None, protocol: str, as_json: bool
) -> None:
    """Report if TO can be reached from FROM: the path, or the hop that blocks it.

    FROM is `internet`, an address, an eni-, i-, vgw-, vpn-, dxvif-, tgw- or pcx- id. TO is an address, eni- or i- id.
    """
    from openinspector.network.question import QuestionError, ask, parse_question, render_answer

    line = {
        "id": f"{source} {destination}",
        "protocol": protocol,
        "port": port,
        "source": _source(source),
        "destination": {_noun(destination): destination},
    }
    try:
        question = parse_question(json.dumps(line).encode())
    except QuestionError as error:
        raise click.UsageError(str(error)) from error
    answer = ask(_topology(snapshot), question)
    if as_json:
        click.echo(json.dumps(render_answer(question, answer), ensure_ascii=False, indent=2))
    else:
        _print(question, answer)
    sys.exit(0 if answer.reachable else _NOT_KNOWN if answer.reachable is None else _NO)


@reach.command("accept")
@click.argument("finding_arn", metavar="FINDING")
@click.option("--reason", required=True, help="Why the port may stay reachable.")
@click.option("--owner", required=True, help="Who answers for it: a person or a group.")
@click.option("--until", required=True, metavar="DAY", help="The last day, such as 2027-03-31.")
@_as_json
@with_own_client
def accept(client: "BaseClient", /, *, finding_arn: str, as_json: bool, **options: str) -> None:
    """Accept a reachable port for a time: a waiver of FINDING, an ARN of `findings list`.

    It ends by itself when more sources or ports reach the instance than now. `openinspector waivers` lists and deletes.
    """
    made = client.create_waiver(
        findingArn=finding_arn,
        verdict="ACCEPTED",
        reason=options["reason"],
        owner=options["owner"],
        expiresOn=options["until"],
    )["waiver"]
    click.echo(json.dumps(made, default=str) if as_json else made["arn"])


def _questions(probes: Path) -> "list[Question]":
    """Read a file of questions; end with status 2 at a malformed line."""
    from openinspector.network.question import QuestionError, parse_question

    parsed = []
    for number, line in enumerate(probes.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            parsed.append(parse_question(line))
        except QuestionError as error:
            click.echo(f"openinspector: {probes} line {number}: {error}", err=True)
            if error.advice:
                click.echo(error.advice, err=True)
            sys.exit(_BAD_INPUT)
    return parsed


def _noun(text: str) -> str:
    return "interface" if text.startswith("eni-") else "instance" if text.startswith("i-") else "address"


def _source(text: str) -> dict[str, object]:
    if text == "internet":
        return {"internet": True}
    if text.split("-", maxsplit=1)[0] in {"vgw", "vpn", "dxvif", "tgw", "pcx"}:
        return {"gateway": text}
    return {_noun(text): text}


def _topology(snapshot: Path) -> "Topology":
    from openinspector.network.topology import Topology
    from openinspector.service.snapshot_folder import read_snapshot

    topology = Topology(read_snapshot(snapshot))
    if not topology.places:
        raise click.UsageError(f"{snapshot} holds no <account>/<region>/<service>-<operation> files")
    for defect in topology.defects:
        account, region = defect.place
        where = f"{account}/{region}/{defect.operation}" + (f"/{defect.subject}" if defect.subject else "")
        click.echo(f"openinspector: {where}: {defect.reason}", err=True)
    return topology


def _word(answer: "Answer") -> str:
    return {True: "yes", False: "no", None: "not known"}[answer.reachable]


def _why(answer: "Answer") -> str:
    if answer.blocked_by:
        return f"{answer.blocked_by.code} at {answer.blocked_by.resource}, on the way {answer.blocked_by.direction}"
    if answer.not_known:
        return answer.not_known.reason
    return ""


def _print(question: "Question", answer: "Answer") -> None:
    click.echo(f"{question.id}: {_word(answer)}")
    for title, hops in (("there", answer.path), ("back", answer.answer_path)):
        for hop in hops:
            detail = " ".join(text for text in (hop.rule, hop.route, hop.address) if text)
            click.echo(f"  {title:5}  {hop.action:9}  {hop.kind:24}  {hop.resource}  {detail}".rstrip())
    if _why(answer):
        click.echo(f"  {_why(answer)}")
    for text in answer.assumptions:
        click.echo(f"  assumed: {text}")
