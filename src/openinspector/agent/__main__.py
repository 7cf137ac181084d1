"""`openinspector-agent`, also `python -m openinspector.agent` and `openinspector agent`: the command line of the agent.

Its commands are the files of `openinspector.agent.commands`. Only the standard library, msgspec and PyNaCl are loaded;
other dependencies of a command are imported when it is called.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from openinspector.agent.command import DONE, UNHEALTHY, WRONG_USAGE, Command, Invocation, UsageError
from openinspector.agent.settings.settings import DEFAULT_FILE, AgentSettingsError, load_settings
from openinspector.model.errors import OpenInspectorError

if TYPE_CHECKING:
    import argparse

PROGRAM: Final = "openinspector-agent"
EPILOG: Final = "On a host with the installed package also: start, stop, restart, uninstall [--purge] [--yes]."
INTERRUPTED: Final = 130
"""128 plus the number of SIGINT, as in shells."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused or unhealthy, 2 wrong usage or settings.

    Service managers decide by it whether to retry: 2 needs a person to change something first.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        status = _run(given)
        sys.stdout.flush()
    except OpenInspectorError as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n" + (f"{error.advice}\n" if error.advice else ""))
        return WRONG_USAGE if isinstance(error, UsageError | AgentSettingsError) else UNHEALTHY
    except BrokenPipeError:
        # The reader has closed the pipe (`| head`): do not let Python flush to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _run(given: Sequence[str]) -> int:
    if given == ["run"]:
        # The form that services use: option parser and command list would cost every host two megabytes.
        from openinspector.agent.runtime import run_agent  # noqa: PLC0415

        run_agent(load_settings(None, os.environ))
        return DONE
    known = commands()
    options = parser(known).parse_args(given)
    invocation = Invocation(options=options, settings_file=options.config, environment=os.environ)
    return known[options.command].run(invocation)


def commands() -> Mapping[str, Command]:
    """Return every command by name."""
    from openinspector.plugins import discover  # noqa: PLC0415 - see main

    found = discover("openinspector.agent.commands", "COMMAND", Command)
    return {name.replace("_", "-"): command for name, command in found.items()}


def parser(known: Mapping[str, Command]) -> "argparse.ArgumentParser":
    """Return the parser of the whole command line."""
    import argparse  # noqa: PLC0415 - see main

    whole = argparse.ArgumentParser(prog=PROGRAM, description="The openinspector agent.", epilog=EPILOG)
    whole.add_argument("--config", type=Path, metavar="FILE", help=f"settings file; default {DEFAULT_FILE}")
    listed = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in known.items():
        about = f"{command.title[0].upper()}{command.title[1:]}. {command.description}".strip()
        command.add_options(listed.add_parser(name, help=command.title, description=about))
    return whole


if __name__ == "__main__":
    sys.exit(main())
