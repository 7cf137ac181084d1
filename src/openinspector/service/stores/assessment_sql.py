"""Resource groups, targets, templates and runs in SQL (section 4 of the facts)."""

from sqlalchemy import Engine

from openinspector.service.stores.run_sql import SqlRuns
from openinspector.service.stores.target_sql import SqlTargets
from openinspector.service.stores.template_sql import SqlTemplates


class SqlAssessmentStore(SqlTargets, SqlTemplates, SqlRuns):
    """Stores resource groups, targets, templates and runs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
