"""Findings of `openinspector reach`: the facts file, what is printed, and the page with the paths."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Final, Literal

import click
import msgspec

from openinspector.cis.tailoring_file import TailoringError, parse
from openinspector.engine.waiver import Issue, OutOfScope, WaiverStatus, attributes, decisive
from openinspector.model.inventory import ListeningPort, TransportProtocol
from openinspector.network.answer import Answer, NotKnown
from openinspector.network.exposure import Judgement, Listeners, ReachableExposure, closers
from openinspector.network.exposure_text import attributes as exposure_attributes
from openinspector.network.exposure_text import port_range, recommendation, render_exposure, title
from openinspector.network.outbound import Outbound, OutboundReach
from openinspector.network.path_picture import draw_path
from openinspector.network.topology import parse_network

_MOST_CIDRS: Final = 10


class _Listener(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One listening port in a facts file."""

    protocol: Literal["tcp", "udp"]
    port: int
    address: str = "0.0.0.0"  # noqa: S104 - a fact about the instance, not an address that we bind
    process: str = ""
    process_id: int | None = None
    package: str = ""


def read_listeners(path: Path | None) -> Listeners:
    """Read listening ports by instance id; raise a usage error for a malformed file."""
    if path is None:
        return {}
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, list[_Listener]])
        return {instance: [_listening(one) for one in ports] for instance, ports in found.items()}
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise click.UsageError(
            f'{path}: {error}. Write {{"i-…": [{{"protocol": "tcp", "port": 22, "address": "0.0.0.0"}}]}}.'
        ) from error


def _listening(one: _Listener) -> ListeningPort:
    return ListeningPort(
        transport=TransportProtocol.TCP if one.protocol == "tcp" else TransportProtocol.UDP,
        ip_version=6 if ":" in one.address else 4,
        address=one.address,
        port=one.port,
        process_id=one.process_id,
        process_name=one.process,
        package=one.package,
    )


Waived = Mapping[tuple[str, ...], WaiverStatus]
"""Status of the waivers of a finding, by its key."""


def waived(judgement: Judgement, path: Path | None) -> Waived:
    """Compare findings with the waivers of a file; raise a usage error for a malformed file."""
    if path is None:
        return {}
    today = datetime.now(UTC).date()
    try:
        waivers = parse(tomllib.loads(path.read_text(encoding="utf-8")), today).waivers
    except (TailoringError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path}: {error}") from error
    return {one.key: decisive(waivers, _issue(one), today) for one in judgement.exposures}


def _issue(exposure: ReachableExposure) -> Issue:
    return Issue(name=exposure.issue, subject=exposure.subject, agent_id=exposure.instance, grounds=exposure.grounds)


def print_judgement(judgement: Judgement, statuses: Waived, *, as_json: bool) -> None:
    """Print every finding with what waivers say of it, and what was not judged on stderr."""
    closing = closers(judgement.exposures)
    for exposure in judgement.exposures:
        said = attributes(statuses.get(exposure.key, OutOfScope()))
        if as_json:
            rendered = render_exposure(exposure, closing)
            shown = {one.key: one.value for one in (*exposure_attributes(exposure), *said)}
            click.echo(json.dumps(rendered | {"attributes": shown}, ensure_ascii=False))
            continue
        click.echo(f"{exposure.severity:13}  {title(exposure)}")
        if said:
            click.echo("  " + ", ".join(f"{one.key} {one.value}" for one in said))
        if exposure.answer is not None:
            click.echo(f"  {_line(exposure.answer)}")
        click.echo(f"  {recommendation(exposure, closing)}")
    _print_lacking(judgement.not_known, as_json=as_json)


def print_outbound(found: OutboundReach, *, as_json: bool) -> None:
    """Print the ports that an interface reaches, and what was not judged on stderr."""
    for one in found.open:
        if as_json:
            click.echo(json.dumps(_outbound(one), ensure_ascii=False))
            continue
        ports = [*(port_range("TCP", *pair) for pair in one.tcp), *(port_range("UDP", *pair) for pair in one.udp)]
        click.echo(f"{one.interface} {one.address} to {one.outside} by {one.gateway}: {', '.join(ports)}")
        more = len(one.destinations) - _MOST_CIDRS
        click.echo(f"  {', '.join(one.destinations[:_MOST_CIDRS])}{f' and {more} more' if more > 0 else ''}")
        click.echo(f"  {_line(one.answer)}")
    public = [cidr for _, cidr in found.closed if (network := parse_network(cidr)) and network.is_global]
    if public and not as_json:
        click.echo(f"nothing to: {', '.join(public)}")
    _print_lacking(found.not_known, as_json=as_json)


def _outbound(found: Outbound) -> dict[str, object]:
    return {
        "interface": found.interface,
        "address": found.address,
        "outside": found.outside,
        "gateway": found.gateway,
        "destinations": list(found.destinations),
        "tcp": [list(pair) for pair in found.tcp],
        "udp": [list(pair) for pair in found.udp],
        "path": msgspec.to_builtins(found.answer.path),
        "answer_path": msgspec.to_builtins(found.answer.answer_path),
        "assumptions": list(found.answer.assumptions),
    }


def _print_lacking(not_known: Iterable[NotKnown], *, as_json: bool) -> None:
    if not as_json:
        # One missing read hides several legs: people need it once.
        for text in dict.fromkeys(f"not known      {lack.resource}: {lack.reason}" for lack in not_known):
            click.echo(text, err=True)
        return
    for lack in not_known:
        click.echo(json.dumps({"exclusion": int(lack.exclusion), "resource": lack.resource, "reason": lack.reason}))


def _line(answer: Answer) -> str:
    return " > ".join(f"{hop.resource} [{hop.rule}]" if hop.rule else hop.resource for hop in answer.path)


def print_difference(before: Judgement, after: Judgement, *, as_json: bool) -> None:
    """Print findings that vanish, appear, and how many stay."""
    old = {one.key: one for one in before.exposures}
    new = {one.key: one for one in after.exposures}
    gone = [one for key, one in old.items() if key not in new]
    come = [one for key, one in new.items() if key not in old]
    if as_json:
        gone_text = [render_exposure(one, closers(before.exposures)) for one in gone]
        come_text = [render_exposure(one, closers(after.exposures)) for one in come]
        click.echo(json.dumps({"gone": gone_text, "new": come_text, "left": len(new) - len(come)}, ensure_ascii=False))
        return
    for sign, found in (("-", gone), ("+", come)):
        for one in found:
            click.echo(f"{sign} {one.severity:13}  {title(one)}")
    click.echo(f"{len(gone)} gone, {len(come)} new, {len(new) - len(come)} left")


def write_page(path: Path, judgement: Judgement) -> None:
    """Write findings with a picture of each path as one page without scripts."""
    closing = closers(judgement.exposures)
    sections = [_section(one, recommendation(one, closing)) for one in judgement.exposures]
    lacking = [f"<li>{escape(f'{one.resource}: {one.reason}')}</li>" for one in judgement.not_known]
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Network reachability</title>'
        "<style>body{font:16px system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}"
        "svg{max-width:100%;height:auto}</style></head><body><h1>Network reachability</h1>"
        f"{''.join(sections) or '<p>Nothing is reachable.</p>'}"
        f"{'<h2>Not known</h2><ul>' + ''.join(lacking) + '</ul>' if lacking else ''}</body></html>\n"
    )
    path.write_text(page, encoding="utf-8")


def _section(exposure: ReachableExposure, advice: str) -> str:
    picture = draw_path(exposure) if exposure.answer is not None else ""
    heading = f"{exposure.severity}: {title(exposure)}"
    return f"<section><h2>{escape(heading)}</h2>{picture}<p>{escape(advice)}</p></section>"
