import subprocess
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.agent.settings.environment_file import NAMES, parse_environment

PRINT = "".join(f'printf "%s\\0%s\\0" {name} "${{{name}-unset}}"; ' for name in NAMES)


def by_a_shell(text: str) -> Mapping[str, str]:
    """Return the variables as sh, the file's other reader, sets them."""
    done = subprocess.run(
        ["/bin/sh", "-c", f"set -f; . /dev/stdin; {PRINT}"],
        input=text.encode(),
        capture_output=True,
        check=True,
        env={"PATH": "/nowhere"},
        cwd="/",
    )
    parts = done.stdout.decode().split("\0")[:-1]
    return {name: value for name, value in zip(parts[::2], parts[1::2], strict=True) if value != "unset"}


LINES = st.builds(
    "{}{}{}={}{}{}{}".format,
    st.sampled_from(["", " ", "\t"]),
    st.sampled_from(["", "export ", "export\t", "readonly "]),
    st.sampled_from([*NAMES, "PATH", "https_proxy "]),
    st.sampled_from(["", '"', "'"]),
    st.text(st.sampled_from("ab1.:/@%*~[]$`\\;&|<>(){}!#\"' \t=\v\r\u00e4\u2028"), max_size=12),
    st.sampled_from(["", '"', "'"]),
    st.sampled_from(["", " ", " # x", "\r"]),
)


@given(st.lists(st.one_of(LINES, st.sampled_from(["", "# https_proxy=x", "  "])), max_size=4))
@settings(max_examples=200)
def test_accepted_text_agrees_with_a_shell(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        found = parse_environment(text, "agent.env")
    except ValueError:
        return
    assert found == by_a_shell(text)


@given(st.text())
def test_error_names_the_file(text: str) -> None:
    try:
        parse_environment(text, "agent.env")
    except ValueError as error:
        assert str(error).startswith("agent.env:")  # noqa: PT017 - not every text is wrong


@pytest.mark.parametrize(
    "text",
    [
        "export https_proxy=proxy:3128",
        "https_proxy='http://u:p%24@proxy:3128'",
        'no_proxy="a, .b, *.c, [::1], 10.0.0.0/8"',
    ],
)
def test_ordinary_lines_agree_with_a_shell(text: str) -> None:
    assert parse_environment(text, "agent.env") == by_a_shell(text)
