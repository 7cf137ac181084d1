"""The shipped pages are what their source makes, and the first load is small."""

import filecmp
import gzip
import re
import shutil
from pathlib import Path

import pytest
from scripts.console import SOURCE, STATIC, build, source_digest

FIRST_LOAD = 350 * 1000


def test_the_shipped_pages_are_of_this_source() -> None:
    assert (STATIC / "SOURCE").read_text().strip() == source_digest(), "run make console"


def test_first_load_is_within_its_budget() -> None:
    """The page, its script and style, and the parts of the dashboard, compressed."""
    first = re.findall(r"/console/(assets/[^\"]+)", (STATIC / "index.html").read_text())
    dashboard = next((STATIC / "assets").glob("dashboard-*.js"))
    parts = re.findall(r"from\"\./([^\"]+)\"|from`\./([^`]+)`", dashboard.read_text())
    files = {STATIC / name for name in first} | {dashboard} | {STATIC / "assets" / (one or two) for one, two in parts}
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in files}
    assert len(sizes) >= 4
    assert sum(sizes.values()) <= FIRST_LOAD, sizes


def test_no_page_names_another_host_s_script() -> None:
    text = (STATIC / "index.html").read_text()
    assert re.findall(r"(?:src|href)=\"([^\"]+)\"", text)
    assert not re.findall(r"(?:src|href)=\"(?!/console/|data:,)", text)
    assert "<script>" not in text


@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no node here")
@pytest.mark.skipif(not (SOURCE / "node_modules").is_dir(), reason="npm ci was not run in console/")
def test_a_rebuild_is_equal_byte_by_byte(tmp_path: Path) -> None:
    build(tmp_path / "static", install=False)
    compared = filecmp.dircmp(tmp_path / "static", STATIC)
    assert (compared.left_only, compared.right_only, compared.diff_files) == ([], [], [])
    assets = filecmp.dircmp(tmp_path / "static/assets", STATIC / "assets")
    assert (assets.left_only, assets.right_only) == ([], [])
    _, different, errors = filecmp.cmpfiles(
        tmp_path / "static/assets", STATIC / "assets", assets.common_files, shallow=False
    )
    assert (different, errors) == ([], [])
