"""`openinspector reach`: what can be reached in a network, by which path, and what stops the rest.

Exit statuses of `check`: 0 every probe was answered; 1 some answer is not known; 2 bad input.
Exit statuses of `ask`: 0 yes; 1 no; 2 wrong usage; 3 not known.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
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


@reach.command("simulate")
@_snapshot
@click.option(
    "--probes", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="One probe a line."
)
@click.option("--remove", "rules", required=True, multiple=True, metavar="RULE", help="Rule as paths name it.")
@_as_json
def simulate(*, snapshot: Path, probes: Path, rules: tuple[str, ...], as_json: bool) -> None:
    """Show which answers change when rules are removed: `sg-…/ingress/0`, `acl-…/egress/100`."""
    from openinspector.network.question import ask
    from openinspector.network.simulation import remove_rule

    questions = _questions(probes)
    topology = _topology(snapshot)
    before = [ask(topology, question) for question in questions]
    for rule in rules:
        if not remove_rule(topology, rule):
            raise click.UsageError(f"no rule {rule} is in the snapshot")
    after = [ask(topology, question) for question in questions]
    for question, old, new in zip(questions, before, after, strict=True):
        if old.reachable is new.reachable:
            continue
        if as_json:
            click.echo(json.dumps({"id": question.id, "before": old.reachable, "after": new.reachable}))
        else:
            click.echo(f"{question.id}: {_word(old)} -> {_word(new)}  {_why(new)}".rstrip())


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


def _questions(probes: Path) -> "list[Question]":
    """Read a file of questions; end with status 2 at a line that is none."""
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
    from openinspector.cli.snapshot_folder import read_snapshot
    from openinspector.network.topology import Topology

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
