import pytest

from openinspector.model.pwquality import effective_value


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("minlen", "5", "6"),
        ("minlen", "14", "14"),
        ("minclass", "5", "4"),
        ("minclass", "-1", "-1"),
        ("dcredit", " 7", "7"),
        ("dcredit", "7 ", None),
        ("dcredit", "", None),
        ("dcredit", "9" * 5000, None),
        ("badwords", "a b", "a b"),
        ("enforce_for_root", "0", ""),
        ("minlength", "14", None),
    ],
)
def test_values(name: str, value: str, expected: str | None) -> None:
    assert effective_value(name, value) == expected
