"""Options that sshd is started with: the files its service reads them from on each distribution.

What ``-o`` sets comes before the configuration file, so it wins.
"""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import read_lines, shell_words
from openinspector.agent.linux.sshd_file import Setting, parse_line

ENVIRONMENTS: Final = (
    ("/etc/default/ssh", "SSHD_OPTS"),
    ("/etc/sysconfig/sshd", "OPTIONS"),
    ("/etc/sysconfig/ssh", "SSHD_OPTS"),
    ("/etc/conf.d/sshd", "SSHD_OPTS"),
)
_WITH_ARGUMENT: Final = "CEbcfghkopu"
"""Options of sshd(8) that take an argument, former ones too."""


def service_settings(host: Host) -> Iterator[Setting]:
    """Yield what ``-o`` and ``-p`` set in the service's options, in order; files that cannot be read set nothing."""
    for value, source in _values(host):
        yield from parse_options(value, source)


def service_file(host: Host) -> str | None:
    """Return the configuration file that ``-f`` names, the last of several; None where sshd reads its usual one."""
    named = (argument for value, _ in _values(host) for option, argument in _options(value) if option == "f")
    return next(reversed(list(named)), None)


def parse_options(value: str, source: str) -> Iterator[Setting]:
    """Yield the settings of a shell word list such as ``"-o PermitRootLogin=no -p 2222"``."""
    for option, argument in _options(value):
        if option in ("o", "p"):
            setting = parse_line(argument if option == "o" else f"Port {argument}", source)
            if setting is not None:
                yield setting


def _values(host: Host) -> Iterator[tuple[str, str]]:
    """Yield the options each file has, and ``path:line``."""
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
    """Yield each option that has an argument, with it; as getopt(3), ``-Df file`` is ``-D -f file``."""
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
