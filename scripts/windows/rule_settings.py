"""`python -m scripts.windows.rule_settings`: writes the agent's list of the registry values that the CIS rules judge.

The agent does not import the rules, so it has the list as a file of its own; a test compares the two.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from scripts.windows.runtime import ROOT

from openinspector.cis.benchmarks import BENCHMARKS
from openinspector.cis.checks.windows_policy import RegistrySetting, UserSetting

TARGET: Final = ROOT / "src" / "openinspector" / "agent" / "windows" / "rule_settings.py"
_WIDTH: Final = 120
_HEAD: Final = '''"""Registry values that the CIS rules judge. `python -m scripts.windows.rule_settings` writes this."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
'''


def asked_settings(kind: type[RegistrySetting] | type[UserSetting]) -> Mapping[str, tuple[str, ...]]:
    """Return names of values by key, both sorted; keys that differ only in case are one."""
    found: dict[str, set[str]] = defaultdict(set)
    spelled: dict[str, str] = {}
    for built_in in BENCHMARKS:
        for control in built_in.load().controls:
            for check in control.checks:
                if isinstance(check, kind):
                    found[spelled.setdefault(check.key.casefold(), check.key)].add(check.name)
    return {key: tuple(sorted(found[key])) for key in sorted(found)}


def render_settings() -> str:
    """Return the module's text, as ruff formats it."""
    return _HEAD + _table("RULE_SETTINGS", RegistrySetting) + _table("USER_SETTINGS", UserSetting)


def _table(name: str, kind: type[RegistrySetting] | type[UserSetting]) -> str:
    rows = (_row(json.dumps(key), [json.dumps(name) for name in names]) for key, names in asked_settings(kind).items())
    head = f"\n{name}: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(\n    {{\n"
    return f"{head}{''.join(rows)}    }}\n)\n"


def _row(key: str, names: list[str]) -> str:
    row = f"        {key}: ({', '.join(names)}{',' if len(names) == 1 else ''}),"
    if len(row) <= _WIDTH:
        return f"{row}\n"
    head = f"        {key}: ("
    lines = (head if len(head) <= _WIDTH else f"{head}  # noqa: E501", *(f"            {name}," for name in names))
    return "\n".join((*lines, "        ),\n"))


if __name__ == "__main__":
    TARGET.write_text(render_settings())
    sys.stdout.write(f"{TARGET}\n")
