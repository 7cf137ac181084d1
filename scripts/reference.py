"""Writes docs/reference/ and schemas/ from the code; with --check compares and says what is stale.

The folder is the registry (ADR 0004): these pages are where its contents can be read as a list.
"""

import contextlib
import dataclasses
import inspect
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path

import click
from scripts.benchmark_pages import benchmark_pages, table
from scripts.includes import with_includes

from openinspector.agent.__main__ import PROGRAM, commands, parser
from openinspector.agent.registry import sensors
from openinspector.agent.sensor import Trigger
from openinspector.agent.settings.settings import PREFIX as AGENT_PREFIX
from openinspector.agent.settings.settings import READERS, AgentSettings
from openinspector.cli.main import COMMANDS, cli
from openinspector.feed import Feed
from openinspector.plugins import discover
from openinspector.service.api.dispatch import operations
from openinspector.service.api.model import load_model, own_model
from openinspector.service.app.rule_catalogue import discover_rules
from openinspector.service.settings import PREFIX, Settings
from openinspector.wire.record_kind import RECORD_KINDS
from openinspector.wire.schema import schemas

ROOT = Path(__file__).resolve().parent.parent
os.environ["COLUMNS"] = "100"  # help pages are the same whatever terminal writes them
NOTE = "<!-- Written by `make docs` from the code; edit the code. -->\n\n"


def main() -> int:
    """Write or check every page; the number of stale ones is the exit status."""
    check = "--check" in sys.argv[1:]
    pages: dict[Path, str] = {ROOT / "docs" / "reference" / f"{name}.md": NOTE + page() for name, page in PAGES.items()}
    pages |= {ROOT / "docs" / "reference" / f"{name}.md": NOTE + text for name, text in benchmark_pages().items()}
    pages |= {ROOT / "schemas" / name: content.decode() for name, content in schemas().items()}
    pages |= {path: with_includes(path.read_text(), ROOT) for path in (ROOT / "docs" / "howto").glob("add-a-*.md")}
    stale = [path for path, text in pages.items() if not path.is_file() or path.read_text() != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is not what the code says: run `make docs`")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages[path])
            print(f"wrote {path.relative_to(ROOT)}")
    return len(stale) if check else 0


def rules_page() -> str:
    """List every rule of every package."""
    parts = ["# Rules\n"]
    for package, rules in discover_rules().items():
        parts.append(f"\n## {package.replace('_', ' ').capitalize()}\n")
        for rule in rules.values():
            reads = ", ".join(f"`{kind.__name__}`" for kind in rule.reads)
            parts.append(
                f"\n### {rule.title}\n\n`{rule.name}` · severity {rule.severity} · reads {reads} · "
                f"sensors {_code(rule.sensors)}\n\n{rule.description}\n\n**What to do:** {rule.recommendation}\n"
            )
    return "".join(parts)


def feeds_page() -> str:
    """List every feed."""
    rows = [
        (f"`{feed.name}`", feed.title, ", ".join(feed.distributions), f"`{feed.version_scheme}`", feed.publisher_url)
        for feed in discover("openinspector.feeds", "FEED", Feed).values()
    ]
    return "# Feeds\n\n" + table(("Name", "What", "Distributions", "Version scheme", "Publisher"), rows)


_TRIGGERS: Mapping[Trigger, str] = {Trigger.EVERY_RUN: "in every run", Trigger.RULE: "when a rule reads it"}


def sensors_page() -> str:
    """List every sensor."""
    rows = [
        (
            f"`{sensor.name}`",
            sensor.title,
            ", ".join(f"`{kind.__name__}`" for kind in sensor.records),
            ", ".join(sorted(family.title() for family in sensor.systems)),
            _TRIGGERS[sensor.trigger],
            "root for everything" if sensor.needs.root else "any user",
            f"{sensor.max_seconds:g} s, {sensor.max_records:,} records, {sensor.max_bytes // 2**20} MiB",
        )
        for sensor in sensors().values()
    ]
    return "# Sensors\n\n" + table(("Name", "What", "Records", "Systems", "Collected", "Needs", "Limits"), rows)


def settings_page() -> str:
    """List every setting of the service, with the sentence that follows it in the source."""
    rows = []
    for field in dataclasses.fields(Settings):
        default = ", ".join(field.default) if isinstance(field.default, tuple) else field.default
        words = _field_words(Settings, field.name)
        rows.append((f"`{PREFIX}{field.name.upper()}`", f"`{default}`" if default != "" else "", words))
    return "# Settings of the service\n\nEnvironment variables, read once at start.\n\n" + table(
        ("Variable", "Default", "What"), rows
    )


def agent_settings_page() -> str:
    """List every setting of the agent: its default, what is allowed, and what it is."""
    default = AgentSettings()
    rows = [
        (f"`{key}`", _shown(getattr(default, key)), _allowed(key), _field_words(AgentSettings, key)) for key in READERS
    ]
    return (
        "# Settings of the agent\n\nLines `key = value` of `/etc/openinspector/agent.cfg`; "
        f"a variable `{AGENT_PREFIX}<KEY>`, in capitals, overrides the file. Read once at start; "
        "`openinspector-agent check` says what is wrong with them. How to use them: "
        "[Operate the agent](../howto/operate-the-agent.md).\n\n" + table(("Key", "Default", "Allowed", "What"), rows)
    )


def _allowed(key: str) -> str:
    try:
        READERS[key]("://\0")
    except ValueError as error:
        return str(error)
    raise AssertionError(f"{key} takes anything")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, timedelta):
        return f"`{value.days} d`"
    if isinstance(value, int) and value >= 2**20:
        return f"`{value // 2**20} MiB`"
    return f"`{value}`" if value not in (None, ()) else ""


def _field_words(kind: type[object], name: str) -> str:
    """Return the words that follow a field in the source, on one line."""
    documented = re.search(rf'^    {name}: [^\n]*\n    """(.*?)"""', inspect.getsource(kind), re.MULTILINE | re.DOTALL)
    return _without_citations(" ".join(documented.group(1).replace("``", "`").split())) if documented else ""


def _without_citations(text: str) -> str:
    """Return ``text`` without numbers of the specification such as (F3.3): users read these pages."""
    return re.sub(r"\s*\(F\d+\.\d+[^)]*\)", "", text)


def cli_page() -> str:
    """Return the help of every command."""
    context = click.Context(cli, info_name="openinspector", terminal_width=100, max_content_width=100)
    parts = ["# Command line\n\n", inspect.cleandoc(cli.__doc__ or ""), "\n"]
    parts += _command_help(cli, context)
    return "".join(parts)


def _command_help(command: click.Command, context: click.Context) -> Iterable[str]:
    level = "#" * (2 + context.command_path.count(" "))
    yield f"\n{level} {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in sorted(COMMANDS) if command is cli else command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _command_help(found, _child(found, context, name))


def _child(command: click.Command, parent: click.Context, name: str) -> click.Context:
    return click.Context(command, info_name=name, parent=parent, terminal_width=100, max_content_width=100)


def agent_cli_page() -> str:
    """Return the help of every command of the agent."""
    known = commands()
    parts = ["# Command line of the agent\n\n`openinspector-agent`, or `openinspector agent`.\n"]
    for words in ((), *((name,) for name in known)):
        help_text = io.StringIO()
        with contextlib.redirect_stdout(help_text), contextlib.suppress(SystemExit):
            parser(known).parse_args([*words, "--help"])
        parts.append(f"\n## {' '.join((PROGRAM, *words))}\n\n```\n{help_text.getvalue().rstrip()}\n```\n")
    return "".join(parts)


def _refusals(errors: Iterable[str]) -> str:
    return ", ".join(f"`{error.removesuffix('Exception')}`" for error in sorted(errors))


def api_coverage_page() -> str:
    """Say which operations there are, what carries each out, and how it may refuse."""
    rows = [
        (f"`{name}`", f"`{operations()[name].__module__.rpartition('.')[2]}`", _refusals(described.errors))
        for name, described in sorted(load_model().operations.items())
    ]
    own = [(f"`{name}`", f"`{found.input}`") for name, found in sorted(own_model().operations.items())]
    return (
        f"# API coverage\n\nAll {len(rows)} operations of `inspector` 2016-02-16, the module of "
        "`service/api/operations` that has each, and the errors the model declares for it: "
        "`tests/api_compat/test_modelled_errors.py` provokes every one, or says why it cannot come.\n\n"
        + table(("Operation", "Module", "Errors, without …Exception"), rows)
        + "\n## Of our own\n\nBeside them, `openinspector` 2026-11-25 (ADR 43): same endpoint, same keys.\n"
        "AWS clients read its model from the package's `service/api/models`.\n\n" + table(("Operation", "Input"), own)
    )


def telemetry_page() -> str:
    """List every message type and what it carries."""
    rows = [(f"`{kind.MESSAGE_TYPE}`", f"`{name}`", _first_line(kind)) for name, kind in RECORD_KINDS.items()]
    return "# Telemetry\n\n" + table(("Message type", "Record", "What"), rows)


PAGES: Mapping[str, Callable[[], str]] = {
    "agent-cli": agent_cli_page,
    "agent-settings": agent_settings_page,
    "api-coverage": api_coverage_page,
    "cli": cli_page,
    "feeds": feeds_page,
    "rules": rules_page,
    "sensors": sensors_page,
    "settings": settings_page,
    "telemetry": telemetry_page,
}


def _first_line(kind: type[object]) -> str:
    return _without_citations((inspect.getdoc(kind) or "").splitlines()[0])


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.exit(main())
