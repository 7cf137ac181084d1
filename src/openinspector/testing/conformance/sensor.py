"""The suite for every sensor: the test class of a sensor inherits it and provides a healthy host."""

import ast
import errno
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.agent.collection.collection import collect_one
from openinspector.agent.host import MAX_FILE_BYTES, Host
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.model.inventory import SensorState, SensorStatus
from openinspector.model.record import Record
from openinspector.testing.fake_host import FakeHost, FakeSystem, Node
from openinspector.testing.hostile_host import EndlessHost, RacingHost
from openinspector.wire.codec import decode_message, encode_record
from openinspector.wire.record_kind import RECORD_KINDS

Files = Mapping[str, bytes | str | Node]

_LARGE: Final = 256 * 1024
_STRANGE: Final = {
    "nothing": b"",
    "one NUL": b"\0",
    "NULs": bytes(4096),
    "no UTF-8": b"\xff\xfe\x80\n" * 1024,
    "every byte": bytes(range(256)) * 16,
    "a very long line": b"a" * _LARGE,
    "very many lines": b"\n" * _LARGE,
    "very many words": b"a b=c:d " * (_LARGE // 8),
    "deep brackets": b"[" * 65536 + b"{" * 65536,
    "far numbers": b"9" * 5000 + b":" + b"9" * 5000 + b"\n",
}
_HUGE: Final = bytes(MAX_FILE_BYTES + 1)
_RACES: Final = (errno.ENOENT, errno.ENOTDIR, errno.ESRCH, errno.EACCES, errno.EIO, errno.EINVAL)
_TRAPS: Final = ("a pipe", "a loop", "a link out", "a huge sparse file", "a folder")
_OUTSIDE: Final = "outside-the-root"
_EMPTY: Final = FakeSystem(uname=("", "", "", ""))
_ALLOWED: Final = {*sys.stdlib_module_names, "msgspec", "openinspector"}
_FUZZ: Final = settings(max_examples=25, deadline=None)


def run(sensor: Sensor, host: Host) -> tuple[list[Record], SensorStatus]:
    """Return what one collection of ``sensor`` over ``host`` sends: the records, and the status that ends it."""
    *records, status = collect_one(sensor, host, lambda: 0.0)
    assert isinstance(status, SensorStatus)
    assert len(records) <= sensor.max_records
    return records, status


class SensorConformance:
    """The suite. Override the fixtures ``sensor``, ``files`` (and ``system``) with a host that has all its records."""

    decorations: tuple[str, ...] = ()
    """Prefixes of paths that only add to a record: without them, the record is sent and the status is OK."""

    @pytest.fixture
    def sensor(self) -> Sensor:
        """Return the sensor under test."""
        raise NotImplementedError

    @pytest.fixture
    def files(self) -> Files:
        """Return the files of a healthy host."""
        raise NotImplementedError

    @pytest.fixture
    def system(self) -> FakeSystem:
        """Return the parts of the healthy host that are not files."""
        return FakeSystem()

    def test_healthy_host_is_read_completely(self, sensor: Sensor, files: Files, system: FakeSystem) -> None:
        """It has records of the declared kinds, the same each time, and an OK status."""
        records, status = run(sensor, FakeHost(files, system))
        assert status.state is SensorState.OK, status.details
        assert records
        assert {type(record) for record in records} == set(sensor.records)
        assert run(sensor, FakeHost(files, system)) == (records, status)
        assert_sendable(records)

    def test_records_are_registered_on_the_wire(self, sensor: Sensor) -> None:
        """The service can decode each declared kind, and counts it under a message type."""
        assert sensor.records
        for kind in sensor.records:
            assert RECORD_KINDS.get(kind.__name__) is kind, f"the wire does not know {kind.__name__}"
            assert kind.MESSAGE_TYPE

    def test_empty_host_has_no_records(self, sensor: Sensor) -> None:
        """The status says so in a sentence."""
        records, status = run(sensor, FakeHost({}, _EMPTY))
        assert (records, status.state) == ([], SensorState.NOT_APPLICABLE)
        assert all(detail.endswith(".") for detail in status.details)
        assert status.details

    def test_an_unreadable_file_is_reported(self, sensor: Sensor, files: Files, system: FakeSystem) -> None:
        whole, _ = run(sensor, FakeHost(files, system))
        for path in files:
            damaged = {**files, path: Node(unreadable=True, mode=0)}
            records, status = run(sensor, FakeHost(damaged, system))
            assert status.state is not SensorState.FAILED, (path, status.details)
            if not path.startswith(self.decorations or "\0"):
                assert records == whole or status.state is SensorState.PARTIAL, path
            assert_sendable(records)

    def test_sends_partial_data_without_root(self, sensor: Sensor, files: Files, system: FakeSystem) -> None:
        hidden = {path: _with_mode(node) for path, node in files.items()}
        records, status = run(sensor, FakeHost(hidden, replace(system, is_root=False)))
        assert status.state is not SensorState.FAILED, status.details
        assert_sendable(records)

    @pytest.mark.parametrize("content", _STRANGE.values(), ids=_STRANGE)
    def test_strange_content_does_not_crash(
        self, sensor: Sensor, files: Files, system: FakeSystem, content: bytes
    ) -> None:
        for damaged in _damaged(files, content):
            records, status = run(sensor, FakeHost(damaged, system))
            assert status.state is not SensorState.FAILED, status.details
            assert_sendable(records)

    @pytest.mark.parametrize(
        "node",
        [
            Node(is_directory=True, mode=0o755),
            Node(is_device=True),
            Node(link="/no/such/file"),
            Node(link="/a/loop"),
            Node(content=_HUGE),
        ],
        ids=["a directory", "a device", "a dangling link", "a loop of links", "a huge file"],
    )
    def test_special_files_do_not_crash(self, sensor: Sensor, files: Files, system: FakeSystem, node: Node) -> None:
        for path in files:
            damaged = {**files, path: node, "/a/loop": Node(link="/a/loop")}
            records, status = run(sensor, FakeHost(damaged, system))
            assert status.state is not SensorState.FAILED, (path, status.details)
            assert_sendable(records)

    def test_names_outside_utf8_do_not_crash(self, sensor: Sensor, files: Files, system: FakeSystem) -> None:
        more = {f"{path}\udcff": node for path, node in files.items()}
        records, status = run(sensor, FakeHost({**files, **more}, system))
        assert status.state is not SensorState.FAILED, status.details
        assert_sendable(records)

    def test_damaged_content_does_not_crash(self, sensor: Sensor, files: Files, system: FakeSystem) -> None:
        contents = {path: content for path, node in files.items() if (content := _content(node))}

        @_FUZZ
        @given(st.data())
        def check(data: st.DataObject) -> None:
            path = data.draw(st.sampled_from(sorted(contents)))
            content = contents[path]
            start = data.draw(st.integers(0, len(content)))
            end = data.draw(st.integers(start, len(content)))
            damaged = {**files, path: content[:start] + data.draw(st.binary(max_size=64)) + content[end:]}
            records, status = run(sensor, FakeHost(damaged, system))
            assert status.state is not SensorState.FAILED, (path, status.details)
            assert_sendable(records)

        if contents:
            check()

    def test_changing_host_does_not_crash(self, sensor: Sensor, files: Files, system: FakeSystem) -> None:

        @_FUZZ
        @given(st.dictionaries(st.integers(0, 200), st.sampled_from(_RACES), max_size=40))
        def check(failures: dict[int, int]) -> None:
            records, status = run(sensor, RacingHost(files, system, failures))
            assert status.state is not SensorState.FAILED, status.details
            assert_sendable(records)

        check()

    @pytest.mark.parametrize("code", _RACES, ids=errno.errorcode.get)
    def test_any_call_may_fail(self, sensor: Sensor, files: Files, system: FakeSystem, code: int) -> None:
        """The first hundred calls, one at a time."""
        for number in range(100):
            records, status = run(sensor, RacingHost(files, system, {number: code}))
            assert status.state is not SensorState.FAILED, (number, status.details)
            assert_sendable(records)

    def test_endless_folders_terminate(self, sensor: Sensor, files: Files, system: FakeSystem) -> None:
        """The sensor stops at its own limit, or when its time is up."""
        host = EndlessHost(files, system)
        *records, status = collect_one(sensor, host, host.clock)
        assert isinstance(status, SensorStatus)
        assert status.state is not SensorState.FAILED, status.details
        assert host.seconds <= sensor.max_seconds + 1
        assert_sendable(records)

    @pytest.mark.parametrize("kind", _TRAPS)
    def test_hostile_folder_does_not_crash(self, sensor: Sensor, files: Files, kind: str, tmp_path: Path) -> None:
        """A pipe, a loop, a link out of the root, a huge sparse file or a folder in place of each file."""
        root = tmp_path / "root"
        (tmp_path / "outside").write_text(f"{_OUTSIDE}:x:0:0::/{_OUTSIDE}:/bin/sh\n")
        root.mkdir()
        places = _write_out(files, root)
        for place in places:
            content = _set_trap(place, kind, tmp_path / "outside")
            records, status = run(sensor, LocalHost(str(root)))
            assert status.state is not SensorState.FAILED, (place, status.details)
            assert _OUTSIDE not in msgspec.json.encode(records).decode()
            _put_back(place, content)

    def test_imports_only_what_an_agent_has(self, sensor: Sensor) -> None:
        """That is the standard library, msgspec, and the agent and model of this project."""
        module = sys.modules[sensor.collect.__module__]
        assert module.__file__
        for name in _imports(ast.parse(Path(module.__file__).read_text())):
            assert name.partition(".")[0] in _ALLOWED, name
            if name.startswith("openinspector"):
                assert name.split(".")[1] in ("agent", "model"), name
                assert not name.startswith("openinspector.agent.sensors"), name


def _write_out(files: Files, root: Path) -> list[Path]:
    """Write ``files`` below a folder; return the paths of regular files."""
    places = []
    for path, node in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(node, Node) or not (node.link or node.is_directory or node.is_device):
            place.write_bytes(_content(node))
            places.append(place)
        elif node.link:
            place.symlink_to(node.link)
        else:
            place.mkdir(exist_ok=True)
    return places


def _set_trap(place: Path, kind: str, outside: Path) -> bytes:
    """Replace a file by a trap; return the file's content."""
    content = place.read_bytes()
    place.unlink()
    if kind == "a pipe":
        os.mkfifo(place)
    elif kind == "a loop":
        place.symlink_to(place.name)
    elif kind == "a link out":
        up = "../" * len(place.parts)
        place.symlink_to(f"{up}{outside}")
    elif kind == "a folder":
        place.mkdir()
    else:
        with place.open("wb") as sparse:
            sparse.truncate(2**40)
    return content


def _put_back(place: Path, content: bytes) -> None:
    if place.is_dir() and not place.is_symlink():
        place.rmdir()
    else:
        place.unlink()
    place.write_bytes(content)


def assert_sendable(records: list[Record]) -> None:
    """Assert that each record can be encoded and decodes to the same."""
    for record in records:
        assert decode_message(encode_record("any", record)) == record


def _damaged(files: Files, content: bytes) -> Iterator[Files]:
    for path, node in files.items():
        yield {**files, path: content}
        own = _content(node)
        if own:
            yield {**files, path: own + content}


def _content(node: bytes | str | Node) -> bytes:
    if isinstance(node, Node):
        return node.content
    return node.encode() if isinstance(node, str) else node


def _with_mode(node: bytes | str | Node) -> Node:
    return node if isinstance(node, Node) else Node(content=_content(node), mode=0o600)


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
