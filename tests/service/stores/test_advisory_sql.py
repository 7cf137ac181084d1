import gc

import pytest
from sqlalchemy import Engine, update

from openinspector.model.errors import StoreError
from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.service.stores.advisory_sql import SqlAdvisoryStore
from openinspector.service.stores.engine import writing
from openinspector.service.stores.schema import ADVISORY_BLOB
from openinspector.testing.conformance.advisory_store import AdvisoryStoreSuite, advisory, fix, snapshot


class TestSqlAdvisoryStore(AdvisoryStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> AdvisoryStore:
        return SqlAdvisoryStore(engine)


@pytest.mark.parametrize("content", [b"", b"not zstd", b"\x28\xb5\x2f\xfd\x20\x01\x09\x00\x00\xc1"])
def test_damaged_advisories_are_an_error_with_advice(engine: Engine, content: bytes) -> None:
    store = SqlAdvisoryStore(engine)
    store.replace(snapshot(), [advisory(1, fix())], ())
    with writing(engine) as connection:
        connection.execute(update(ADVISORY_BLOB).values(content=content))
    with pytest.raises(StoreError, match="damaged") as refusal:
        store.advisories(["debian:12"])
    assert "again" in refusal.value.advice
    assert gc.isenabled()
