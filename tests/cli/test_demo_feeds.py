from pathlib import Path

import pytest

from openinspector.cli import demo_feeds
from openinspector.cli.demo_feeds import sync_for_this_host
from openinspector.service.settings import Settings
from openinspector.service.worker.feed_sync import known_feeds


@pytest.mark.parametrize("text", ["ID=nosuch\n", "NAME=x\n", None])
def test_host_without_a_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    path = tmp_path / "os-release"
    if text is not None:
        path.write_text(text)
    monkeypatch.setattr(demo_feeds, "_OS_RELEASE", path)
    (line,) = sync_for_this_host(Settings(data_dir=tmp_path), 1, lambda _: None)
    assert "No feed covers" in line


def test_vendor_first_and_archive_has_a_longer_limit() -> None:
    requests = demo_feeds._requests("debian", known_feeds(), 10)
    assert [name for name, _ in requests][:2] == ["debian", "debian_archive"]
    assert [request.seconds for _, request in requests][:2] == [10, None]
    assert next(name for name, _ in demo_feeds._requests("almalinux", known_feeds(), 10)) == "almalinux"
