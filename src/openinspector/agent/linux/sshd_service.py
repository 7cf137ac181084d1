"""Options that the service starts sshd with, from the files of each distribution.

Settings given with ``-o`` come before the configuration file, so they win.
"""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import read_lines, shell_words
from openinspector.agent.linux.sshd_file import SshdLine, parse_line

ENVIRONMENTS: Final = (
    ("/etc/default/ssh", "SSHD_OPTS"),
    ("/etc/sysconfig/sshd", "OPTIONS"),
    ("/etc/sysconfig/ssh", "SSHD_OPTS"),
    ("/etc/conf.d/sshd", "SSHD_OPTS"),
)
_WITH_ARGUMENT: Final = "CEbcfghkopu"
"""Options of sshd(8) that take an argument, including removed ones."""


def service_settings(host: Host) -> Iterator[SshdLine]:
    """Yield the settings of ``-o`` and ``-p`` in the service's options, in order; raise RefusedLineError.

    Files that cannot be read are skipped.
    """
    for value, source in _values(host):
        yield from parse_options(value, source)


def service_file(host: Host) -> str | None:
    """Return the configuration file that the last ``-f`` names, or None without ``-f``."""
    named = (argument for value, _ in _values(host) for option, argument in _options(value) if option == "f")
    return next(reversed(list(named)), None)


def parse_options(value: str, source: str) -> Iterator[SshdLine]:
    """Yield the settings of shell words such as ``"-o PermitRootLogin=no -p 2222"``; raise RefusedLineError."""
    for option, argument in _options(value):
        if option in ("o", "p"):
            setting = parse_line(argument if option == "o" else f"Port {argument}", source)
            if setting is not None:
                yield setting


def _values(host: Host) -> Iterator[tuple[str, str]]:
    """Yield the options of each file with their ``path:line``."""
    for path, variable in ENVIRONMENTS:
        try:
            lines = read_lines(host, path)
        except OSError:
            continue
        for number, line in enumerate(lines, start=1):
            name, equals, value = line.strip().partition("=")
            if equals and name.removeprefix("export ").strip() == variable:
                yield value, f"{path}:{number}"


def _options(value: str) -> Iterator[tuple[str, str]]:
    """Yield each option that has an argument, with its argument; as in getopt(3), ``-Df file`` is ``-D -f file``."""
    try:
        words = iter(shell_words(" ".join(shell_words(value))))
    except ValueError:  # an unclosed quote
        return
    for word in words:
        flags = word[1:] if word.startswith("-") else ""
        for at, flag in enumerate(flags, start=1):
            if flag in _WITH_ARGUMENT:
                yield flag, flags[at:] or next(words, "")
                break
