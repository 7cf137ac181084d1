"""Store the body of a finding as values, once per run, instead of four texts for each finding."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

WORD = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SEVERITIES = ("High", "Medium", "Low", "Informational", "Undefined")
_AGENT, _INSTANCE = "\x01", "{instance}"
_HOST_KEYS = ("INSTANCE_ID", "WAIVE")
_SOURCE = re.compile(r"(.*?)(?: \[([^\[\]]*)\])?", re.DOTALL)
_SIZE = 1000


def upgrade() -> None:
    """Make bodies of the stored texts: issues in the words of their rule."""
    op.create_table(
        "finding_body",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("result_id", NUMBER, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("rules_package", NUMBER, nullable=False),
        sa.Column("rule", NUMBER, nullable=False),
        sa.Column("attributes", WORD, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["result.id"], name="fk_finding_body_result_id"),
        sa.PrimaryKeyConstraint("id", name="pk_finding_body"),
        sa.UniqueConstraint("result_id", "digest", name="uq_finding_body_result_id_digest"),
        sqlite_autoincrement=True,
    )
    op.drop_index("ix_finding_page", "finding")
    op.rename_table("finding", "old_finding")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE old_finding RENAME CONSTRAINT pk_finding TO pk_old_finding")
        op.execute("ALTER TABLE old_finding RENAME CONSTRAINT fk_finding_result_id TO fk_old_finding_result_id")
    op.create_table(
        "finding",
        sa.Column("result_id", NUMBER, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("attributes", WORD, nullable=False),
        sa.Column("user_attributes", WORD, nullable=False),
        sa.Column("agent", NUMBER, nullable=False),
        sa.Column("auto_scaling_group", NUMBER, nullable=True),
        sa.Column("asset", NUMBER, nullable=False),
        sa.Column("body", NUMBER, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["result.id"], name="fk_finding_result_id"),
        sa.PrimaryKeyConstraint("result_id", "id", name="pk_finding"),
    )
    _copy(op.get_bind())
    op.drop_table("old_finding")
    op.create_index("ix_finding_page", "finding", ["position", "created_at", "id"])


def _copy(connection: sa.Connection) -> None:
    """Copy run by run, a thousand findings at a time: a run's findings may be more than memory holds."""
    query = sa.text("SELECT * FROM old_finding WHERE result_id = :r AND id > :id ORDER BY id LIMIT :most")
    for (result_id,) in connection.execute(sa.text("SELECT id FROM result ORDER BY id")).all():
        bodies: dict[tuple[Any, ...], int] = {}
        last = ""
        while rows := connection.execute(query, {"r": result_id, "id": last, "most": _SIZE}).all():
            last = rows[-1].id
            _copy_rows(connection, result_id, rows, bodies)


def _copy_rows(
    connection: sa.Connection, result_id: int, rows: Sequence[sa.Row[Any]], bodies: dict[tuple[Any, ...], int]
) -> None:
    texts = _read_texts(connection, {int(number) for row in rows for number in row.attributes.split()})
    keys = [_key(row, texts) for row in rows]
    new = set(keys) - bodies.keys()
    texts |= _read_texts(connection, {number for key in new for number in key[1:7]})
    for key in sorted(new):
        bodies[key] = _add_body(connection, result_id, key, texts)
    insert = """INSERT INTO finding VALUES (:result_id, :id, :created_at, :updated_at, :attributes,
        :user_attributes, :agent, :auto_scaling_group, :asset, :body, :position)"""
    values = [
        {**row._asdict(), "attributes": _packed(row, texts, of_host=True), "body": bodies[key]}
        for row, key in zip(rows, keys, strict=True)
    ]
    connection.execute(sa.text(insert), values)


def _key(row: sa.Row[Any], texts: Mapping[int, str]) -> tuple[Any, ...]:
    """Return the key of a body: severity, six numbers of texts, and the attributes that are not the host's."""
    numbers = (row.rules_package, row.rule, row.title, row.description, row.recommendation, row.evidence)
    return (row.severity, *numbers, _packed(row, texts, of_host=False))


def _packed(row: sa.Row[Any], texts: Mapping[int, str], *, of_host: bool) -> str:
    chosen = (n for n in row.attributes.split() if _is_of_host(texts[int(n)]) is of_host)
    return " ".join(("", *chosen, ""))


def _is_of_host(attribute: str) -> bool:
    return str(json.loads(attribute)["key"]).startswith(_HOST_KEYS)


def _add_body(connection: sa.Connection, result_id: int, key: tuple[Any, ...], texts: Mapping[int, str]) -> int:
    severity, package, rule, title, description, recommendation, evidence, attributes = key
    body = {
        "kind": "stated_issue",
        "rule_id": json.loads(texts[rule]),
        "severity": _SEVERITIES[severity],
        "title": _words(texts[title]),
        "description": _words(texts[description]),
        "recommendation": _words(texts[recommendation]),
        "evidence": _tree(_words(texts[evidence])),
        "attributes": [json.loads(texts[int(number)]) for number in attributes.split()],
    }
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    row = {
        "result_id": result_id,
        "digest": hashlib.sha256(f"{texts[package]}\n{content}".encode()).digest()[:16],
        "severity": severity,
        "rules_package": package,
        "rule": rule,
        "attributes": attributes,
        "content": content,
    }
    made = """INSERT INTO finding_body (result_id, digest, severity, rules_package, rule, attributes, content)
        VALUES (:result_id, :digest, :severity, :rules_package, :rule, :attributes, :content) RETURNING id"""
    return int(connection.execute(sa.text(made), row).scalar_one())


def _read_texts(connection: sa.Connection, numbers: Iterable[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    wanted = sorted(numbers)
    query = sa.text("SELECT id, body FROM text WHERE id IN :ids").bindparams(sa.bindparam("ids", expanding=True))
    for start in range(0, len(wanted), _SIZE):
        found.update((row.id, row.body) for row in connection.execute(query, {"ids": wanted[start : start + _SIZE]}))
    return found


def _words(body: str) -> str:
    """Return a stored text with the placeholder of texts replaced by that of bodies."""
    return str(json.loads(body.replace(_AGENT, _INSTANCE)))


def _tree(text: str) -> dict[str, Any] | None:
    """Return evidence as a tree; it was stored as text, indented by two spaces a level."""
    stack: list[dict[str, Any]] = []
    for line in text.splitlines():
        depth = (len(line) - len(line.lstrip(" "))) // 2
        statement, source = _SOURCE.fullmatch(line.strip()).groups()  # type: ignore[union-attr]  # it matches any text
        node: dict[str, Any] = {"statement": statement, "source": source or "", "because": []}
        del stack[depth:]
        if stack:
            stack[-1]["because"].append(node)
        stack.append(node)
    return stack[0] if stack else None
