from dataclasses import replace

import pytest

from openinspector.engine.rule import NotApplicable, Unable
from openinspector.engine.sshd import ORDINARY_USER, ROOT, configurations_for, set_to, setting, sshd_of, unknown_setting
from openinspector.model.inventory import SshdConfiguration, SshdConnection
from openinspector.testing.fact_builders import host, sshd, troubled

SSHD = sshd({"usepam": "yes"}, sources={"usepam": "/etc/ssh/sshd_config:7"})


def test_server_is_present_absent_or_unknown() -> None:
    assert sshd_of(host(SSHD)) == SSHD
    assert isinstance(sshd_of(host()), NotApplicable)
    assert isinstance(sshd_of(host(SshdConfiguration(installed=False))), NotApplicable)
    assert isinstance(sshd_of(troubled(host(SSHD), "sshd_configuration", "unread")), Unable)


def test_a_setting_has_its_line_or_is_a_default() -> None:
    assert setting(SSHD, "UsePAM").source == "/etc/ssh/sshd_config:7"
    assert setting(SSHD, "PermitRootLogin").statement == "PermitRootLogin is no, the default of OpenSSH 9.2p1"
    assert setting(sshd(version=""), "UsePAM").statement == "UsePAM is yes, the default"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("/etc/ssh/sshd_config:7", "Change line 7 of /etc/ssh/sshd_config to `UsePAM no`."),
        ("", "Write `UsePAM no` in /etc/ssh/sshd_config, before any Match block."),
        ("command line", "Write `UsePAM no` in /etc/ssh/sshd_config, before any Match block."),
    ],
)
def test_advice_names_the_file(source: str, sentence: str) -> None:
    assert set_to(sshd(sources={"usepam": source}), "UsePAM", "no") == sentence


def test_an_unknown_value_is_shown_with_its_place() -> None:
    odd = sshd({"usepam": "si"}, sources={"usepam": "/etc/ssh/sshd_config:7"})
    assert unknown_setting("UsePAM", odd).reason == (
        "UsePAM has the value 'si', which sshd does not know (/etc/ssh/sshd_config:7)."
    )
    assert unknown_setting("Protocol", odd).reason == "Protocol is not known."


def test_without_connections_the_values_hold_for_everyone() -> None:
    assert configurations_for(SSHD, ROOT) == configurations_for(SSHD, ORDINARY_USER) == (SSHD,)


def test_root_has_only_the_configurations_sent_for_root() -> None:
    at = "/etc/ssh/sshd_config:9"
    connections = (
        SshdConnection(user="", ip_version=6, values={"usepam": "no"}),
        SshdConnection(user="root", ip_version=4, values={"permitrootlogin": "yes"}, sources={"permitrootlogin": at}),
    )
    singled_out = replace(SSHD, connections=connections)
    (root,) = configurations_for(singled_out, ROOT)
    assert (root.values["permitrootlogin"], root.values["usepam"]) == ("yes", "yes")
    assert root.sources == {"usepam": "/etc/ssh/sshd_config:7", "permitrootlogin": at}
    ordinary = configurations_for(singled_out, ORDINARY_USER)
    assert [(each.values["usepam"], each.sources) for each in ordinary] == [("yes", SSHD.sources), ("no", {})]
