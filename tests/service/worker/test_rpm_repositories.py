from pathlib import Path

import pytest

from openinspector.feed import Document
from openinspector.feeds.updateinfo import FEED as UPDATEINFO
from openinspector.service.worker.rpm_repositories import RpmRepo, parse_repos, read_repos, read_variables, repo_roots

VARIABLES = {"releasever": "9", "basearch": "x86_64"}
FILE = """
[baseos]
name=BaseOS
baseurl=https://mirror.example/$releasever/BaseOS/${basearch}/os/
enabled=1

[appstream]
mirrorlist=https://mirrors.example/?release=$releasever&repo=AppStream
# no enabled line: it is

[debug]
baseurl=https://mirror.example/debug
enabled=0

[extra]
baseurl=https://mirror.example/$awsregion/extra
          https://second.example/extra
"""


def test_enabled_repositories_with_variables_filled_in() -> None:
    assert list(parse_repos(FILE, VARIABLES)) == [
        RpmRepo(id="baseos", base_urls=("https://mirror.example/9/BaseOS/x86_64/os/",)),
        RpmRepo(id="appstream", mirror_list="https://mirrors.example/?release=9&repo=AppStream"),
        RpmRepo(id="extra", base_urls=("https://second.example/extra",)),
    ]


def test_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.repo").write_text(FILE)
    (tmp_path / "b.repo").write_bytes(b"\xff\xfe no section")
    (tmp_path / "c.txt").write_text("[x]\nbaseurl=https://x.example/")
    repos = read_repos(VARIABLES, (tmp_path, tmp_path / "absent"))
    assert [repo.id for repo in repos] == ["baseos", "appstream", "extra"]
    assert [source.name for source in repo_roots(repos)] == [
        "baseos/repomd.xml",
        "extra/repomd.xml",
        "appstream/mirrors",
    ]


@pytest.mark.parametrize("text", ["", "no section", "[a", "[a]\n  continued", "[a]\nbaseurl"])
def test_invalid_texts_have_no_repositories(text: str) -> None:
    assert list(parse_repos(text, {})) == []


def test_variables_that_a_host_defines_in_files(tmp_path: Path) -> None:
    dnf, yum = tmp_path / "dnf", tmp_path / "yum"
    dnf.mkdir()
    yum.mkdir()
    (dnf / "rltype").write_text("-beta\nmore\n")
    (dnf / "not-a-name").write_text("x")
    (yum / "rltype").write_text("older")
    (yum / "awsregion").write_text("eu-central-1\n")
    assert read_variables((dnf, yum, tmp_path / "absent")) == {"rltype": "-beta", "awsregion": "eu-central-1"}


def test_an_index_of_a_repository_with_repo_gpgcheck_has_to_be_signed() -> None:
    text = (
        "[a]\nbaseurl=https://m.example/a\nrepo_gpgcheck=1\ngpgkey=file:///etc/pki/KEY-$releasever https://x.example/K\n"
        "[b]\nmirrorlist=https://m.example/list\nrepo_gpgcheck=1\ngpgkey=file:///etc/pki/B\n"
        "[c]\nbaseurl=https://m.example/c\ngpgcheck=1\ngpgkey=file:///etc/pki/C\n"
    )
    roots = repo_roots(tuple(parse_repos(text, VARIABLES)))
    assert [(root.name, root.signature, root.keyrings) for root in roots] == [
        ("a/repomd.xml", "https://m.example/a/repodata/repomd.xml.asc", ("/etc/pki/KEY-9",)),
        ("c/repomd.xml", "", ()),
        ("b/mirrors", "", ("/etc/pki/B",)),
    ]
    listed = Document(source=roots[2], content=b"https://a.example/os/\n")
    (index,) = UPDATEINFO.follow(listed)
    assert (index.signature, index.keyrings) == ("https://a.example/os/repodata/repomd.xml.asc", ("/etc/pki/B",))
