"""The commands in the README exist, and its numbers are those of the code."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import click
import pytest

from openinspector.agent.__main__ import commands as agent_commands
from openinspector.agent.__main__ import parser as agent_parser
from openinspector.agent.registry import sensors
from openinspector.cis.benchmarks import BENCHMARKS
from openinspector.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str) -> str:
    found = "\n".join(re.findall(r"^ *```sh\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL))
    return re.sub(r"\\\n *", "", found)


def commands(text: str) -> list[tuple[str, ...]]:
    """Return what follows `openinspector` in shell blocks and in back quotes, comments left out."""
    lines = [*blocks(text).splitlines(), *re.findall(r"`(openinspector [^`\n]+)`", text)]
    parts = [part for line in lines for part in re.split(r"\s#\s.*|;|&&|\|", line)]
    found = (shlex.split(part.replace("'", "")) for part in parts if part.strip().startswith("openinspector "))
    return [tuple(words[1:]) for words in found]


def wrong_word(words: tuple[str, ...]) -> str | None:
    """Return the first word that is neither a command nor an option of the commands before it."""
    if words[:1] == ("agent",):
        return wrong_word_to_the_agent(words[1:])
    command: click.Command = cli
    context = click.Context(cli)
    for word in words:
        if word.startswith("-"):
            known = {name for parameter in command.params for name in parameter.opts} | {"--help"}
            if word.partition("=")[0] not in known:
                return word
        elif isinstance(command, click.Group):
            if not re.fullmatch(r"[a-z-]+", word):
                return None  # a placeholder, or an option's value
            below = command.get_command(context, word)
            if below is None:
                return word
            command = below
    return None


def wrong_word_to_the_agent(words: tuple[str, ...]) -> str | None:
    known = agent_commands()
    if words in ((), ("--help",)):
        return None
    if words[0] not in known:
        return words[0]
    parser = agent_parser({words[0]: known[words[0]]})
    with contextlib.redirect_stdout(io.StringIO()) as help_text, contextlib.suppress(SystemExit):
        parser.parse_args([words[0], "--help"])
    options = (word.partition("=")[0] for word in words[1:] if word.startswith("--"))
    return next((option for option in options if option not in help_text.getvalue()), None)


ALL = sorted({(str(page.relative_to(ROOT)), words) for page in PAGES for words in commands(page.read_text())})


@pytest.mark.parametrize(("page", "words"), ALL, ids=lambda part: part if isinstance(part, str) else " ".join(part))
def test_every_command_of_the_documentation_exists(page: str, words: tuple[str, ...]) -> None:
    assert wrong_word(words) is None, f"{page}: openinspector {' '.join(words)}"


def test_the_readme_names_the_commands_of_the_main_job() -> None:
    named = {words[:2] for page, words in ALL if page == "README.md"}
    assert {("serve",), ("targets", "create"), ("templates", "create"), ("runs", "start")} <= named


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"^make ([a-z-]+)", blocks(readme), flags=re.MULTILINE))
    named |= set(re.findall(r"`make ([a-z-]+)`", readme))
    assert named
    assert named <= targets


@pytest.mark.parametrize(("what", "number"), [("sensors", len(sensors())), ("benchmarks", len(BENCHMARKS))])
def test_the_readme_counts(what: str, number: int) -> None:
    assert re.findall(rf"(\d+) {what}\b", (ROOT / "README.md").read_text()) == [str(number)]


def test_detects_violations() -> None:
    assert commands("```sh\nopeninspector runs start ARN  # now\n```\n`openinspector serve`") == [
        ("runs", "start", "ARN"),
        ("serve",),
    ]
    assert wrong_word(("runs", "stat")) == "stat"
    assert wrong_word(("runs", "start", "--wath")) == "--wath"
    assert wrong_word(("runs", "start", "ARN", "--watch")) is None
    assert wrong_word(("agent", "enrol", "--tokn", "T")) == "--tokn"
    assert wrong_word(("agent", "enlist")) == "enlist"
    assert wrong_word(("agent", "enrol", "--token", "T")) is None
