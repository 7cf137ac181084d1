import ast
import subprocess
from pathlib import Path

import pytest
from scripts.english import (
    Prose,
    main,
    markdown_prose,
    name_violations,
    prose_violations,
    python_prose,
    repeated_classes,
    violations,
)


def phrases(text: str) -> list[str]:
    return [each.found for each in prose_violations("a.py", [Prose(line=1, text=text)])]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Say whether the agent is healthy.", ["Say whether"]),
        ("Remove old rows; says of how many.", ["says of how many"]),
        ("Subscribers are told\nof it.", ["told"]),
        ("None where there is none.", ["where there is none"]),
        ("A link is no folder.", ["is no folder"]),
        ("A rule of ours.", ["of ours"]),
        ("Its bytes, decompressed by nobody yet.", ["by nobody"]),
        ("What was lost is counted.", ["What was", "What w"]),
        ("Sent again, because what is lost stays lost.", ["because what is"]),
        ("What a package has to do with the kernel.", ["What a"]),
        ("Return the key; StoreError where it is damaged.", ["StoreError where"]),
        ("Unreadable files are as good as absent.", ["as good as"]),
    ],
)
def test_a_banned_phrase_is_found(text: str, found: list[str]) -> None:
    assert phrases(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Return True if the agent is healthy.",
        "None if there is no such file.",
        "If there\n    is no file, return None.",
        "The key is no longer valid.",
        "What is a rules package? A set of rules.",
        "Print what is missing.",
        "What if the disk is full?",
    ],
)
def test_plain_english_passes(text: str) -> None:
    assert phrases(text) == []


def test_line_numbers_point_at_the_phrase() -> None:
    source = '"""A module.\n\nAgents are\ntold.\n"""\n\n# A comment that\n# is no comment.\nx = "told"\n'
    found = prose_violations("a.py", python_prose(source))
    assert sorted((each.line, each.found) for each in found) == [(4, "told"), (8, "is no comment"), (9, "told")]


def test_code_and_headings_of_markdown_are_not_prose() -> None:
    source = "# What a run is\n\n`told` and\n```\ntold\n```\n| What | told |\n| --- | --- |\n- told\n"
    found = prose_violations("a.md", markdown_prose(source))
    assert [(each.line, each.found) for each in found] == [(7, "told"), (9, "told")]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def is_standing(): ...", ["is_standing"]),
        ("class AdvisoryShelf: ...", ["AdvisoryShelf"]),
        ("def f(news): ...", ["news"]),
        ("run.has_news", ["has_news"]),
        ("_PATIENCE_SECONDS = 1", ["_PATIENCE_SECONDS"]),
        ("f(spare=1)", ["spare"]),
        ("from a.take_up import b", ["a_take_up"]),
        ("outstanding = newsletter = sparse = 1", []),
    ],
)
def test_private_words_are_found_in_names(code: str, found: list[str]) -> None:
    assert [each.found for each in name_violations("a.py", ast.parse(code))] == found


@pytest.mark.parametrize(
    "name",
    [
        "test_what_is_no_document_is_refused",
        "test_who_drips_is_given_up",
        "test_a_key_nobody_made",
        "test_the_first_key_whoever_sends_it",
        "test_text_around_the_signature_is_not_believed",
        "test_an_answer_for_another_key_is_no_answer",
        "test_a_path_that_is_none",
        "test_nothing_where_there_is_none",
        "test_a_run_that_is_not_there",
        "test_an_agent_says_so",
        "test_a_missing_bucket_is_said",
        "test_a_record_comes_back",
        "test_a_folder_of_its_own",
        "test_reports_go_with_their_run",
        "test_one_failure_holds_up_nothing",
        "test_a_link_is_good_for_an_hour",
        "test_it_is_described_all_the_same",
    ],
)
def test_translated_test_names_are_found(name: str) -> None:
    assert [each.found for each in name_violations("a.py", ast.parse(f"def {name}(): ..."))] == [name]


@pytest.mark.parametrize(
    "code",
    [
        "def test_rejects_invalid_documents(): ...",
        "def test_key_is_no_longer_valid(): ...",
        "def test_record_round_trip(): ...",
        "def what_is_no_test(): ...",
    ],
)
def test_plain_test_names_pass(code: str) -> None:
    assert list(name_violations("a.py", ast.parse(code))) == []


def test_a_class_name_means_one_class() -> None:
    sources = {"a.py": "class Host: ...\nclass _Row: ...", "b.py": "class Host: ...\nclass _Row: ...\nclass Agent: ..."}
    assert [(each.path, each.found) for each in repeated_classes(sources)] == [
        ("a.py", "class Host"),
        ("b.py", "class Host"),
    ]


def test_the_files_of_a_checkout_are_read(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "a.py").write_text("# told\n")
    (tmp_path / "a.bin").write_bytes(b"told")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("told\n")
    assert [each.path for each in violations(tmp_path)] == ["a.py", "docs/a.md"]
    assert [each.path for each in violations(tmp_path, ["docs"])] == ["docs/a.md"]


def test_reporting_does_not_fail_and_checking_does(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = ["no/such/folder"]
    assert main(["--check", *nothing]) == 0
    assert main(["--count", *nothing]) == 0
    assert "0 in all" in capsys.readouterr().err
