"""Options that sshd is started with: the files its service reads them from on each distribution.

What ``-o`` sets comes before the configuration file, so it wins.
"""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.config_file import read_lines, shell_words
from openinspector.agent.host import Host
from openinspector.agent.sshd_file import Setting, parse_line

ENVIRONMENTS: Final = (
    ("/etc/default/ssh", "SSHD_OPTS"),
    ("/etc/sysconfig/sshd", "OPTIONS"),
    ("/etc/sysconfig/ssh", "SSHD_OPTS"),
    ("/etc/conf.d/sshd", "SSHD_OPTS"),
)


def service_settings(host: Host) -> Iterator[Setting]:
    """Yield what ``-o`` and ``-p`` set in the service's options, in order; files that cannot be read set nothing."""
    for path, variable in ENVIRONMENTS:
        try:
            lines = read_lines(host, path)
        except OSError:
            continue
        for number, line in enumerate(lines, start=1):
            name, equals, value = line.strip().partition("=")
            if equals and name.removeprefix("export ").strip() == variable:
                yield from parse_options(value, f"{path}:{number}")


def parse_options(value: str, source: str) -> Iterator[Setting]:
    """Yield the settings of a shell word list such as ``"-o PermitRootLogin=no -p 2222"``."""
    try:
        words = iter(shell_words(" ".join(shell_words(value))))
    except ValueError:  # an unclosed quote
        return
    for word in words:
        option, attached = word[:2], word[2:]
        if option in ("-o", "-p"):
            argument = attached or next(words, "")
            setting = parse_line(argument if option == "-o" else f"Port {argument}", source)
            if setting is not None:
                yield setting
