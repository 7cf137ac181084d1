from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.agent.windows.security_policy_file import SecurityPolicyError, parse_security_policy
from openinspector.testing.windows_documents import render_security_policy

POLICY = {
    "System Access": {"MinimumPasswordLength": "14", "NewAdministratorName": '"Administrator"'},
    "Event Audit": {"AuditLogonEvents": "3"},
    "Registry Values": {r"MACHINE\System\CurrentControlSet\Control\Lsa\LimitBlankPasswordUse": "4,1"},
    "Privilege Rights": {"SeNetworkLogonRight": "*S-1-5-32-544,*S-1-5-11"},
}
WORDS = st.text(st.sampled_from("abcXYZ\\_1 "), min_size=1, max_size=20).map(str.strip).filter(bool)


def test_the_sections_of_an_export() -> None:
    found = parse_security_policy(render_security_policy(POLICY))
    assert found["System Access"] == {"MinimumPasswordLength": "14", "NewAdministratorName": "Administrator"}
    assert found["Privilege Rights"] == POLICY["Privilege Rights"]
    assert found["Registry Values"] == POLICY["Registry Values"]


@settings(deadline=None)
@given(st.dictionaries(WORDS.filter(lambda name: name not in ("Version", "Unicode")), st.dictionaries(WORDS, WORDS)))
def test_rendered_data_is_read_back(sections: dict[str, dict[str, str]]) -> None:
    found = parse_security_policy(render_security_policy(sections))
    assert {name: found[name] for name in sections} == sections


def test_unsupported_areas_are_ignored() -> None:
    text = '[Version]\nsignature="$CHICAGO$"\n; a comment\n[File Security]\n"%SystemRoot%",2,"D:AR(A;OICI;GA;;;BA)"\n'
    assert parse_security_policy(text.encode())["File Security"] == {}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a security policy"),
        (b"a=b\n", "line 1: a line before"),
        (b"[System Access]\na=b\n", "not a security policy"),
        (b"\xff\xfea", "not text"),
        (b"\xff", "not text"),
        (bytes(5 * 1024 * 1024), "larger than"),
    ],
)
def test_other_data_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(SecurityPolicyError, match=message):
        parse_security_policy(data)


@settings(deadline=None)
@given(st.binary(max_size=40), st.integers(0, 600))
def test_damage_is_an_error_or_another_policy(damage: bytes, start: int) -> None:
    whole = render_security_policy(POLICY)
    with suppress(SecurityPolicyError):
        parse_security_policy(whole[:start] + damage + whole[start + len(damage) :])
