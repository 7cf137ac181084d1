"""Command: one thing `openinspector-agent` does; the files of `openinspector.agent.commands` are the list."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openinspector.agent.settings.settings import AgentSettings, load_settings
from openinspector.model.errors import OpenInspectorError

DONE: Final = 0
UNHEALTHY: Final = 1
"""Refused, failed or unhealthy."""
WRONG_USAGE: Final = 2
"""The command line or the settings are wrong: retrying does not help."""


class UsageError(OpenInspectorError):
    """An invalid command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The arguments and environment of one call."""

    options: Namespace
    settings_file: Path | None
    """The path given with ``--config``."""
    environment: Mapping[str, str]

    def settings(self) -> AgentSettings:
        """Return the settings of file and environment; SettingsError."""
        return load_settings(self.settings_file, self.environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command. Its name is its file's; on the command line, underscores are hyphens."""

    name: str
    title: str
    """One line of help, without a full stop."""
    run: Callable[[Invocation], int]
    """Returns the exit status: 0 done, 1 refused or unhealthy; raises OpenInspectorError."""
    add_options: Callable[[ArgumentParser], object] = lambda _parser: None
    description: str = ""
    """Further text for the command's help."""
