"""The proxy's environment file ``agent.env``, next to ``agent.cfg`` (F1.56 to F1.59).

It has shell syntax but no shell executes it: the agent, which has no shell, the init script and the updater must all
read the same values. A line is ``NAME=value``, optionally after ``export ``, the value optionally in one pair of
quotes. A value that a shell would expand, or any other name, is an error.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NAMES: Final = ("https_proxy", "http_proxy", "no_proxy")
"""``http_proxy`` is accepted and ignored: the agent only uses TLS."""

_LINE: Final = re.compile(r"""(?:export[ \t]+)?([A-Za-z_]+)=(?:"([^"]*)"|'([^']*)'|([^"' \t]*))""")
_SHELLS_OWN: Final = re.compile(r"[$`\\;&|<>(){}!#~]")


def parse_environment(text: str, name: str) -> Mapping[str, str]:
    """Return variable, in small letters, to value; ValueError names the first wrong line of the file ``name``."""
    values: dict[str, str] = {}
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip(" \t")
        if not line or line.startswith("#"):
            continue
        where = f"{name}:{number}"
        found = _LINE.fullmatch(line)
        if found is None or found[1].lower() not in NAMES:
            raise ValueError(f"{where}: not a line of the form https_proxy=…, http_proxy=… or no_proxy=…")
        variable = found[1].lower()
        value = next((group for group in found.groups()[1:] if group is not None), "")
        if variable in values:
            raise ValueError(f"{where}: {variable} is set twice")
        if not value.isprintable() or _SHELLS_OWN.search(value):
            raise ValueError(f"{where}: the value of {variable} has a character that a shell would not leave alone")
        values[variable] = value
    return MappingProxyType(values)
