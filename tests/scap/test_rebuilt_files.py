"""Files that are rebuilt from what the agent sends."""

from dataclasses import replace

from tests.scap.small_stream import RECORDS, SYSTEM, facts

from openinspector.model.inventory import (
    PamConfiguration,
    PamModule,
    SensorState,
    SensorStatus,
    SshdConfiguration,
)
from openinspector.scap.rebuilt_files import rebuilt_files, rebuilt_patterns

SSHD = SshdConfiguration(
    installed=True,
    values={"permitrootlogin": "no", "maxauthtries": "6"},
    sources={"permitrootlogin": "/etc/ssh/sshd_config.d/a.conf:2"},
)
PAM = PamConfiguration(
    modules=(
        PamModule(service="su", facility="auth", control="required", module="pam_wheel.so", source="/etc/pam.d/su:1"),
    )
)


def test_settings_stand_in_the_file_and_line_that_set_them() -> None:
    host = facts(SSHD, PAM, SYSTEM, RECORDS["user"], RECORDS["group"])
    read = {name: SensorStatus(sensor=name, state=SensorState.OK, records=1) for name in ("sshd_configuration", "pam")}
    host = replace(host, sensors={**host.sensors, **read})
    assert rebuilt_files(host) == {
        "/proc/sys/kernel/osrelease": "6.1.0\n",
        "/etc/passwd": "root:x:0:0::/root:/bin/bash\n",
        "/etc/group": "adm:x:4:a,b\n",
        "/etc/ssh/sshd_config.d/a.conf": "\npermitrootlogin no\n",
        "/etc/pam.d/su": "auth required pam_wheel.so\n",
    }
    assert "/etc/ssh/sshd_config" in rebuilt_patterns(host)


def test_nothing_is_rebuilt_from_facts_that_are_not_whole() -> None:
    assert rebuilt_files(facts(SSHD, PAM, RECORDS["user"], unread=("accounts",))) == {}
    assert rebuilt_patterns(facts(SSHD, unread=("accounts",))) == ()
