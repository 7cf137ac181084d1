from argparse import Namespace
from pathlib import Path

from openinspector.agent.__main__ import commands, parser
from openinspector.agent.command import Invocation


def test_settings_come_from_the_file_and_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "agent.cfg"
    file.write_text("log_level = debug\nspool_bytes = 2 MiB\n")
    environment = {"OPENINSPECTOR_AGENT_LOG_LEVEL": "error"}
    settings = Invocation(options=Namespace(), settings_file=file, environment=environment).settings()
    assert (settings.log_level, settings.spool_bytes) == ("error", 2 * 2**20)


def test_every_command_is_listed_with_its_title() -> None:
    known = commands()
    help_text = parser(known).format_help()
    assert {"collect", "enrol", "run", "status"} <= set(known)
    assert all(name in help_text for name in known)
