"""`SqlFindingStore`: findings and exclusions in SQL."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, Engine, bindparam, delete, func, select, update

from openinspector.engine.run_summary import BodyHosts
from openinspector.garbage import no_garbage
from openinspector.model.arn import ExclusionArn, FindingArn, RulesPackageArn, RunArn, run_of
from openinspector.model.exclusion import Exclusion
from openinspector.model.finding import Attribute, Finding, Severity
from openinspector.service.ports.finding_store import FindingFilter, MatchCounts
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.stores.columns import to_micros
from openinspector.service.stores.dialect import insert_new
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.finding_schema import FINDING, FINDING_BODY, RESULT
from openinspector.service.stores.findings.bits import move_user_attributes
from openinspector.service.stores.findings.blocks import add_rows, delete_rows
from openinspector.service.stores.findings.bodies import SEVERITY_CODES
from openinspector.service.stores.findings.counting import count_matches, read_body_hosts
from openinspector.service.stores.findings.pages import OF_ENDED_RUNS, read_finding_page
from openinspector.service.stores.findings.rows import (
    finding_id,
    from_rows,
    read_attributes,
    stored_attributes,
    to_rows,
)
from openinspector.service.stores.findings.texts import intern_texts, pack, read_texts, unpack
from openinspector.service.stores.query import in_batches
from openinspector.service.stores.schema import EXCLUSION

_BY_ID: Final = (
    select(FINDING)
    .join(RESULT, RESULT.c.id == FINDING.c.result_id)
    .where(RESULT.c.run_arn == bindparam("run"), FINDING.c.id.in_(bindparam("ids", expanding=True)))
)
_BY_ID_IF_ENDED: Final = _BY_ID.where(OF_ENDED_RUNS)
"""Prebuilt: compiling the statement costs as much as executing it."""


class SqlFindingStore:
    """Stores findings and exclusions of runs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_findings(self, findings: Sequence[Finding]) -> None:
        """Add findings, all or nothing; existing ones do not change."""
        by_run: dict[RunArn, list[Finding]] = defaultdict(list)
        for finding in findings:
            by_run[finding.run_arn].append(finding)
        with no_garbage(), writing(self._engine) as connection:
            for run in sorted(by_run):
                result_id = _lock_result(connection, run)
                new = _only_new(connection, result_id, by_run[run])
                if new:
                    add_rows(connection, result_id, to_rows(connection, result_id, new))

    def findings_by_arn(
        self, arns: Sequence[FindingArn], *, of_ended_runs: bool = False
    ) -> Mapping[FindingArn, Finding]:
        """Return the findings that exist, optionally only of runs that have ended."""
        by_run: dict[RunArn, list[str]] = defaultdict(list)
        query = _BY_ID_IF_ENDED if of_ended_runs else _BY_ID
        for arn in arns:
            run = run_of(arn)
            by_run[run].append(finding_id(arn, run))
        with reading(self._engine) as connection:
            found = (
                finding
                for run, ids in by_run.items()
                for wanted in in_batches(ids)
                for finding in from_rows(connection, run, connection.execute(query, {"run": run, "ids": wanted}).all())
            )
            return {finding.arn: finding for finding in found}

    def list_findings(self, wanted: FindingFilter, page: PageRequest) -> Page[FindingArn]:
        """Return one page of finding ARNs."""
        with reading(self._engine) as connection:
            return read_finding_page(connection, wanted, page)

    def counts(self, run: RunArn) -> Mapping[Severity, int]:
        """Return the number of findings of a run by severity; all five keys."""
        query = (
            select(FINDING_BODY.c.severity, func.count())
            .select_from(FINDING)
            .join(RESULT, RESULT.c.id == FINDING.c.result_id)
            .join(FINDING_BODY, FINDING_BODY.c.id == FINDING.c.body)
            .where(RESULT.c.run_arn == run)
            .group_by(FINDING_BODY.c.severity)
        )
        with reading(self._engine) as connection:
            found = {row.severity: int(row[1]) for row in connection.execute(query)}
        return {severity: found.get(code, 0) for severity, code in SEVERITY_CODES.items()}

    def counts_by_package(self, run: RunArn) -> Mapping[RulesPackageArn, int]:
        """Return the number of findings of a run by rules package; omit packages without findings."""
        query = (
            select(FINDING_BODY.c.rules_package, func.count())
            .select_from(FINDING)
            .join(RESULT, RESULT.c.id == FINDING.c.result_id)
            .join(FINDING_BODY, FINDING_BODY.c.id == FINDING.c.body)
            .where(RESULT.c.run_arn == run)
            .group_by(FINDING_BODY.c.rules_package)
        )
        with reading(self._engine) as connection:
            found = {int(row[0]): int(row[1]) for row in connection.execute(query)}
            names = read_texts(connection, found)
        return {msgspec.json.decode(names[number], type=RulesPackageArn): count for number, count in found.items()}

    def body_hosts(self, run: RunArn) -> Sequence[BodyHosts]:
        """Return every body of a run with its hosts."""
        with reading(self._engine) as connection:
            return list(read_body_hosts(connection, run))

    def count_matches(self, wanted: FindingFilter) -> MatchCounts:
        """Return how many findings match a filter."""
        with reading(self._engine) as connection:
            return count_matches(connection, wanted)

    def change_user_attributes(
        self,
        arn: FindingArn,
        change: Callable[[tuple[Attribute, ...]], tuple[Attribute, ...]],
        updated_at: datetime | None = None,
    ) -> bool:
        """Replace a finding's user attributes by the result of ``change``; return True if the finding exists."""
        run = run_of(arn)
        one = finding_id(arn, run)
        with writing(self._engine) as connection:
            result_id = connection.scalar(select(RESULT.c.id).where(RESULT.c.run_arn == run).with_for_update())
            if result_id is None:
                return False
            place = (FINDING.c.result_id == result_id, FINDING.c.id == one)
            before = connection.execute(
                select(FINDING.c.position, FINDING.c.user_attributes).where(*place)
            ).one_or_none()
            if before is None:
                return False
            held = unpack(before.user_attributes)
            texts = stored_attributes(change(read_attributes(before.user_attributes, read_texts(connection, held))))
            numbers = intern_texts(connection, result_id, texts)
            after = [numbers[text] for text in texts]
            changed: dict[str, object] = {"user_attributes": pack(after)}
            if updated_at is not None:
                changed["updated_at"] = to_micros(updated_at)
            connection.execute(update(FINDING).where(*place).values(**changed))
            move_user_attributes(connection, before.position, held, after)
        return True

    def add_exclusions(self, exclusions: Sequence[Exclusion]) -> None:
        """Add exclusions, all or nothing; existing ones do not change."""
        rows = [{"arn": one.arn, "run_arn": one.run_arn, "preview": one.preview} for one in exclusions]
        if not rows:
            return
        with writing(self._engine) as connection:
            rows.sort(key=lambda row: str(row["arn"]))
            connection.execute(insert_new(connection, EXCLUSION, ("arn",)), rows)

    def exclusions_by_arn(self, arns: Sequence[ExclusionArn]) -> Mapping[ExclusionArn, Exclusion]:
        """Return the exclusions that exist."""
        found: dict[ExclusionArn, Exclusion] = {}
        with reading(self._engine) as connection:
            for wanted in in_batches(arns):
                for row in connection.execute(select(EXCLUSION).where(EXCLUSION.c.arn.in_(wanted))):
                    found[row.arn] = Exclusion(arn=row.arn, run_arn=row.run_arn, preview=row.preview)
        return found

    def list_exclusions(self, run: RunArn, after: ExclusionArn | None, limit: int) -> Sequence[ExclusionArn]:
        """Return exclusion ARNs of a run after ``after``, in ARN order."""
        query = select(EXCLUSION.c.arn).where(EXCLUSION.c.run_arn == run)
        if after is not None:
            query = query.where(EXCLUSION.c.arn > after)
        with reading(self._engine) as connection:
            return [ExclusionArn(arn) for arn in connection.scalars(query.order_by(EXCLUSION.c.arn).limit(limit))]

    def runs(self) -> Sequence[RunArn]:
        """Return every run that has findings or exclusions, sorted."""
        with reading(self._engine) as connection:
            found = {*connection.scalars(select(RESULT.c.run_arn)), *connection.scalars(select(EXCLUSION.c.run_arn))}
        return [RunArn(run) for run in sorted(found)]

    def delete_run(self, run: RunArn) -> None:
        """Delete the findings and exclusions of a run."""
        with writing(self._engine) as connection:
            connection.execute(delete(EXCLUSION).where(EXCLUSION.c.run_arn == run))
            result_id = connection.scalar(select(RESULT.c.id).where(RESULT.c.run_arn == run).with_for_update())
            if result_id is None:
                return
            delete_rows(connection, result_id)
            connection.execute(delete(RESULT).where(RESULT.c.id == result_id))


def _lock_result(connection: Connection, run: RunArn) -> int:
    """Return the number of a run's result and lock it until the transaction ends."""
    connection.execute(insert_new(connection, RESULT, ("run_arn",)), {"run_arn": run})
    return int(connection.execute(select(RESULT.c.id).where(RESULT.c.run_arn == run).with_for_update()).scalar_one())


def _only_new(connection: Connection, result_id: int, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings of one run that are not stored yet, without duplicates."""
    by_id: dict[str, Finding] = {}
    for finding in findings:
        by_id.setdefault(finding_id(finding.arn, finding.run_arn), finding)
    for some in in_batches(tuple(by_id)):
        known = select(FINDING.c.id).where(FINDING.c.result_id == result_id, FINDING.c.id.in_(some))
        for there in connection.scalars(known):
            del by_id[there]
    return list(by_id.values())
