"""`benchmark --content`: a host judged by a data stream that the administrator brings."""

import json
import lzma
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.cli.test_benchmark import FACTS
from tests.cli.test_evaluate import lines
from tests.scap.small_stream import stream

from openinspector.cli.main import cli
from openinspector.scap.stream import ContentError


def run(folder: Path, *options: str, content: bytes | None = None, name: str = "small-ds.xml") -> Result:
    facts, file = folder / "facts.json", folder / name
    facts.write_bytes(lines(FACTS))
    file.write_bytes(stream() if content is None else content)
    return CliRunner().invoke(cli, ["benchmark", str(facts), "--content", str(file), *options])


def test_profiles_are_listed(tmp_path: Path) -> None:
    shown = run(tmp_path)
    assert shown.exit_code == 0, shown.output
    assert "strict    3      Strict" in shown.output
    listed = json.loads(run(tmp_path, "--json").output)
    assert [profile["id"] for profile in listed["profiles"]] == ["strict", "stricter"]
    assert listed["leftOut"] == {"fixes": 1, "scripts": 1, "questionnaires": 1}


def test_a_host_is_judged_by_a_profile(tmp_path: Path) -> None:
    shown = run(tmp_path, "--profile", "Strict")
    assert shown.exit_code == 0, shown.output
    assert "0 passed, 0 failed, 2 not known, 0 not applicable, 1 without a check." in shown.output
    assert "Left out of the content: fixes: 1, scripts: 1, questionnaires: 1." in shown.output
    judged = json.loads(run(tmp_path, "--profile", "strict", "--json").output)
    assert judged["counts"]["unknown"] == 2
    assert all(rule["because"] for rule in judged["rules"] if rule["status"] == "unknown")


def test_compressed_content_is_read(tmp_path: Path) -> None:
    assert run(tmp_path, content=lzma.compress(stream()), name="small-ds.xml.xz").exit_code == 0


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--profile", "absent"), "the content has strict, stricter"),
        (("--csv",), "--content"),
        (("--xccdf",), "--content"),
    ],
)
def test_wrong_usage_is_named(options: tuple[str, ...], what: str, tmp_path: Path) -> None:
    refused = run(tmp_path, *options)
    assert refused.exit_code == 2
    assert what in refused.output


@pytest.mark.parametrize(("content", "name"), [(b"<a>", "a.xml"), (b"not xz", "a.xml.xz")])
def test_rejects_a_file_without_content(content: bytes, name: str, tmp_path: Path) -> None:
    assert isinstance(run(tmp_path, content=content, name=name).exception, ContentError)
