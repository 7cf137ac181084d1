"""Checks without parameters: PAM, SSH and sudo."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openinspector.cis.check import AnyOf, Check
from openinspector.cis.checks.passwords import (
    PamCalls,
    PamOption,
    PamOptionAbsent,
)
from openinspector.cis.checks.settings import (
    SudoDefault,
)
from openinspector.cis.checks.sshd import SshdAccess, SshdSetting, SshdStartups
from openinspector.cis.expectation import AtLeast, Equals, ExcludesAll, Present

_FAILLOCK: Final = "/etc/security/faillock.conf"
_WEAK_CIPHERS: Final = frozenset(
    {
        "3des-cbc",
        "aes128-cbc",
        "aes192-cbc",
        "aes256-cbc",
        "blowfish-cbc",
        "cast128-cbc",
        "arcfour",
        "arcfour128",
        "arcfour256",
        "rijndael-cbc@lysator.liu.se",
        "chacha20-poly1305@openssh.com",
    }
)
_OLD_CIPHERS: Final = _WEAK_CIPHERS - {"chacha20-poly1305@openssh.com"}
_WEAK_MACS: Final = frozenset(
    {
        "hmac-md5",
        "hmac-md5-96",
        "hmac-ripemd160",
        "hmac-sha1-96",
        "umac-64@openssh.com",
        "hmac-md5-etm@openssh.com",
        "hmac-md5-96-etm@openssh.com",
        "hmac-ripemd160-etm@openssh.com",
        "hmac-sha1-96-etm@openssh.com",
        "umac-64-etm@openssh.com",
        "umac-128-etm@openssh.com",
        "hmac-sha1",
        "hmac-sha1-etm@openssh.com",
    }
)
_WEAK_EXCHANGES: Final = frozenset(
    {"diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1"}
)


CHECKS: Final[Mapping[str, Check | tuple[Check, ...]]] = MappingProxyType(
    {
        "pam_pwquality": PamCalls("pam_pwquality.so", ("password",)),
        "pam_faillock": PamCalls("pam_faillock.so", ("auth", "account")),
        "pam_pwhistory": PamCalls("pam_pwhistory.so", ("password",)),
        "pam_unix": PamCalls("pam_unix.so", ("auth", "account", "password", "session")),
        "pam_unix_use_authtok": PamOption("pam_unix.so", "password", "use_authtok", Present()),
        "pam_unix_no_nullok": PamOptionAbsent("pam_unix.so", "nullok"),
        "pam_unix_no_remember": PamOptionAbsent("pam_unix.so", "remember"),
        "pwhistory_use_authtok": PamOption("pam_pwhistory.so", "password", "use_authtok", Present()),
        "faillock_root": AnyOf(
            (
                PamOption("pam_faillock.so", "auth", "even_deny_root", Present(), file=_FAILLOCK),
                PamOption("pam_faillock.so", "auth", "root_unlock_time", AtLeast(60), file=_FAILLOCK),
            ),
            "root is locked out after failed logins too",
        ),
        "faillock_unlock_time": AnyOf(
            (
                PamOption("pam_faillock.so", "auth", "unlock_time", AtLeast(900), file=_FAILLOCK),
                PamOption("pam_faillock.so", "auth", "unlock_time", Equals(("0",)), file=_FAILLOCK),
            ),
            "Accounts stay locked for at least 900 seconds",
        ),
        "sshd_access": SshdAccess(),
        "sshd_startups": SshdStartups(),
        "sshd_banner": SshdSetting("Banner", Present(("none",))),
        "sshd_ciphers": SshdSetting("Ciphers", ExcludesAll(_WEAK_CIPHERS, "weak ciphers")),
        "sshd_no_old_ciphers": SshdSetting("Ciphers", ExcludesAll(_OLD_CIPHERS, "outdated ciphers")),
        "sshd_macs": SshdSetting("MACs", ExcludesAll(_WEAK_MACS, "weak MACs")),
        "sshd_key_exchanges": SshdSetting("KexAlgorithms", ExcludesAll(_WEAK_EXCHANGES, "weak key exchanges")),
        "sudo_use_pty": SudoDefault(
            "sudo runs commands in a terminal of their own",
            r"^Defaults\s.*\buse_pty\b",
            "Write `Defaults use_pty` to /etc/sudoers.d/hardening with visudo.",
        ),
        "sudo_logfile": SudoDefault(
            "sudo writes a log file",
            r"^Defaults\s.*\blogfile\s*=",
            'Write `Defaults logfile="/var/log/sudo.log"` with visudo.',
        ),
        "sudo_passwords": SudoDefault(
            "Every sudo rule asks for a password",
            r"\bNOPASSWD\b",
            "Remove NOPASSWD from the rule with visudo.",
            present=False,
        ),
        "sudo_authenticates": SudoDefault(
            "No sudo rule turns authentication off",
            r"!authenticate\b",
            "Remove `!authenticate` with visudo.",
            present=False,
        ),
        "sudo_timeout": SudoDefault(
            "sudo asks again after at most 15 minutes",
            r"timestamp_timeout\s*=\s*(?:-|1[6-9]|[2-9][0-9]|[0-9]{3,})",
            "Set `Defaults timestamp_timeout=15` or less with visudo.",
            present=False,
        ),
    }
)
