import pytest

from openinspector.cis.heading import heading


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (("a is 0",), "a is 0"),
        (("a is 0", "a is 0"), "a is 0"),
        (("a is 0", "b is 0"), "a and b are 0"),
        (("a is 0", "b is 0", "c is 1"), "a and b are 0; c is 1"),
        (("Changes of /a, /b are audited", "Changes of /c are audited"), "Changes of /a, /b and /c are audited"),
        (("Every file has a group", "Every file has an owner"), "Every file has a group; every file has an owner"),
        (("x or y is installed", "z is installed"), "x or y is installed; z is installed"),
        (("su asks", "PAM calls a module", "UMASK of x is 1"), "su asks; PAM calls a module; UMASK of x is 1"),
        (
            ("cups is not installed", "cups.service does not start"),
            "cups is not installed; cups.service does not start",
        ),
    ],
)
def test_one_line_for_several_titles(titles: tuple[str, ...], expected: str) -> None:
    assert heading(titles) == expected
