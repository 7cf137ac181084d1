"""`packaging/agent.cfg` shows every key there is, with allowed values, and with the defaults there are."""

import re
from pathlib import Path

from openinspector.agent.settings.settings import READERS, AgentSettings, load_settings

TEMPLATE = Path(__file__).resolve().parents[2] / "packaging" / "agent.cfg"
EXAMPLES = {"endpoint", "ca_file", "proxy", "no_proxy", "update_url", "log_file"}
"""Keys without a default: the template shows what one may look like."""


def shown() -> list[tuple[str, str]]:
    return re.findall(r"^#([a-z_]+) = (.+)$", TEMPLATE.read_text(), re.MULTILINE)


def test_every_key_is_shown_once_in_the_order_of_the_reference() -> None:
    assert [key for key, _ in shown()] == list(READERS)


def test_unedited_template_means_defaults() -> None:
    assert load_settings(TEMPLATE, {}) == AgentSettings()


def test_shown_values_are_valid_defaults() -> None:
    default = AgentSettings()
    for key, text in shown():
        value = READERS[key](text)
        if key not in EXAMPLES:
            assert value == getattr(default, key)


def test_lines_fit_a_terminal_of_110_columns() -> None:
    assert max(map(len, TEMPLATE.read_text().splitlines())) <= 110
