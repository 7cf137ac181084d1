"""Secrets planted where hosts keep them reach no record of any sensor."""

import msgspec
import pytest

from openinspector.agent.registry import sensors
from openinspector.agent.sensor import Sensor
from openinspector.model.system_family import SystemFamily
from openinspector.testing.conformance.sensor import Files, run
from openinspector.testing.fake_host import FakeHost, Node

PASSWORD_HASH = "$6$rounds=5000$plantedsalt$PLANTEDHASHPLANTEDHASHPLANTEDHASH"
PRIVATE_KEY = "PLANTEDKEYb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ"
COMMUNITY = "planted-community"
BOOT_PASSWORD = "grub.pbkdf2.sha512.10000.PLANTEDBOOT"
TOKEN = "planted-token"
PLANTED = (PASSWORD_HASH, "PLANTEDHASH", PRIVATE_KEY, COMMUNITY, "PLANTEDBOOT", TOKEN)

PEM = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{PRIVATE_KEY}\n-----END OPENSSH PRIVATE KEY-----\n"
FILES: Files = {
    "/etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\n",
    "/etc/group": "root:x:0:\nshadow:x:42:\nalice:x:1000:\n",
    "/etc/shadow": Node(
        content=f"root:{PASSWORD_HASH}:19000:0:99999:7:::\nalice:{PASSWORD_HASH}:19000:0:99999:7:::\n".encode(),
        mode=0o600,
    ),
    "/etc/shadow-": Node(content=f"root:{PASSWORD_HASH}:19000:0:99999:7:::\n".encode(), mode=0o600),
    "/etc/gshadow": Node(content=f"shadow:{PASSWORD_HASH}::\n".encode(), mode=0o600),
    "/etc/security/opasswd": Node(content=f"alice:1000:1:{PASSWORD_HASH}\n".encode(), mode=0o600),
    "/etc/ssh/sshd_config": "PermitRootLogin no\n",
    "/etc/ssh/ssh_host_ed25519_key": Node(content=PEM.encode(), mode=0o600),
    "/usr/sbin/sshd": b"\x7fELF\0OpenSSH_9.2p1 Debian-2\0",
    "/home/alice": Node(is_directory=True, mode=0o750, uid=1000, gid=1000),
    "/home/alice/.ssh/id_ed25519": Node(content=PEM.encode(), mode=0o600),
    "/home/alice/.netrc": f"machine example login alice password {TOKEN}\n",
    "/home/alice/.bash_history": f"curl -H 'Authorization: Bearer {TOKEN}'\n",
    "/root/.bashrc": f"export API_TOKEN={TOKEN}\numask 077\n",
    "/etc/profile": f"export PASSWORD={TOKEN}; umask 027\n",
    "/etc/snmp/snmpd.conf": f"rocommunity {COMMUNITY}\n",
    "/etc/rsyslog.conf": f'action(type="omsnmp" community="{COMMUNITY}" server="log.example")\n',
    "/etc/rsyslog.d/20-http.conf": f'action(type="omhttp" uid="bob" pwd="{TOKEN}")\n',
    "/boot/grub/grub.cfg": f"set superusers=root\npassword_pbkdf2 root {BOOT_PASSWORD}\nlinux /vmlinuz audit=1\n",
    "/boot/grub2/user.cfg": f"GRUB2_PASSWORD={BOOT_PASSWORD}\n",
    "/etc/grub.d/40_custom": f"password_pbkdf2 root {BOOT_PASSWORD}\n",
    "/etc/crontab": f"0 1 * * * root backup --password {TOKEN}\n",
    "/etc/cron.d/push": f"0 1 * * * root curl -H 'Authorization: Bearer {TOKEN}' https://x.example\n",
    "/etc/chrony/chrony.conf": "server ntp.example key 1\n",
    "/etc/dnf/dnf.conf": f"gpgcheck=1\npassword={TOKEN}\nproxy_password={TOKEN}\n",
    "/etc/yum.repos.d/site.repo": f"[site]\nbaseurl=https://bob:{TOKEN}@repo.example/\ngpgcheck=1\n",
    "/etc/postfix/main.cf": f"smtp_sasl_password_maps = static:{TOKEN}\ninet_interfaces = loopback-only\n",
    "/etc/pam.d/common-auth": f"auth required pam_radius_auth.so secret={TOKEN}\nauth required pam_unix.so\n",
    "/etc/sudoers.d/ldap": f"Defaults passprompt=x\n# bindpw {TOKEN}\n",
    "/etc/systemd/system/job.service": f"[Service]\nEnvironment=TOKEN={TOKEN}\nExecStart=/bin/job\n",
    "/etc/systemd/journal-upload.conf": f"[Upload]\nURL=https://bob:{TOKEN}@log.example\n",
}
"""Every place of this list is one that a sensor reads, lists or passes by."""

LINUX = [sensor for sensor in sensors().values() if SystemFamily.LINUX in sensor.systems]


@pytest.mark.parametrize("sensor", LINUX, ids=lambda sensor: sensor.name)
def test_no_record_holds_a_planted_secret(sensor: Sensor) -> None:
    records, status = run(sensor, FakeHost(FILES))
    sent = msgspec.json.encode([records, status]).decode()
    assert [secret for secret in PLANTED if secret in sent] == []


def test_the_files_are_those_that_sensors_read() -> None:
    """Else the test above would pass because nothing is read."""
    host = FakeHost(FILES)
    for sensor in LINUX:
        run(sensor, host)
    for path in ("/etc/shadow", "/etc/rsyslog.conf", "/boot/grub/grub.cfg", "/root/.bashrc", "/etc/crontab"):
        assert path in host.reads
