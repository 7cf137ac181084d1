import pytest
from tests.cis.judging import judge

from openinspector.model.configuration import Mount
from openinspector.model.record import Record

TMP = Mount(path="/tmp", type="tmpfs", options=("rw", "nodev"))


@pytest.mark.parametrize(
    ("name", "records", "expected"),
    [
        ("partition:/tmp", (TMP,), "Satisfied"),
        ("partition:/var", (TMP,), "Violated"),
        ("option:/tmp=nodev", (TMP,), "Satisfied"),
        ("option:/tmp=noexec", (TMP,), "Violated"),
        ("option:/var=nodev", (TMP,), "Inapplicable"),
        ("option:/tmp=nodev", (TMP, Mount(path="/tmp", type="ext4", options=("rw",))), "Violated"),
    ],
)
def test_verdicts(name: str, records: tuple[Record, ...], expected: str) -> None:
    assert judge(name, *records) == expected


def test_an_unread_mount_table_is_unknown() -> None:
    assert judge("partition:/tmp", TMP, incomplete=("mounts",)) == "Unknown"
