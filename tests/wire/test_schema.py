import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from openinspector.wire.message import Sha256
from openinspector.wire.pattern import END
from openinspector.wire.schema import schemas

FOLDER = Path(__file__).resolve().parents[2] / "schemas"


@pytest.mark.parametrize("name", sorted(schemas()))
def test_file_agrees_with_the_code(name: str) -> None:
    assert (FOLDER / name).read_bytes() == schemas()[name], f"schemas/{name} is stale: run `make docs`"


def test_no_schema_file_is_left_over() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(schemas())


def test_instructions_are_a_closed_set() -> None:
    document = json.loads(schemas()["instruction.v1.json"])
    kinds = {found["properties"]["kind"]["enum"][0] for found in document["$defs"].values()}
    assert kinds == {"start-collection", "stop-collection", "set-heartbeat-interval", "re-attest"}
    assert all(found["additionalProperties"] is False for found in document["$defs"].values())


def test_every_reference_resolves() -> None:
    for text in schemas().values():
        document = json.loads(text)
        names = set(document["$defs"])
        wanted = {part.split('"')[0] for part in text.decode().split("#/$defs/")[1:]}
        assert wanted <= names


def test_no_text_may_end_in_a_line_break() -> None:
    patterns = {pattern for text in schemas().values() for pattern in patterns_in(json.loads(text))}
    assert len(patterns) > 5
    assert [pattern for pattern in patterns if not pattern.endswith(END)] == []
    digest = msgspec.json.Decoder(Sha256)
    assert digest.decode(b'"' + b"0" * 64 + b'"') == "0" * 64
    with pytest.raises(msgspec.ValidationError):
        digest.decode(b'"' + b"0" * 64 + b'\\n"')


def patterns_in(document: object) -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in document.items():
            if key == "pattern" and isinstance(value, str):
                yield value
            yield from patterns_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from patterns_in(value)
