from collections.abc import Sequence
from typing import assert_never

import pytest
from sqlalchemy import Engine

from openinspector.service.ports.access_key_store import AccessKey
from openinspector.service.ports.telemetry_store import RunKey
from openinspector.service.ports.wrapped_key_store import StoredWrapping, WrappedKeyStore, WrappedKind
from openinspector.service.stores.access_key_sql import SqlAccessKeyStore
from openinspector.service.stores.record_sql import WEBHOOKS, SqlListedRecordStore
from openinspector.service.stores.report_sql import SqlReportStore
from openinspector.service.stores.shared_secret_sql import SqlSharedSecretStore
from openinspector.service.stores.telemetry_sql import SqlTelemetryStore
from openinspector.service.stores.wrapped_key_sql import SqlWrappedKeyStore
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.report_store import report
from openinspector.testing.conformance.wrapped_key_store import GivenKeys, WrappedKeyStoreSuite
from openinspector.testing.record_builders import webhook


class TestSqlWrappedKeyStore(WrappedKeyStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> WrappedKeyStore:
        return SqlWrappedKeyStore(engine)

    @pytest.fixture
    def given(self, engine: Engine) -> GivenKeys:
        def three(kind: WrappedKind) -> Sequence[StoredWrapping]:
            return sorted((add(engine, kind, number) for number in (2, 3, 1)), key=lambda one: one.id)

        return three


def add(engine: Engine, kind: WrappedKind, number: int) -> StoredWrapping:
    """Store one wrapped key of a kind through the store it belongs to."""
    content = bytes([0, number])
    match kind:
        case WrappedKind.RUN:
            run = builders.run(number).arn
            SqlTelemetryStore(engine).add_run_key(
                RunKey(run_arn=run, wrapped=content, created_at=builders.moment(number))
            )
            return StoredWrapping(id=run, content=content)
        case WrappedKind.REPORT:
            reports, one = SqlReportStore(engine), report(number)
            reports.begin(one)
            reports.complete(one.id, builders.moment(number), content)
            return StoredWrapping(id=one.id, run_arn=one.run_arn, content=content)
        case WrappedKind.ACCESS_KEY:
            key = AccessKey(
                id=f"AKIA{number:016d}",
                user=f"user-{number}",
                wrapped_secret=content,
                actions=("inspector:*",),
                created_at=builders.moment(number),
            )
            SqlAccessKeyStore(engine).add(key)
            return StoredWrapping(id=key.id, content=content)
        case WrappedKind.WEBHOOK:
            receiver = webhook(number, sealed_secret=content)
            SqlListedRecordStore(engine, WEBHOOKS).add(receiver)
            return StoredWrapping(id=receiver.arn, content=content)
        case WrappedKind.SHARED:
            SqlSharedSecretStore(engine).add(f"secret-{number}", content, builders.moment(number))
            return StoredWrapping(id=f"secret-{number}", content=content)
        case _:
            assert_never(kind)


def test_deleted_run_keys_and_reports_in_progress_have_no_key(engine: Engine) -> None:
    store, telemetry = SqlWrappedKeyStore(engine), SqlTelemetryStore(engine)
    held = add(engine, WrappedKind.RUN, 1)
    telemetry.delete_run_key(builders.run(1).arn, builders.moment(5))
    SqlReportStore(engine).begin(report(1))
    for kind in (WrappedKind.RUN, WrappedKind.REPORT):
        assert store.count(kind) == 0
        assert store.after(kind, "", 10) == []
    assert not store.replace(WrappedKind.RUN, held, b"moved")
    assert telemetry.run_key(builders.run(1).arn) is None
