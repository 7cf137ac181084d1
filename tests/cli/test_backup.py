"""The commands of docs/howto/back-up-and-restore.md, with an installation on SQLite."""

import json
import shutil
from pathlib import Path

from tests.cli.conftest import Command

from openinspector.cli.serve import settings_from
from openinspector.service.store_access import open_access_keys, open_shared_secrets, open_stores
from openinspector.service.stores.engine import open_engine


def test_backup_and_restore_into_a_new_data_folder(command: Command, tmp_path: Path) -> None:
    before, after, backup = tmp_path / "before", tmp_path / "after", str(tmp_path / "backup")
    stores = open_stores(settings_from(before))
    open_shared_secrets(stores).check()
    open_engine(settings_from(before).workflow_database).dispose()
    made = open_access_keys(stores).create("alice", ("inspector:*",))
    assert command("admin", "--data-dir", str(before), "backup", backup).status == 0
    assert command("admin", "--data-dir", str(before), "backup", backup).status == 1
    after.mkdir()
    shutil.copy(before / "keys.json", after)
    shutil.copytree(before / "objects", after / "objects")
    restored = command("admin", "--data-dir", str(after), "restore", backup, "--json")
    assert restored.status == 0, restored
    assert json.loads(restored.out)["absentObjects"] == []
    opened = open_access_keys(open_stores(settings_from(after))).secret_of(made.id)
    assert opened is not None
    assert opened[0] == made.secret


def test_lost_telemetry_fails_the_command(command: Command, tmp_path: Path) -> None:
    before, after, backup = tmp_path / "before", tmp_path / "after", str(tmp_path / "backup")
    stores = open_stores(settings_from(before))
    open_shared_secrets(stores).check()
    open_engine(settings_from(before).workflow_database).dispose()
    stores.objects.put("telemetry/run/1", b"sealed")
    shown = command("admin", "--data-dir", str(before), "backup", backup, "--json")
    assert json.loads(shown.out)["objects"] == 1
    after.mkdir()
    shutil.copy(before / "keys.json", after)
    restored = command("admin", "--data-dir", str(after), "restore", backup)
    assert restored.status == 1
    assert "telemetry/run/1" in restored.out
