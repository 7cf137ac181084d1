"""Opens the stored advisories for reading, without the rest of the service.

`openinspector.service.bootstrap` imports every library of the service, which takes longer than a scan.
"""

from pathlib import Path
from typing import Final

from openinspector.service.ports.advisory_store import AdvisoryReader
from openinspector.service.settings import Settings
from openinspector.service.stores.advisory_file import AdvisoryFile

_SQLITE: Final = "sqlite:///"


def open_advisory_reader(settings: Settings) -> AdvisoryReader | None:
    """Return a reader of the advisories that the installation has stored; None if it has no database yet."""
    if settings.database.startswith(_SQLITE):
        path = Path(settings.database.removeprefix(_SQLITE))
        return AdvisoryFile(path) if path.exists() else None
    # PostgreSQL needs SQLAlchemy, which a machine without a server must not wait for.
    from openinspector.service.stores.advisory_sql import SqlAdvisoryStore  # noqa: PLC0415
    from openinspector.service.stores.engine import open_engine  # noqa: PLC0415

    return SqlAdvisoryStore(open_engine(settings.database))
